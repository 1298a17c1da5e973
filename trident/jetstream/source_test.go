package jetstream_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestMessagesComeAsTheyAreStored(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	before := time.Now()
	r.publish(1, 3)
	p := open(t, jetstream.Source(r.options()), "0 of 1", nil, nil)
	for i, m := range p.some(3) {
		require.Equal(t, "in."+strconv.Itoa(i+1), m.Subject)
		require.Equal(t, strconv.Itoa(i+1), string(m.Data))
		require.EqualValues(t, i+1, m.Sequence)
		require.WithinRange(t, m.Time, before.Add(-time.Second), time.Now().Add(time.Second))
		require.Equal(t, time.UTC, m.Time.Location())
	}
	require.Equal(t, "3", string(p.position))
	none, position, err := p.reader.Read(nil, 10)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Nil(t, position)
	r.publish(4, 4)
	require.EqualValues(t, 4, p.some(1)[0].Sequence)
	p.close()
	require.EqualValues(t, 3, open(t, jetstream.Source(r.options()), "0 of 1", []byte("2"), nil).some(1)[0].Sequence)
}

func TestConsumersAndConnectionsAreRemoved(t *testing.T) {
	r := newRig(t)
	s := r.stream(nil)
	r.publish(1, 1)
	own := r.server.NumClients()
	o := r.options()
	o.Partitions = 2
	a, b := open(t, jetstream.Source(o), "0 of 2", nil, nil), open(t, jetstream.Source(o), "1 of 2", nil, nil)
	r.eventually(func() bool { return r.consumers(s) == 2 }, "both read")
	r.eventually(func() bool { return r.server.NumClients() == own+1 }, "by one connection")
	a.close()
	require.Equal(t, 1, r.consumers(s))
	require.Equal(t, own+1, r.server.NumClients())
	b.close()
	require.Equal(t, 0, r.consumers(s))
	r.eventually(func() bool { return r.server.NumClients() == own }, "it is closed")
}

func (r *rig) consumers(s js.Stream) int {
	r.t.Helper()
	i, err := s.Info(r.ctx())
	require.NoError(r.t, err)
	return i.State.Consumers
}

func TestSubjectsStayInTheirPartition(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 100)
	o := r.options()
	o.Partitions, o.Bounded = 3, true
	names, err := jetstream.Source(o).Partitions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"0 of 3", "1 of 3", "2 of 3"}, names)
	home := map[string]int{}
	var all []string
	for i, name := range names {
		p := open(t, jetstream.Source(o), name, nil, nil)
		ms, err := p.read(1000)
		require.Equal(t, io.EOF, err)
		last := map[string]uint64{}
		for _, m := range ms {
			if was, ok := home[m.Subject]; ok {
				require.Equal(t, was, i, "a subject in two partitions")
			}
			require.Greater(t, m.Sequence, last[m.Subject])
			home[m.Subject], last[m.Subject] = i, m.Sequence
			all = append(all, string(m.Data))
		}
	}
	require.ElementsMatch(t, numbers(1, 100), all)
	require.Len(t, home, 10)
	for subject, i := range home { // as the positions in states on disk have it
		h := fnv.New64a()
		_, _ = h.Write([]byte(subject))
		require.EqualValues(t, h.Sum64()%3, i)
	}
}

func TestSubjectsAreChosen(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 20)
	for want, subjects := range map[string][]string{"3 13": {"in.3"}, "3 4 13 14": {"in.3", "in.4"}} {
		o := r.options()
		o.Subjects, o.Bounded = subjects, true
		got, err := open(t, jetstream.SourceOf(o, text), "0 of 1", nil, nil).read(100)
		require.Equal(t, io.EOF, err)
		require.Equal(t, want, strings.Join(got, " "))
	}
}

func TestBoundedEndsAtWhatWasLast(t *testing.T) {
	r := newRig(t)
	s := r.stream(nil)
	o := r.options()
	o.Bounded = true
	_, err := open(t, jetstream.Source(o), "0 of 1", nil, nil).read(1)
	require.Equal(t, io.EOF, err, "an empty stream")

	r.publish(1, 10)
	o.Prefetch = 4
	src := jetstream.SourceOf(o, text)
	p := open(t, src, "0 of 1", nil, nil)
	require.Equal(t, numbers(1, 3), p.some(3))
	r.publish(11, 15)
	got, err := p.read(100)
	require.Equal(t, io.EOF, err)
	require.Equal(t, numbers(4, 10), got)
	_, err = open(t, src, "0 of 1", p.position, nil).read(1)
	require.Equal(t, io.EOF, err, "from its end")
	got, err = open(t, src, "0 of 1", []byte("8"), nil).read(100)
	require.Equal(t, io.EOF, err)
	require.Equal(t, numbers(9, 10), got, "the end stays")

	p = open(t, jetstream.SourceOf(o, text), "0 of 1", nil, newHost())
	require.Equal(t, numbers(1, 1), p.some(1))
	for n := range uint64(6) {
		require.NoError(t, s.DeleteMsg(r.ctx(), 10+n)) // all behind it, after the end was set
	}
	got, err = p.read(100)
	require.Equal(t, io.EOF, err, "when the last message was removed")
	require.Equal(t, numbers(2, 9), got)
}

func TestStartsAreChosen(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 4)
	o := r.options()
	o.StartSequence = 3
	p := open(t, jetstream.SourceOf(o, text), "0 of 1", nil, nil)
	require.Equal(t, "3", p.some(1)[0])
	require.Equal(t, "2", open(t, jetstream.SourceOf(o, text), "0 of 1", []byte("1"), nil).some(1)[0], "a position comes first")
	at := open(t, jetstream.Source(r.options()), "0 of 1", []byte("1"), nil).some(1)[0].Time
	o = r.options()
	o.StartTime = at
	require.Equal(t, "2", open(t, jetstream.SourceOf(o, text), "0 of 1", nil, nil).some(1)[0])
}

func TestMarkersOfSinksAreSkipped(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 1)
	_, err := r.js.PublishMsg(r.ctx(), &nats.Msg{Subject: "in.marker", Header: nats.Header{"Gale-Marker": {"1"}}})
	require.NoError(t, err)
	_, err = r.js.PublishMsg(r.ctx(), &nats.Msg{Subject: "in.other", Header: nats.Header{"Other": {"1"}}, Data: []byte("2")})
	require.NoError(t, err)
	require.Equal(t, numbers(1, 2), open(t, jetstream.SourceOf(r.options(), text), "0 of 1", nil, nil).some(2))
}

// TestRemovedMessagesAreSaid removes messages from the front, and from the middle.
func TestRemovedMessagesAreSaid(t *testing.T) {
	r := newRig(t)
	s := r.stream(nil)
	r.publish(1, 10)
	require.NoError(t, s.Purge(r.ctx(), js.WithPurgeSequence(4)))
	require.NoError(t, s.DeleteMsg(r.ctx(), 6))
	require.NoError(t, s.DeleteMsg(r.ctx(), 7))
	h := newHost()
	p := open(t, jetstream.SourceOf(r.options(), text), "0 of 1", []byte("1"), h)
	require.Equal(t, []string{"4", "5", "8", "9", "10"}, p.some(5))
	require.EqualValues(t, 4, h.Counter("messages.removed").Value())
	require.Equal(t, []string{
		`stream "IN": the messages 2 to 3 were removed before they were read`,
		`stream "IN": the messages 6 to 7 were removed before they were read`,
	}, h.reports())

	_, err := open(t, jetstream.Source(r.options()), "0 of 1", []byte("1"), nil).read(1)
	require.ErrorContains(t, err, "the messages 2 to 3 were removed", "where nobody observes")
	_, err = open(t, jetstream.Source(r.options()), "0 of 1", []byte("3"), nil).read(5)
	require.ErrorContains(t, err, "the messages 6 to 7 were removed", "where nobody observes")
	h = newHost()
	require.Equal(t, []string{"4", "5", "8"}, open(t, jetstream.SourceOf(r.options(), text), "0 of 1", nil, h).some(3))
	require.EqualValues(t, 2, h.Counter("messages.removed").Value(), "who begins has not lost what was removed from the front")
}

func TestErrorsForGood(t *testing.T) {
	r := newRig(t)
	fails := func(o jetstream.SourceOptions, after, what string) {
		t.Helper()
		_, err := open(t, jetstream.Source(o), "0 of 1", []byte(after), nil).read(1)
		require.ErrorContains(t, err, what)
	}
	fails(r.options(), "1", `there is no stream "IN": make it first`)
	s := r.stream(nil)
	r.publish(1, 2)
	fails(r.options(), "3", "its last message is 2, and 3 was read before")
	require.NoError(t, r.js.DeleteStream(r.ctx(), "IN"))
	r.stream(func(c *js.StreamConfig) { c.Retention = js.InterestPolicy })
	fails(r.options(), "0", "the source needs limits")
	_ = s

	for what, o := range map[string]jetstream.SourceOptions{
		`Stream is "a.b"`:             {Stream: "a.b"},
		"Partitions is 257":           {Stream: "IN", Partitions: 257},
		"Prefetch is 1":               {Stream: "IN", Prefetch: 1},
		"StartSequence and StartTime": {Stream: "IN", StartSequence: 1, StartTime: time.Now()},
	} {
		_, err := jetstream.Source(o).Partitions(t.Context())
		require.ErrorContains(t, err, what)
		_, err = jetstream.Source(o).Open(t.Context(), "0 of 1", nil, func() {})
		require.ErrorContains(t, err, what)
	}
	_, err := jetstream.Source(r.options()).Open(t.Context(), "0 of 2", nil, func() {})
	require.ErrorContains(t, err, "there is no partition \"0 of 2\"")
	_, err = jetstream.Source(r.options()).Open(t.Context(), "0 of 1", []byte("x"), func() {})
	require.ErrorContains(t, err, `the position "x" is no sequence`)
}

func TestUndecodableMessages(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 9)
	odd := func(m jetstream.Message) (int, error) {
		n, err := strconv.Atoi(string(m.Data))
		if err == nil && (n == 2 || n > 4) {
			err = errors.New("not today")
		}
		return n, err
	}
	o := r.options()
	o.Bounded = true
	p := open(t, jetstream.SourceOf(o, odd), "0 of 1", nil, nil)
	_, err := p.read(10)
	require.ErrorContains(t, err, `stream "IN": message 2 on in.2 can't be decoded: not today`)
	require.Contains(t, []string{"", "1"}, string(p.position))

	o.SkipUndecodable = true
	_, err = open(t, jetstream.SourceOf(o, odd), "0 of 1", nil, nil).read(10)
	require.ErrorContains(t, err, "message", "where nobody observes")

	h := newHost()
	p = open(t, jetstream.SourceOf(o, odd), "0 of 1", nil, h)
	var got []int
	for {
		more, position, err := p.reader.Read(got, 2)
		got = more
		if position != nil {
			p.position = position
		}
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if position == nil {
			<-p.ready
		}
	}
	require.Equal(t, []int{1, 3, 4}, got)
	require.Equal(t, "9", string(p.position), "what is skipped is behind")
	require.EqualValues(t, 6, h.Counter("messages.undecodable").Value())
}

// TestRestartedServerLosesNothing restarts the server while it is read, and while nothing is asked for.
func TestRestartedServerLosesNothing(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 200)
	o := r.options()
	o.Prefetch = 20
	h := newHost()
	p := open(t, jetstream.SourceOf(o, text), "0 of 1", nil, h)
	got := p.some(50)
	for round := 1; round <= 3; round++ {
		r.stop()
		r.start()
		r.publish(200*round+1, 200*round+200)
		got = append(got, p.some(200)...)
	}
	got = append(got, p.some(150)...)
	require.Equal(t, numbers(1, 800), got)
	require.EqualValues(t, 0, h.Counter("messages.removed").Value())
}

// TestReadsWhenTheServerComesLate opens a source of a server that isn't there.
func TestReadsWhenTheServerComesLate(t *testing.T) {
	r := newRig(t)
	r.stream(nil)
	r.publish(1, 1)
	r.stop()
	h := newHost()
	p := open(t, jetstream.SourceOf(r.options(), text), "0 of 1", nil, h)
	<-h.told
	require.Contains(t, h.reports()[0], `stream "IN": connect to NATS at nats://127.0.0.1`)
	r.start()
	require.Equal(t, "1", p.some(1)[0])
}

// TestARemovedConsumerIsMadeAgain removes it while it is read.
func TestARemovedConsumerIsMadeAgain(t *testing.T) {
	r := newRig(t)
	s := r.stream(nil)
	r.publish(1, 5)
	p := open(t, jetstream.SourceOf(r.options(), text), "0 of 1", nil, nil)
	require.Equal(t, numbers(1, 5), p.some(5))
	for name := range s.ConsumerNames(r.ctx()).Name() {
		require.NoError(t, s.DeleteConsumer(r.ctx(), name))
	}
	r.publish(6, 10)
	require.Equal(t, numbers(6, 10), p.some(5))
}

// TestWhatWaitsIsBounded reads nothing, and looks what the server has delivered.
func TestWhatWaitsIsBounded(t *testing.T) {
	r := newRig(t)
	s := r.stream(nil)
	large := make([]byte, 1_000_000)
	for range 60 {
		_, err := r.js.Publish(r.ctx(), "in.large", large)
		require.NoError(t, err)
	}
	p := open(t, jetstream.Source(r.options()), "0 of 1", nil, nil)
	<-p.ready
	var delivered uint64
	r.eventually(func() bool {
		for i := range s.ListConsumers(r.ctx()).Info() {
			if i.Delivered.Consumer == delivered && i.NumWaiting == 0 && delivered > 0 {
				return true
			}
			delivered = i.Delivered.Consumer
		}
		return false
	}, "nothing more is asked for")
	require.LessOrEqual(t, delivered, uint64(33))
	require.Len(t, p.some(60), 60)
}

// TestALargeMessageComes has one that is larger than what is asked for at first.
func TestALargeMessageComes(t *testing.T) {
	r := newRigOf(t, 30<<20)
	r.stream(nil)
	for range 2 {
		_, err := r.js.Publish(r.ctx(), "in.large", make([]byte, 24<<20))
		require.NoError(t, err)
	}
	r.publish(1, 1)
	got := open(t, jetstream.Source(r.options()), "0 of 1", nil, nil).some(3)
	require.Len(t, got[0].Data, 24<<20)
	require.Equal(t, "1", string(got[2].Data))
}

func TestACredentialThatIsRefusedIsSaid(t *testing.T) {
	r := newRig(t)
	o := r.options()
	o.Access.Credentials = t.TempDir() + "/none.creds"
	_, err := open(t, jetstream.Source(o), "0 of 1", nil, nil).read(1)
	require.ErrorContains(t, err, "none.creds")
}

var _ trident.Source[int] = jetstream.SourceOf(jetstream.SourceOptions{}, func(jetstream.Message) (int, error) { return 0, nil })

func BenchmarkSource(b *testing.B) {
	r := newRig(b)
	r.stream(nil)
	payload := []byte(strings.Repeat("x", 100))
	const n = 300_000
	for i := range n {
		_, err := r.js.PublishAsync(fmt.Sprintf("in.%d", i%10), payload)
		require.NoError(b, err)
	}
	<-r.js.PublishAsyncComplete()
	o := r.options()
	o.Bounded = true
	room := make([]jetstream.Message, 0, 1024)
	for b.Loop() {
		p := open(b, jetstream.Source(o), "0 of 1", nil, nil)
		got := 0
		for {
			more, _, err := p.reader.Read(room[:0], 1024)
			if got += len(more); err != nil {
				require.Equal(b, io.EOF, err)
				break
			}
			if len(more) == 0 {
				<-p.ready
			}
		}
		require.Equal(b, n, got)
		p.close()
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
