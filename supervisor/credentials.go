package supervisor

import (
	"cmp"
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
	if s.fetchesCredentials() && p.has(credsFile) {
		a.Credentials = p.path(credsFile)
	}
	return a
}

// stateAccess returns how the worker reaches its topology's state. Where NATS asks for credentials, and Nimbus has made none for state, it is told of none:
// then a topology that keeps state is refused by NATS, and does not keep it elsewhere.
func (s *Supervisor) stateAccess(p *place, worker string) cluster.StateAccess {
	a := s.options.WorkerAccess
	state := cluster.StateAccess{URL: cmp.Or(a.URL, cluster.DefaultURL), Credentials: a.Credentials, CA: a.CA, Cert: a.Cert, Key: a.Key}
	if s.fetchesCredentials() && p.has(stateCreds) {
		state.Credentials, state.Inbox = p.path(stateCreds), cluster.WorkerInbox(worker)
	}
	return state
}

func (p *place) has(name string) bool {
	_, err := p.root.Lstat(name)
	return err == nil
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

// haveCredentials puts the worker's credentials into its folder, if it needs any. Old ones do when there are no new ones to be
// had. Without those for state it is asked at every start: Nimbus may have been given the key that it lacked.
func (p *place) haveCredentials(ctx context.Context, conn func() (*nats.Conn, error), o *order) error {
	info, err := p.root.Lstat(credsFile)
	cached := err == nil && info.Mode().IsRegular()
	if cached && p.has(stateCreds) && time.Since(info.ModTime()) < credentialsAge {
		return nil
	}
	answer, err := askCredentials(ctx, conn, o)
	if err != nil && cached {
		return nil
	}
	if err != nil {
		return fmt.Errorf("getting the worker's credentials from Nimbus: %w", err)
	}
	// The file whose age says that both are fresh comes last.
	return cmp.Or(p.keepCredentials(stateCreds, answer.State), p.keepCredentials(credsFile, answer.Credentials))
}

// keepCredentials writes a file of credentials, or removes it when there are none.
func (p *place) keepCredentials(name, text string) error {
	if text == "" {
		return removeIfThere(p.root.Remove(name))
	}
	return writeFile(p.root, name, []byte(text))
}

func removeIfThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func askCredentials(ctx context.Context, conn func() (*nats.Conn, error), o *order) (*cluster.CredentialsResponse, error) {
	nc, err := conn()
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(cluster.CredentialsRequest{TopologyID: o.TopologyID, Worker: o.Worker})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, cluster.APISubject(cluster.VerbCredentials), request)
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, errors.New("no Nimbus leads")
	}
	if err != nil {
		return nil, err
	}
	return credentialsOf(m)
}

// credentialsOf reads the answer: a response, or an error in the body, or in the headers of the micro service.
func credentialsOf(m *nats.Msg) (*cluster.CredentialsResponse, error) {
	var answer struct {
		cluster.CredentialsResponse
		cluster.Error
	}
	decoded := json.Unmarshal(m.Data, &answer)
	bytes := max(len(answer.Credentials), len(answer.State))
	switch {
	case decoded == nil && answer.Code != "":
		return nil, &answer.Error
	case m.Header.Get(micro.ErrorCodeHeader) != "":
		return nil, fmt.Errorf("%s (%s)", m.Header.Get(micro.ErrorHeader), m.Header.Get(micro.ErrorCodeHeader))
	case decoded != nil:
		return nil, fmt.Errorf("the answer can't be read: %w", decoded)
	case bytes > credentialsLimit:
		return nil, fmt.Errorf("the answer has %d bytes of credentials, at most %d can be", bytes, credentialsLimit)
	}
	return &answer.CredentialsResponse, nil
}
