package client

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const otherCredentials = "give those of a client with --creds or GALE_CREDS; a cluster whose NATS is Gale's own has them in credentials/client.creds of its data folder"

// suspicious is how many requests must have found nobody before it is asked whether the credentials are the reason: a failover may
// be as well.
const suspicious = 10

// checkCredentials returns an error unless the file has what NATS signs in with. One that can't be read is Connect's to tell.
func checkCredentials(file string) error {
	if file == "" {
		return nil
	}
	var o nats.Options
	if err := nats.UserCredentials(file)(&o); err != nil {
		return nil //nolint:nilerr // Connect meets it again
	}
	if _, err := o.UserJWT(); err != nil {
		return nil //nolint:nilerr // Connect meets it again
	}
	if _, err := o.SignatureCB([]byte("nonce")); err != nil {
		return cluster.Errorf(cluster.Unauthorized, "%s is no credentials file of NATS: %v", file, err).WithHint(otherCredentials)
	}
	return nil
}

// denied reports whether the server has refused what was sent to the subject, or to hear the answer; it says so apart from the answer.
func (c *Client) denied(subject string) bool {
	err := c.nc.LastError()
	return errors.Is(err, nats.ErrPermissionViolation) &&
		(strings.Contains(err.Error(), `"`+subject+`"`) || strings.Contains(err.Error(), `"`+cluster.ClientInbox+`.`))
}

// checkAccount returns an error when nobody answers since the credentials are of another account than the cluster's: every
// Nimbus that has ever led has left a store of programs in its own.
func (c *Client) checkAccount(ctx context.Context, silence error) error {
	if !errors.Is(silence, nats.ErrNoResponders) || c.nc.Opts.UserJWT == nil {
		return nil
	}
	if token, err := c.nc.Opts.UserJWT(); err != nil || namesAPI(token) {
		return nil //nolint:nilerr // then this is not what the server has refused
	}
	js, err := jetstream.New(c.nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.look)
	defer cancel()
	if _, err := js.ObjectStore(ctx, cluster.ProgramBucket); !missing(err) {
		return nil // it is there, or it can't be said
	}
	return cluster.Errorf(cluster.Unauthorized, "these credentials are not for this: in their account there is no cluster of Gale, or no Nimbus has led it yet").WithHint(otherCredentials)
}

// namesAPI reports whether a user's token allows requests to Nimbus by their names, as those of clients of Gale do. They are for a
// cluster, which may have no Nimbus yet.
func namesAPI(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	return err == nil && strings.Contains(string(payload), `"`+cluster.APISubject(cluster.VerbList)+`"`)
}

// missing reports whether an account has no such bucket, or no JetStream at all.
func missing(err error) bool {
	for _, e := range []error{jetstream.ErrBucketNotFound, jetstream.ErrStreamNotFound, jetstream.ErrJetStreamNotEnabledForAccount, jetstream.ErrJetStreamNotEnabled, nats.ErrNoResponders} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
