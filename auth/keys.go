package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// Keys are all keys of a cluster whose NATS server is Gale's own.
type Keys struct {
	operator, gale, apps, system nkeys.KeyPair
}

// part is one key of Keys: its file, and its place.
type part struct {
	file string
	kind nkeys.PrefixByte
	at   *nkeys.KeyPair
}

func (k *Keys) parts() []part {
	return []part{
		{"operator.nk", nkeys.PrefixByteOperator, &k.operator},
		{"account-gale.nk", nkeys.PrefixByteAccount, &k.gale},
		{"account-apps.nk", nkeys.PrefixByteAccount, &k.apps},
		{"account-system.nk", nkeys.PrefixByteAccount, &k.system},
	}
}

// OpenKeys reads the keys from a folder, and makes folder (0700) and keys (files of 0600) if there is no folder yet. The
// folder appears with all keys in it or not at all, whoever crashes or makes keys at the same time. Keys that others can
// read are an error.
func OpenKeys(dir string) (*Keys, error) {
	k, err := readKeys(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("the folder of keys %s lacks some: restore them from a backup, or move the folder away to have new ones made (all credentials given out so far are void then)", dir)
	}
	if err := makeKeys(dir); err != nil {
		return nil, fmt.Errorf("making the keys: %w", err)
	}
	return readKeys(dir)
}

func readKeys(dir string) (*Keys, error) {
	k := &Keys{}
	for _, p := range k.parts() {
		pair, err := readSeed(filepath.Join(dir, p.file), p.kind)
		if err != nil {
			return nil, err
		}
		*p.at = pair
	}
	return k, nil
}

// makeKeys writes all keys into a folder beside dir, and then names it dir: a rename is all or nothing.
func makeKeys(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made) // not there any more when all went well
	for _, p := range (&Keys{}).parts() {
		if err := makeSeed(filepath.Join(made, p.file), p.kind); err != nil {
			return err
		}
	}
	if err := syncFolder(made); err != nil {
		return err
	}
	if err := os.Rename(made, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err // that it exists means that another process was faster
	}
	return syncFolder(filepath.Dir(dir))
}

// Issuer returns the issuer of users of the account GALE, and for state in the account APPS.
func (k *Keys) Issuer() *Issuer { return &Issuer{k.gale, k.apps} }

// Issue returns the text of a credentials file for a new user of the name and role, which is any but that of workers. The
// name is what the server's monitoring shows.
func (k *Keys) Issue(role Role, name string) (string, error) {
	switch role {
	case App:
		return issue(k.apps, name, jwt.Permissions{})
	case System:
		return issue(k.system, name, jwt.Permissions{})
	}
	return k.Issuer().Issue(role, name)
}

// Operator returns the claims that a server has to trust, signed by the operator's key.
func (k *Keys) Operator() (*jwt.OperatorClaims, error) {
	c := jwt.NewOperatorClaims(public(k.operator))
	c.Name = "gale"
	c.SystemAccount = public(k.system)
	token, err := c.Encode(k.operator)
	if err != nil {
		return nil, fmt.Errorf("signing the operator's claims: %w", err)
	}
	return jwt.DecodeOperatorClaims(token)
}

// Accounts returns the signed claims of all accounts by their public keys, for a server's resolver of accounts.
func (k *Keys) Accounts() (map[string]string, error) {
	tokens := map[string]string{}
	for name, pair := range map[string]nkeys.KeyPair{"GALE": k.gale, "APPS": k.apps, "SYS": k.system} {
		c := jwt.NewAccountClaims(public(pair))
		c.Name = name
		if name != "SYS" {
			c.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
		}
		token, err := c.Encode(k.operator)
		if err != nil {
			return nil, fmt.Errorf("signing the claims of account %s: %w", name, err)
		}
		tokens[c.Subject] = token
	}
	return tokens, nil
}
