package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/galestream/gale/trident/changelog"
	"github.com/galestream/gale/trident/postgres/postgrestest"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestBalancesInAStream(t *testing.T) {
	at := "-nats=" + startNATS(t)
	t.Setenv(changelog.Variable, "folder:"+t.TempDir())
	for _, want := range []int{500, 1000, 1500} { // each goes on where the last was
		require.NoError(t, run(t, nil, at, "-fill=500", "-rate=20000"))
		require.NoError(t, run(t, nil, at, "-end"))
		require.Equal(t, fmt.Sprintf("transfers %d, accounts 100: wrong 0, missing 0, unexpected 0, sum 0\n", want), checked(t, at))
	}
}

func TestBalancesInPostgres(t *testing.T) {
	args := []string{"-postgres=" + postgrestest.Start(t).URL(), "-nats=" + startNATS(t)}
	t.Setenv(changelog.Variable, "folder:"+t.TempDir())
	for _, want := range []int{500, 1000} {
		require.NoError(t, run(t, nil, append(args, "-fill=500")...))
		require.NoError(t, run(t, nil, append(args, "-end")...))
		require.Equal(t, fmt.Sprintf("transfers %d, accounts 100: wrong 0, missing 0, unexpected 0, sum 0\n", want), checked(t, args...))
	}
}

// What can't be read as a transfer changes nothing, and stops nothing.
func TestWhatIsNoTransferIsPassedOver(t *testing.T) {
	url := startNATS(t)
	require.NoError(t, run(t, nil, "-nats="+url, "-fill=10"))
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	for _, data := range []string{
		`nothing`, `{"from":"a","to":"a","cents":1}`, `{"from":"a","to":"b"}`, `{"from":"a","to":"b.c","cents":1}`,
		`{"from":"a","to":"b","cents":-1}`, `{"from":"","to":"b","cents":1}`, `{"from":"a","to":"b","cents":10000000001}`,
	} {
		_, err := nc.Request("transfers.a", []byte(data), patience)
		require.NoError(t, err)
	}
	require.NoError(t, run(t, nil, "-nats="+url, "-end"))
	require.Contains(t, checked(t, "-nats="+url), "transfers 10, accounts ")
}

func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	url := startNATS(t)
	require.NoError(t, run(t, nil, "-nats="+url, "-fill=1"))
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	say := func(subject, data string) {
		_, err := nc.Request(subject, []byte(data), patience)
		require.NoError(t, err)
	}
	require.NoError(t, run(t, nil, "-nats="+url, "-end"))
	say("transfers.a", `{"from":"a","to":"b","cents":5}`)
	say("transfers.b", `{"from":"b","to":"c","cents":7}`)
	say("balances.a", `{"account":"a","cents":-5}`)
	say("balances.b", `{"account":"b","cents":-2}`)
	say("balances.b", `{"account":"b","cents":-1}`)
	say("balances.d", `{"account":"d","cents":3}`)
	var said bytes.Buffer
	require.ErrorContains(t, run(t, &said, "-nats="+url, "-check"), "the balances are not those")
	require.Equal(t, "transfers 3, accounts 5: wrong 1, missing 1, unexpected 1, sum -3\n", said.String())
}

// place is where a pipeline writes.
type place struct {
	args    []string
	written func() int // grows with what is written
}

// TestKilledAgainAndAgain kills the pipeline with SIGKILL in the middle of its work, while transfers come in, each time when it has written something.
func TestKilledAgainAndAgain(t *testing.T) {
	for name, at := range map[string]func(t *testing.T, url string) place{"stream": inStream, "table": inTable} {
		t.Run(name, func(t *testing.T) {
			const transfers, kills = 2000, 6
			url, state := startNATS(t), t.TempDir()
			p := at(t, url)
			require.NoError(t, run(t, nil, append(p.args, "-fill=1")...))
			for range kills {
				before, pipeline := p.written(), start(t, state, p.args...)
				filled := start(t, state, append(p.args, fmt.Sprintf("-fill=%d", transfers), "-rate=4000")...)
				require.Eventually(t, func() bool { return p.written() > before }, patience, patience/10000, "%s", &pipeline.stderr)
				pipeline.kill()
				filled.wait()
			}
			start(t, state, append(p.args, "-end")...).wait()
			require.Equal(t, fmt.Sprintf("transfers %d, accounts 100: wrong 0, missing 0, unexpected 0, sum 0\n", kills*transfers+1), checked(t, p.args...))
		})
	}
}

func inStream(t *testing.T, url string) place {
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return place{[]string{"-nats=" + url}, func() int {
		s, err := js.Stream(t.Context(), "BALANCES")
		require.NoError(t, err)
		return int(s.CachedInfo().State.LastSeq)
	}}
}

func inTable(t *testing.T, url string) place {
	postgres := postgrestest.Start(t).URL()
	return place{[]string{"-nats=" + url, "-postgres=" + postgres}, func() (txids int) {
		require.NoError(t, withPostgres(t.Context(), postgres, func(c *pgx.Conn) error {
			var there bool
			if err := c.QueryRow(t.Context(), "SELECT to_regclass('gale_sink') IS NOT NULL").Scan(&there); err != nil || !there {
				return err
			}
			return c.QueryRow(t.Context(), "SELECT coalesce(sum(txid), 0) FROM gale_sink").Scan(&txids)
		}))
		return txids
	}}
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"there are no arguments besides the flags": {"x"},
		"they must name two streams":               {"-in=A", "-out=A"},
		"-fill is -1":                              {"-fill=-1"},
		"-accounts is 1":                           {"-accounts=1"},
		"-rate is -1":                              {"-fill=1", "-rate=-1"},
		"-rate goes with -fill only":               {"-rate=1"},
		"exclude each other":                       {"-fill=1", "-check"},
		"go together":                              {"-tls-cert=c"},
	} {
		var said bytes.Buffer
		_, err := parseOptions(args, &said)
		require.ErrorContains(t, err, want, fmt.Sprint(args))
		require.Contains(t, said.String(), "usage: balances")
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	err := withPostgres(t.Context(), "postgres://u:secret@%zz/", nil)
	require.ErrorContains(t, err, "-postgres can't be understood")
	require.NotContains(t, err.Error(), "secret")
}
