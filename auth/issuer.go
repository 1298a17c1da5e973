package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// Issuer gives out credentials for users of the account GALE, and for the state of topologies in the account APPS. It may be used by
// several goroutines.
type Issuer struct {
	account nkeys.KeyPair // GALE
	apps    nkeys.KeyPair // APPS; nil: nobody gets credentials for state
}

// ReadIssuer returns the issuer whose accounts' seeds are in files, which must not be readable by others: that of GALE, and that
// of APPS, which may be empty. The seeds are those of the accounts themselves, not of their signing keys.
func ReadIssuer(gale, apps string) (*Issuer, error) {
	account, err := readSeed(gale, nkeys.PrefixByteAccount)
	if err != nil {
		return nil, err
	}
	if apps == "" {
		return &Issuer{account: account}, nil
	}
	pair, err := readSeed(apps, nkeys.PrefixByteAccount)
	if err != nil {
		return nil, err
	}
	return &Issuer{account, pair}, nil
}

// Account returns the public key of the account.
func (i *Issuer) Account() string { return public(i.account) }

// Issue returns the text of a credentials file for a new user of the name, in the role [Daemon] or [Client].
func (i *Issuer) Issue(role Role, name string) (string, error) {
	p, ok := rolePermissions(role)
	if !ok {
		return "", fmt.Errorf("the account GALE gives no credentials for the role %q: it must be %q or %q", role, Daemon, Client)
	}
	return issue(i.account, name, p)
}

// WorkerCredentials returns the text of a credentials file for a worker: with it the worker reaches the subjects of its own
// topology that a worker needs, and no others. It must connect with [cluster.WorkerInbox] as the prefix of its inboxes.
func (i *Issuer) WorkerCredentials(topologyName, topologyID, workerID string) (string, error) {
	if err := checkNames(topologyName, topologyID, workerID); err != nil {
		return "", err
	}
	return issue(i.account, "worker-"+workerID, workerPermissions(topologyName, topologyID, workerID))
}

// checkNames is what keeps wildcards out of the subjects that permissions are made of.
func checkNames(topologyName, topologyID, workerID string) error {
	if err := (&cluster.NameRequest{Name: topologyName}).Validate(); err != nil {
		return fmt.Errorf("credentials of a worker: %w", err)
	}
	if slices.Contains(strings.Split(topologyName, "."), "") {
		return fmt.Errorf("credentials of a worker: the topology's name %q ends with a dot or has two in a row, which no NATS subject can", topologyName)
	}
	if err := cluster.CheckID(topologyID); err != nil {
		return fmt.Errorf("credentials of a worker: topology: %w", err)
	}
	if err := cluster.CheckID(workerID); err != nil {
		return fmt.Errorf("credentials of a worker: worker: %w", err)
	}
	return nil
}

func issue(account nkeys.KeyPair, name string, p jwt.Permissions) (string, error) {
	return issueUntil(account, name, p, time.Time{})
}

// issueUntil is issue for credentials that are good until a time; the zero time is for ever.
func issueUntil(account nkeys.KeyPair, name string, p jwt.Permissions, until time.Time) (string, error) {
	user, err := nkeys.CreateUser()
	if err != nil {
		return "", fmt.Errorf("making a user's key: %w", err)
	}
	c := jwt.NewUserClaims(public(user))
	c.Name = name
	c.Permissions = p
	if !until.IsZero() {
		c.Expires = until.Unix()
	}
	c.AllowedConnectionTypes = jwt.StringList{jwt.ConnectionTypeStandard, jwt.ConnectionTypeInProcess}
	token, err := c.Encode(account)
	if err != nil {
		return "", fmt.Errorf("signing the credentials of %q: %w", name, err)
	}
	return format(token, user)
}

func format(token string, user nkeys.KeyPair) (string, error) {
	seed, err := user.Seed()
	if err != nil {
		return "", fmt.Errorf("writing credentials: %w", err)
	}
	text, err := jwt.FormatUserConfig(token, seed)
	if err != nil {
		return "", fmt.Errorf("writing credentials: %w", err)
	}
	return string(text), nil
}

// WriteFile writes the text of credentials to a file that only its owner can read (0600). Whoever reads the file meanwhile
// finds the old text or the new one.
func WriteFile(file, credentials string) error {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-") // 0600
	if err != nil {
		return fmt.Errorf("writing credentials: %w", err)
	}
	defer os.Remove(f.Name()) // not there any more when all went well
	_, err = f.WriteString(credentials)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("writing credentials to %s: %w", file, err)
	}
	return nil
}
