package nimbus

import (
	"github.com/nats-io/nuid"

	"github.com/galestream/gale/cluster"
)

// readState answers VerbReadState. The state is read by who asks: Nimbus would have to hold it.
func (l *leader) readState(r *cluster.ReadStateRequest) (any, error) {
	if l.o.Issuer == nil {
		return &cluster.ReadStateResponse{}, nil
	}
	reader := nuid.Next()
	text, err := l.o.Issuer.ReadCredentials(r.Name, reader)
	switch {
	case err != nil:
		return nil, cluster.Errorf(cluster.Internal, "making credentials to read state: %v", err)
	case text == "":
		return nil, errNoAppsKey()
	}
	return &cluster.ReadStateResponse{Credentials: text, Inbox: cluster.WorkerInbox(reader)}, nil
}
