package nimbus

import "github.com/galestream/gale/cluster"

// credentials answers VerbCredentials.
func (l *leader) credentials(r *cluster.CredentialsRequest) (any, error) {
	for _, d := range l.deployments {
		if d.record.ID != r.TopologyID || d.worker(r.Worker) == nil {
			continue
		}
		if l.o.Issuer == nil {
			return &cluster.CredentialsResponse{}, nil
		}
		text, err := l.o.Issuer.WorkerCredentials(d.record.Name, r.TopologyID, r.Worker)
		if err != nil {
			return nil, cluster.Errorf(cluster.Internal, "making the credentials of worker %s: %v", r.Worker, err)
		}
		state, err := l.o.Issuer.StateCredentials(d.record.Name, r.Worker)
		if err != nil {
			return nil, cluster.Errorf(cluster.Internal, "making the credentials of worker %s for state: %v", r.Worker, err)
		}
		return &cluster.CredentialsResponse{Credentials: text, State: state}, nil
	}
	return nil, cluster.Errorf(cluster.NotFound, "topology id %s has no worker %s", r.TopologyID, r.Worker)
}
