package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/galestream/gale/cluster"
)

// Timing of credentials: how long Nimbus has to answer, and from which age on they are asked for anew.
const (
	credentialsTimeout = 2 * time.Second
	credentialsAge     = time.Hour
)

// credentialsLimit is how many bytes credentials can have.
const credentialsLimit = 64 << 10

// workerAccess returns how the worker reaches NATS.
func (s *Supervisor) workerAccess(p *place) cluster.Access {
	a := *s.options.WorkerAccess
	if s.fetchesCredentials() {
		if _, err := p.root.Lstat(credsFile); err == nil {
			a.Credentials = p.path(credsFile)
		}
	}
	return a
}

// fetchesCredentials reports whether workers have their credentials from Nimbus.
func (s *Supervisor) fetchesCredentials() bool {
	return s.options.WorkerAccess.Credentials == "" && s.options.Access.Credentials != ""
}

// credentials has the worker's credentials, where the supervisor itself needs some.
func (s *Supervisor) credentials(ctx context.Context, p *place, o *order) error {
	if !s.fetchesCredentials() {
		return nil
	}
	return p.haveCredentials(ctx, s.remote.conn, o)
}

// haveCredentials puts the worker's credentials into its folder, if it needs any. Old ones do when there are no new ones to be had.
func (p *place) haveCredentials(ctx context.Context, conn func() (*nats.Conn, error), o *order) error {
	info, err := p.root.Lstat(credsFile)
	cached := err == nil && info.Mode().IsRegular()
	if cached && time.Since(info.ModTime()) < credentialsAge {
		return nil
	}
	text, err := askCredentials(ctx, conn, o)
	if err != nil && cached {
		return nil
	}
	if err != nil {
		return fmt.Errorf("getting the worker's credentials from Nimbus: %w", err)
	}
	if text == "" {
		return removeIfThere(p.root.Remove(credsFile))
	}
	return writeFile(p.root, credsFile, []byte(text))
}

func removeIfThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func askCredentials(ctx context.Context, conn func() (*nats.Conn, error), o *order) (string, error) {
	nc, err := conn()
	if err != nil {
		return "", err
	}
	request, err := json.Marshal(cluster.CredentialsRequest{TopologyID: o.TopologyID, Worker: o.Worker})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, cluster.APISubject(cluster.VerbCredentials), request)
	if errors.Is(err, nats.ErrNoResponders) {
		return "", errors.New("no Nimbus leads")
	}
	if err != nil {
		return "", err
	}
	return credentialsOf(m)
}

// credentialsOf reads the answer: a response, or an error in the body, or in the headers of the micro service.
func credentialsOf(m *nats.Msg) (string, error) {
	var answer struct {
		cluster.CredentialsResponse
		cluster.Error
	}
	decoded := json.Unmarshal(m.Data, &answer)
	switch {
	case decoded == nil && answer.Code != "":
		return "", &answer.Error
	case m.Header.Get(micro.ErrorCodeHeader) != "":
		return "", fmt.Errorf("%s (%s)", m.Header.Get(micro.ErrorHeader), m.Header.Get(micro.ErrorCodeHeader))
	case decoded != nil:
		return "", fmt.Errorf("the answer can't be read: %w", decoded)
	case len(answer.Credentials) > credentialsLimit:
		return "", fmt.Errorf("the answer has %d bytes of credentials, at most %d can be", len(answer.Credentials), credentialsLimit)
	}
	return answer.Credentials, nil
}
