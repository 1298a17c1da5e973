package process

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// oracle is a sink that answers questions.
type oracle struct {
	*sink
	begun   chan struct{} // each time that "waits" has begun
	expired chan error    // what it has seen
	release chan struct{} // ends "hangs"
}

func newOracle() *oracle {
	return &oracle{newSink(nil), make(chan struct{}, 1000), make(chan error, 1000), make(chan struct{})}
}

func (o *oracle) Prepare(_ context.Context, tc *topology.Context) error {
	return errors.Join(
		tc.Serve("upper", func(_ context.Context, request []byte) ([]byte, error) { return bytes.ToUpper(request), nil }),
		tc.Serve("size", func(_ context.Context, request []byte) ([]byte, error) { return request, nil }),
		tc.Serve("refuse", func(context.Context, []byte) ([]byte, error) { return nil, errRefused }),
		tc.Serve("hangs", func(context.Context, []byte) ([]byte, error) {
			o.begun <- struct{}{}
			<-o.release
			return nil, nil
		}),
		tc.Serve("waits", func(ctx context.Context, _ []byte) ([]byte, error) {
			o.begun <- struct{}{}
			<-ctx.Done()
			o.expired <- context.Cause(ctx)
			return nil, ctx.Err()
		}))
}

// oracled is the topology with an oracle for its sink.
func oracled(o *oracle) func(*topology.Builder) {
	return func(b *topology.Builder) {
		b.Spout("feed", func() topology.Spout { return newFeed() }).Emits("n")
		b.Bolt("asink", func() topology.Bolt { return o }).Shuffle("feed")
	}
}

// asker is a client that asks.
type asker struct {
	*testing.T
	nc      *nats.Conn
	answers chan *nats.Msg
}

func (s *site) asker(t *testing.T) *asker {
	t.Helper()
	a := &asker{t, s.daemon, make(chan *nats.Msg, 1000)}
	if s.keys != nil {
		access := s.access
		access.Credentials = s.credentials(s.keys.Issue(auth.Client, "cli"))
		var err error
		a.nc, err = cluster.Connect(access, "client", nil)
		require.NoError(t, err)
		t.Cleanup(a.nc.Close)
	}
	sub, err := a.nc.ChanSubscribe(cluster.AnswerSubject("*", "*", "me", "*"), a.answers)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	require.NoError(t, a.nc.Flush())
	return a
}

func (a *asker) send(q cluster.Question) {
	a.Helper()
	require.NoError(a, a.nc.PublishRequest(cluster.QuestionSubject(theID, "W1"), cluster.AnswerSubject(theID, "W1", "me", "1"), q.Append(nil)))
}

func (a *asker) next() cluster.Answer {
	a.Helper()
	select {
	case m := <-a.answers:
		answer, err := cluster.DecodeAnswer(m.Data)
		require.NoError(a, err)
		return answer
	case <-time.After(patience):
		require.FailNow(a, "no answer")
		panic("unreachable")
	}
}

func (a *asker) ask(index uint32, endpoint string, request []byte) cluster.Answer {
	a.Helper()
	a.send(cluster.Question{Component: "asink", Index: index, Endpoint: endpoint, Patience: patience, Request: request})
	return a.next()
}

// Questions are asked of the tasks of a worker by a client, and answered.
func TestQuestions(t *testing.T) {
	withAndWithoutKeys(t, func(s *site) {
		s.assign(active(generation(1, runs("W1", sinkTask), runs("W2", feedTask))))
		s.start("W1", 1, oracled(newOracle())).awaitPhase(cluster.Running)
		t := s.t.(*testing.T)
		a := s.asker(t)
		require.Equal(t, cluster.Answer{Outcome: cluster.Answered, Body: []byte("WHAT?")}, a.ask(0, "upper", []byte("what?")))
		require.Equal(t, cluster.Answer{Outcome: cluster.Answered, Body: []byte("\x00\xff")}, a.ask(0, "size", []byte("\x00\xff")))
		require.Equal(t, cluster.Answer{Outcome: cluster.Declined, Body: []byte("refused")}, a.ask(0, "refuse", nil))
		require.Equal(t, cluster.NoEndpoint, a.ask(0, "none", nil).Outcome)
		require.Equal(t, cluster.NotHere, a.ask(1, "upper", nil).Outcome)
		a.send(cluster.Question{Component: "feed", Endpoint: "upper", Patience: patience})
		require.Equal(t, cluster.NotHere, a.next().Outcome, "it is in another worker")
		a.send(cluster.Question{Component: "none", Endpoint: "upper", Patience: patience})
		require.Equal(t, cluster.NotHere, a.next().Outcome)
		largest := bytes.Repeat([]byte{1}, cluster.MaxQuestion)
		require.Equal(t, cluster.Answer{Outcome: cluster.Answered, Body: largest}, a.ask(0, "size", largest))
		require.Equal(t, cluster.Unreadable, a.ask(0, "size", append(largest, 1)).Outcome)
	})
}

// What answers is told when nobody waits any more, and when the worker ends; in that case who asked is told, too.
func TestQuestionsHaveADeadline(t *testing.T) {
	s, o := newSite(t, nil), newOracle()
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	w := s.start("W1", 1, oracled(o))
	w.awaitPhase(cluster.Running)
	a := s.asker(t)
	a.send(cluster.Question{Component: "asink", Endpoint: "waits", Patience: 20 * time.Millisecond})
	require.Equal(t, context.DeadlineExceeded, <-o.expired)
	<-o.begun
	answer := a.ask(0, "upper", []byte("a"))
	if string(answer.Body) == context.DeadlineExceeded.Error() { // the other question's, which nobody waits for: it is sent or not
		answer = a.next()
	}
	require.Equal(t, "A", string(answer.Body))

	a.send(cluster.Question{Component: "asink", Endpoint: "waits", Patience: patience})
	<-o.begun
	w.kill()
	require.Equal(t, cluster.Lost, a.next().Outcome)
	require.Equal(t, context.Canceled, <-o.expired)
	require.NoError(t, w.awaitEnd())
}

// A worker answers so many questions at a time, and refuses what is more; Nimbus' requests are not held up by any of them.
func TestQuestionsAreBounded(t *testing.T) {
	s, o := newSite(t, nil), newOracle()
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	w := s.start("W1", 1, oracled(o))
	w.awaitPhase(cluster.Running)
	a := s.asker(t)
	for range worker.MaxAnswers {
		a.send(cluster.Question{Component: "asink", Endpoint: "hangs", Patience: patience})
	}
	for range worker.MaxAnswers {
		<-o.begun
	}
	require.Equal(t, cluster.Overloaded, a.ask(0, "upper", nil).Outcome)
	require.Equal(t, cluster.Running, w.ask(cluster.ControlStatus, cluster.ControlRequest{}).Phase)
	close(o.release)
	for range worker.MaxAnswers {
		require.Equal(t, cluster.Answered, a.next().Outcome)
	}
	require.Equal(t, cluster.Answered, a.ask(0, "upper", nil).Outcome)
}

// While its tasks are not open a worker says that they are not there.
func TestQuestionsBeforeTheTasks(t *testing.T) {
	s := newSite(t, nil)
	g := generation(1, runs("W1", sinkTask, feedTask))
	s.assign(func(a *cluster.Assignment) { a.Next = g })
	w := s.start("W1", 1, oracled(newOracle()))
	w.await("its assignment", func(r *cluster.Report) bool { return r.Version == s.last.Version })
	a := s.asker(t)
	require.Equal(t, cluster.NotHere, a.ask(0, "upper", nil).Outcome)
	s.assign(active(g))
	w.awaitPhase(cluster.Running)
	require.Equal(t, cluster.Answered, a.ask(0, "upper", nil).Outcome)
}

// A question bears the subject of its answer, and who asks has chosen it: a worker must publish on none but those of answers.
func TestS16QuestionsGainAClientNothing(t *testing.T) {
	withAndWithoutKeys(t, func(s *site) {
		s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
		s.start("W1", 1, oracled(newOracle())).awaitPhase(cluster.Running)
		t := s.t.(*testing.T)
		a := s.asker(t)
		heard := make(chan string, 1000)
		_, err := s.daemon.Subscribe("gale.>", func(m *nats.Msg) {
			if bytes.Contains(m.Data, []byte("STOLEN")) {
				heard <- m.Subject
			}
		})
		require.NoError(t, err)
		require.NoError(t, s.daemon.Flush())
		q := cluster.Question{Component: "asink", Endpoint: "upper", Patience: patience, Request: []byte("stolen")}
		require.NoError(t, a.nc.Publish(cluster.QuestionSubject(theID, "W1"), q.Append(nil)))
		for _, reply := range []string{
			cluster.ReportSubject(theID, "W1"), cluster.LinkSubject(theID, "W2", "W1"), cluster.LinkSubject(theID, "W2", "W1") + ".c",
			cluster.ControlReplySubject(theID, "W1", "1"), cluster.AssignmentRequestSubject(theID, "W1"), cluster.AnswerSubject(theID, "W2", "me", "1"),
		} {
			require.NoError(t, a.nc.PublishRequest(cluster.QuestionSubject(theID, "W1"), reply, q.Append(nil)))
		}
		require.Equal(t, cluster.Answered, a.ask(0, "upper", []byte("stolen")).Outcome)
		require.NoError(t, s.daemon.Flush())
		require.Equal(t, cluster.AnswerSubject(theID, "W1", "me", "1"), <-heard, "and nothing before it")
	})
}

// Whatever a worker is asked, it answers, and lives.
func FuzzQuestion(f *testing.F) {
	s := newSite(f, nil)
	s.assign(active(generation(1, runs("W1", sinkTask, feedTask))))
	w := s.start("W1", 1, oracled(newOracle()))
	w.awaitPhase(cluster.Running)
	for _, q := range []cluster.Question{{Component: "asink", Endpoint: "upper"}, {Component: "asink", Endpoint: "none"}, {Component: "feed", Index: 7}} {
		q.Patience = patience
		f.Add(q.Append(nil))
	}
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 200, 1})
	answers := make(chan *nats.Msg, 100)
	sub, err := s.daemon.ChanSubscribe(cluster.AnswerSubject(theID, "W1", "me", "*"), answers)
	require.NoError(f, err)
	defer sub.Unsubscribe()
	f.Fuzz(func(t *testing.T, body []byte) {
		if q, err := cluster.DecodeQuestion(body); err == nil && (q.Patience < time.Minute || q.Endpoint == "waits" || q.Endpoint == "hangs") {
			return // which nobody may wait for
		}
		require.NoError(t, s.daemon.PublishRequest(cluster.QuestionSubject(theID, "W1"), cluster.AnswerSubject(theID, "W1", "me", "1"), body))
		_, err := cluster.DecodeAnswer((<-answers).Data)
		require.NoError(t, err)
		require.Empty(t, w.result, "the worker has ended")
	})
}
