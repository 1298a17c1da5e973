package auth

import (
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/jwt/v2"
)

// StateCredentials returns the text of a credentials file for a user of the account APPS, by which a worker keeps the state of
// its topology: with it the worker reaches the streams that bear the topology's name, and no others. It must connect with
// [cluster.WorkerInbox] as the prefix of its inboxes. The text is empty when the issuer has no key of that account.
//
// The wall is between topologies that mean each other no harm. One that does can have JetStream publish in the account
// APPS where it can't itself: answers go wherever a request's reply says, and a stream's settings name others. The account GALE is out of
// its reach all the same.
func (i *Issuer) StateCredentials(topologyName, workerID string) (string, error) {
	if i.apps == nil {
		return "", nil
	}
	if err := checkStateNames(topologyName, workerID); err != nil {
		return "", err
	}
	return issue(i.apps, "state-"+workerID, statePermissions(topologyName, cluster.WorkerInbox(workerID)))
}

// DropCredentials returns what StateCredentials does, for a user who may do nothing but delete a topology's state, and connects with
// [cluster.WorkerInbox] of dropper. Both are empty when the issuer has no key of the account APPS.
func (i *Issuer) DropCredentials(topologyName, dropper string) (string, error) {
	if i.apps == nil {
		return "", nil
	}
	if err := checkStateNames(topologyName, dropper); err != nil {
		return "", err
	}
	var p jwt.Permissions
	log, snapshots := cluster.StateStreams(topologyName)
	p.Pub.Allow.Add("$JS.API.STREAM.DELETE."+log, "$JS.API.STREAM.DELETE."+snapshots)
	p.Sub.Allow.Add(cluster.WorkerInbox(dropper) + ".>")
	return issue(i.apps, "drop-"+dropper, p)
}

// ReadTime is how long the credentials of [Issuer.ReadCredentials] are good.
const ReadTime = 5 * time.Minute

// ReadCredentials returns what StateCredentials does, for a user who may do nothing but read a topology's state, for [ReadTime], and connects with
// [cluster.WorkerInbox] of reader. Without a topology it may do nothing but list the names of streams. Consumers are not among it: they may have JetStream publish.
func (i *Issuer) ReadCredentials(topologyName, reader string) (string, error) {
	if i.apps == nil {
		return "", nil
	}
	var p jwt.Permissions
	if topologyName == "" {
		if err := cluster.CheckID(reader); err != nil {
			return "", fmt.Errorf("credentials for state: reader: %w", err)
		}
		p.Pub.Allow.Add("$JS.API.STREAM.NAMES")
	} else {
		if err := checkStateNames(topologyName, reader); err != nil {
			return "", err
		}
		log, snapshots := cluster.StateStreams(topologyName)
		p.Pub.Allow.Add("$JS.API.STREAM.INFO."+log, "$JS.API.STREAM.MSG.GET."+log, "$JS.API.STREAM.INFO."+snapshots, "$JS.API.STREAM.MSG.GET."+snapshots)
	}
	p.Sub.Allow.Add(cluster.WorkerInbox(reader) + ".>")
	return issueUntil(i.apps, "read-"+reader, p, time.Now().Add(ReadTime))
}

func checkStateNames(topologyName, id string) error {
	if err := (&cluster.NameRequest{Name: topologyName}).Validate(); err != nil {
		return fmt.Errorf("credentials for state: %w", err)
	}
	if err := cluster.CheckID(id); err != nil {
		return fmt.Errorf("credentials for state: worker: %w", err)
	}
	return nil
}

// statePermissions are those of StateCredentials. The list is that of trident/changelog, which a test of package security holds them to.
func statePermissions(topologyName, inbox string) (p jwt.Permissions) {
	log, snapshots := cluster.StateStreams(topologyName)
	for _, verb := range strings.Fields("CREATE UPDATE INFO PURGE MSG.GET") {
		p.Pub.Allow.Add("$JS.API.STREAM."+verb+"."+log, "$JS.API.STREAM."+verb+"."+snapshots)
	}
	for _, verb := range strings.Fields("CREATE MSG.NEXT DELETE") {
		p.Pub.Allow.Add("$JS.API.CONSUMER." + verb + "." + log + ".>")
	}
	p.Pub.Allow.Add(cluster.StateSubjects(topologyName)...)
	p.Sub.Allow.Add(inbox + ".>")
	return p
}
