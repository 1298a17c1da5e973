package auth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// foreign are subjects of Gale and of NATS that are neither a worker's of topology T nor, but for those that
// onlyWorker has, a client's. U and X are another topology and its worker; W2 is another worker of T.
func foreign() (subjects []string) {
	for _, id := range []string{"U", "*", "T"} {
		for _, worker := range []string{"X", "*", "W2"} {
			subjects = append(subjects,
				cluster.LinkSubject(id, worker, "X"), cluster.LinkSubject(id, worker, "X")+".c", cluster.LinkSubject(id, worker, ">"),
				cluster.ControlSubject(id, worker, "stop"), cluster.ControlSubject(id, worker, "*"), cluster.ControlSubject(id, worker, ">"),
				cluster.ControlReplySubject(id, worker, "1"), cluster.ControlReplySubject(id, worker, "*"),
				cluster.AssignmentSubject(id, worker), cluster.AssignmentRequestSubject(id, worker),
				cluster.QuestionSubject(id, worker)+".x", "gale.worker."+id+"."+worker+".answer", "gale.worker."+id+"."+worker+".answer.c",
				cluster.AnswerSubject(id, worker, "c", "1")+".x",
				"gale.worker."+id+"."+worker+".>", "gale.link."+id+"."+worker+".*.>")
		}
		subjects = append(subjects, "gale.worker."+id+".>", "gale.link."+id+".>", "gale.*."+id+".>")
	}
	for _, key := range []string{"epoch", "topology.a", "topology.a.b", "assignment.a.b", "assignment.b", "assignment.*", "assignment.>", "supervisor.s1", "*", ">"} {
		subjects = append(subjects, cluster.KeySubject(key), directGet(key))
	}
	for _, bucket := range []string{cluster.Bucket, cluster.LeaseBucket, "*", ">"} {
		subjects = append(subjects, "$KV."+bucket, "$KV."+bucket+".leader", "$KV."+bucket+".>")
	}
	for _, stream := range []string{"KV_" + cluster.Bucket, "KV_" + cluster.LeaseBucket, "OBJ_" + cluster.ProgramBucket, "*"} {
		for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE"} {
			subjects = append(subjects, "$JS.API.STREAM."+verb+"."+stream)
		}
		for _, verb := range []string{"CREATE", "DURABLE.CREATE", "LIST", "NAMES", "INFO", "DELETE", "MSG.NEXT", "PAUSE"} {
			subjects = append(subjects, "$JS.API.CONSUMER."+verb+"."+stream+".c")
		}
		subjects = append(subjects, "$JS.API.DIRECT.GET."+stream, "$JS.ACK."+stream+".c.1.1.1.1.1", "$JS.FC."+stream+".c.1")
	}
	subjects = append(subjects, strings.Fields(`
		> * *.* *.> $JS.> $JS.API.> $JS.API.INFO $JS.API.STREAM.LIST $JS.API.STREAM.NAMES $JS.API.STREAM.INFO.* $JS.API.STREAM.INFO.KV_gale
		$JS.API.META.LEADER.STEPDOWN $JS.EVENT.> $JS.ACK.> $KV.> $O.> $O.gale-programs.> $O.*.> $O.gale-programs.C.> $O.gale-programs.M.>
		$SYS.> $SYS.REQ.SERVER.PING $SYS.REQ.USER.INFO.x $SYS.ACCOUNT.GALE.CONNECT $SYS.REQ.ACCOUNT.PING.CONNZ
		$SRV.> $SRV.PING $SRV.INFO.gale-nimbus $SRV.STATS $MQTT.> $NRG.> _GR_.> _R_.> _R_.a.b
		_INBOX.> _INBOX.*.* _INBOX.abc.def *.abc.def _INBOX_W2.> _INBOX_X.a _INBOX_nimbus.a _INBOX*.>
		gale.> gale.*.> gale.*.*.*.> gale.api.> gale.api.* gale.api.credentials gale.api gale.api.submit.x gale.link.> gale.worker.>
		gale.supervisor.> gale.supervisor.*.beat gale.supervisor.s1.beat gale.supervisor.s1.api.> gale.supervisor.s1.api.stop gale.supervisor.*.api.*`)...)
	return subjects
}

// onlyClients are subjects that are denied to workers, but not to clients, to publish or to subscribe to.
func onlyClients() []string {
	return []string{
		"gale.api.submit", "gale.api.kill", "gale.api.list", "gale.api.drain", "gale.supervisor.s1.api.logs", "gale.worker.*.*.report", "gale.worker.U.X.report",
		cluster.QuestionSubject("U", "X"), cluster.QuestionSubject("T", "W2"), cluster.AnswerSubject("U", "X", "c", "1"), cluster.AnswerSubject("T", "W2", "c", "1"),
		cluster.AnswerSubject("*", "*", "c", "*"), cluster.AnswerSubject("T", "*", "c", "1"),
		"$JS.API.STREAM.INFO.OBJ_gale-programs", "$JS.API.DIRECT.GET.OBJ_gale-programs.$O.gale-programs.M.x", "$O.gale-programs.C.x", "$O.gale-programs.M.x", "_INBOX_client.>", "_INBOX_client.a.b",
	}
}

func TestS16WorkerIsDeniedWhatIsNotItsOwn(t *testing.T) {
	s := newSite(t)
	nc := s.worker(t, "a", "T", "W")
	subjects := append(foreign(), onlyClients()...)
	require.Greater(t, len(subjects), 200)
	subjects = append(subjects, "gale.worker.T.*.ctl.*", "gale.link.T.*.*", "gale.link.T.W.W2.c.d", "gale.worker.T.W.>", "gale.worker.T.W.*", directGet("assignment.a"))
	requireSubscribeDenied(t, nc, append(subjects, cluster.AnswerSubject("T", "W", "c", "1")))
	requirePublishDenied(t, s.daemon, nc, subjects, cluster.ReportSubject("T", "W"))
	requirePublishDenied(t, s.daemon, nc, []string{cluster.LinkSubject("T", "W", "W2"), cluster.ReportSubject("T", "W2"), cluster.ControlSubject("T", "W", "stop"), cluster.AssignmentSubject("T", "W"), cluster.QuestionSubject("T", "W")}, cluster.ReportSubject("T", "W"))
}

func TestS16ClientIsDeniedWhatIsNotItsOwn(t *testing.T) {
	s := newSite(t)
	nc := s.client(t)
	subjects := append(foreign(), "_INBOX_W.>", "gale.link.T.W.W2", "gale.worker.T.W.ctl.stop", "gale.api.kill.x", "$JS.API.STREAM.INFO.OBJ_x", "$O.x.M.y", "$O.x.C.y")
	require.Greater(t, len(subjects), 200)
	requireSubscribeDenied(t, nc, append(subjects, "gale.api.submit", "gale.api.kill", "$O.gale-programs.M.*", cluster.QuestionSubject("T", "W"), cluster.QuestionSubject("*", "*")))
	// To who publishes, ">" is a token like any other, which a "*" of the permissions admits.
	own := []string{"$O.gale-programs.C.>", "$O.gale-programs.M.>"}
	subjects = slices.DeleteFunc(subjects, func(s string) bool { return slices.Contains(own, s) })
	requirePublishDenied(t, s.daemon, nc, append(subjects, cluster.ReportSubject("T", "W"), cluster.AnswerSubject("T", "W", "c", "1"), cluster.ClientInbox+".a"), cluster.APISubject(cluster.VerbList))
}

// A message's reply is a subject that its sender chose. Neither another worker, nor the worker itself, nor a daemon may
// be had by it to publish where the worker can't.
func TestS16RepliesGainAWorkerNothing(t *testing.T) {
	s := newSite(t)
	s.assign(t, "a", "T")
	one, two := s.worker(t, "a", "T", "W"), s.worker(t, "a", "T", "W2")
	heard, self := subscribe(t, two, cluster.LinkSubject("T", "W2", "*")), subscribe(t, one, cluster.LinkSubject("T", "W", "*"))
	for _, target := range []string{cluster.KeySubject(cluster.EpochKey), cluster.APISubject(cluster.VerbKill), cluster.ControlSubject("U", "X", "stop")} {
		require.NoError(t, one.PublishRequest(cluster.LinkSubject("T", "W2", "W"), target, []byte("frame")))
		require.NoError(t, one.PublishRequest(cluster.LinkSubject("T", "W", "W"), target, []byte("frame")))
		require.NoError(t, one.PublishRequest(cluster.AssignmentRequestSubject("T", "W"), target, []byte("a")))
		require.Equal(t, "frame", next(t, heard))
		require.Equal(t, "frame", next(t, self))
		requirePublishDenied(t, s.daemon, one, []string{target}, cluster.ReportSubject("T", "W"))
		requirePublishDenied(t, s.daemon, two, []string{target}, cluster.ReportSubject("T", "W2"))
	}
	e, err := s.store.KV().Get(t.Context(), cluster.EpochKey)
	require.NoError(t, err)
	require.Equal(t, s.writer.Epoch(), e.Revision())
}

func requireSubscribeDenied(t *testing.T, nc *nats.Conn, subjects []string) {
	t.Helper()
	for _, subject := range subjects {
		plain, err := nc.SubscribeSync(subject)
		require.NoError(t, err, subject)
		queue, err := nc.QueueSubscribeSync(subject, "thieves")
		require.NoError(t, err, subject)
		for _, sub := range []*nats.Subscription{plain, queue} {
			_, err = sub.NextMsg(patience)
			require.ErrorIs(t, err, nats.ErrPermissionViolation, "subscribing to %s, queue %q", subject, sub.Queue)
		}
	}
}

// requirePublishDenied publishes to each subject, and then to end, which is allowed. A daemon that hears
// everything must hear the end alone.
func requirePublishDenied(t *testing.T, daemon, nc *nats.Conn, subjects []string, end string) {
	t.Helper()
	all := subscribe(t, daemon, ">")
	defer func() { require.NoError(t, all.Unsubscribe()) }()
	for _, subject := range subjects {
		require.NoError(t, nc.PublishMsg(&nats.Msg{Subject: subject, Data: []byte("stolen")}), subject)
		require.NoError(t, nc.PublishMsg(&nats.Msg{Subject: subject, Reply: nc.NewInbox(), Data: []byte("stolen")}), subject)
	}
	require.NoError(t, nc.Publish(end, []byte("end")))
	for deadline := time.Now().Add(patience); ; {
		m, err := all.NextMsg(time.Until(deadline))
		require.NoError(t, err, "the end was not heard")
		require.NotEqual(t, "stolen", string(m.Data), "published to %s", m.Subject)
		if m.Subject == end {
			return
		}
	}
}

// directGet returns the subject of requests to JetStream for the last value of a key.
func directGet(key string) string {
	return "$JS.API.DIRECT.GET.KV_" + cluster.Bucket + "." + cluster.KeySubject(key)
}
