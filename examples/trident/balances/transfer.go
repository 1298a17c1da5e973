package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
)

// transfer is a message of the stream of transfers.
type transfer struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Cents int64  `json:"cents"`
}

// largest is the most that one transfer can be of.
const largest = 1_000_000_00

var account = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`) // which is also a part of a subject

func parseTransfer(data []byte) (t transfer, err error) {
	if err := json.Unmarshal(data, &t); err != nil {
		return t, err
	}
	switch {
	case !account.MatchString(t.From) || !account.MatchString(t.To):
		return t, fmt.Errorf("the accounts %.40q and %.40q; both must be 1 to 64 letters, digits, - and _", t.From, t.To)
	case t.From == t.To:
		return t, errors.New("it goes from an account to itself")
	case t.Cents < 1 || t.Cents > largest:
		return t, fmt.Errorf("it is of %d cents; it must be of 1 to %d", t.Cents, largest)
	}
	return t, nil
}

func decode(m jetstream.Message) (transfer, error) { return parseTransfer(m.Data) }

// balance is what an account has, or, of a transfer, what it gets.
type balance struct {
	Account string `json:"account"`
	Cents   int64  `json:"cents"`
}

// entries are the debit and the credit of a transfer.
func (t transfer) entries() iter.Seq[balance] {
	return slices.Values([]balance{{t.From, -t.Cents}, {t.To, t.Cents}})
}

func balanceOf(p trident.Pair[string, int64]) balance { return balance{p.Key, p.Value} }

// randomTransfer is the n-th of a series, the same whenever it is asked for.
func randomTransfer(series uint64, n, accounts int64) transfer {
	r := rand.New(rand.NewPCG(series, uint64(n)))
	from := r.Int64N(accounts)
	to := (from + 1 + r.Int64N(accounts-1)) % accounts
	return transfer{accountName(from), accountName(to), 1 + r.Int64N(100_00)}
}

func accountName(n int64) string { return fmt.Sprintf("account-%02d", n) }
