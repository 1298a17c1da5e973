package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/topology"
	source "github.com/galestream/gale/trident/jetstream"
	"github.com/galestream/gale/worker"
	"github.com/nats-io/nats.go/jetstream"
)

// tridentStreamCase counts sentences that are in a stream of JetStream, each a message of its own.
func tridentStreamCase() benchCase {
	return benchCase{
		name: "trident-jetstream", unit: "words/s", metric: perSecond, bar: bar{value: 1.5e6},
		note:  wordsNote + "; the log is in the same server, synced, which is in this process; the limit is an ordered consumer that does nothing with what it reads",
		gale:  newTridentStream,
		limit: newStreamLimit,
	}
}

const (
	streamName    = "SENTENCES"
	streamSubject = "bench.sentences"
	// streamRate is for how many sentences a second there are enough in the stream. What is quicker is an error.
	streamRate = 1_000_000
	// streamAhead is how many are published before the first of them is confirmed.
	streamAhead = 8192
)

// fill makes the stream, of so many sentences. It is not what is measured, so that it isn't synced message by message.
func (h *hub) fill(n int64) (jetstream.JetStream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), failoverPatience)
	defer cancel()
	js, err := jetstream.New(h.nc, jetstream.WithPublishAsyncMaxPending(streamAhead))
	if err != nil {
		return nil, err
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Subjects: []string{streamSubject}, Storage: jetstream.FileStorage, PersistMode: jetstream.AsyncPersistMode,
	})
	if err != nil {
		return nil, err
	}
	for i := range n {
		if _, err := js.PublishAsync(streamSubject, []byte(sentenceAt(i)), jetstream.WithStallWait(patience)); err != nil {
			return nil, err
		}
	}
	select {
	case <-js.PublishAsyncComplete():
	case <-ctx.Done():
		return nil, fmt.Errorf("filling the stream: %w", ctx.Err())
	}
	return js, h.checkFilled(ctx, js, n)
}

func (h *hub) checkFilled(ctx context.Context, js jetstream.JetStream, n int64) error {
	s, err := js.Stream(ctx, streamName)
	if err != nil {
		return err
	}
	if has := s.CachedInfo().State.LastSeq; has != uint64(n) {
		return fmt.Errorf("%d sentences were published, and the stream has %d", n, has)
	}
	return nil
}

// tridentStream is a word count of the stream, in this process.
type tridentStream struct {
	*board
	*hub
	worker   *worker.Worker
	entrance *entrance
	filled   int64
}

func newTridentStream(p plan) (_ load, err error) {
	l := &tridentStream{board: newBoard(p.warm), filled: int64(float64(streamRate) * (p.warm + p.window + tail).Seconds())}
	if l.hub, err = startHub(); err == nil {
		_, err = l.fill(l.filled)
	}
	if err == nil {
		l.worker, err = l.build()
	}
	return l, unlessStarted(err, l.hub.stop)
}

func (l *tridentStream) build() (*worker.Worker, error) {
	l.entrance = newEntrance(source.SourceOf(source.SourceOptions{
		Access: connector.Access{URL: l.server.URL()}, Stream: streamName,
	}, func(m source.Message) (sentence, error) { return sentence{Text: string(m.Data)}, nil }))
	b := topology.NewBuilder("wordcount")
	declareCount(b, l.entrance, l.log, l.board, nil)
	return newWorker(b)
}

func (l *tridentStream) run(ctx context.Context) error {
	err := runToEnd(ctx, l.worker, l.entrance.close, patience)
	switch {
	case err != nil:
	case l.entrance.sentences() == l.filled:
		err = fmt.Errorf("the stream was read to its end: more than %d sentences a second; make streamRate larger", streamRate)
	default:
		err = l.check(l.entrance.words())
	}
	return errors.Join(err, l.stop())
}

func (l *tridentStream) note() string { return "" }

// streamLimit reads the stream, over and over.
type streamLimit struct {
	countLimit
	*hub
	js     jetstream.JetStream
	filled int64
}

func newStreamLimit(p plan) (_ load, err error) {
	l := &streamLimit{filled: int64(float64(streamRate) * min(p.warm+p.window, time.Second).Seconds())}
	if l.hub, err = startHub(); err == nil {
		l.js, err = l.fill(l.filled)
	}
	return l, unlessStarted(err, l.hub.stop)
}

func (l *streamLimit) run(ctx context.Context) (err error) {
	for ctx.Err() == nil && err == nil {
		err = l.read(ctx)
	}
	return errors.Join(err, l.stop())
}

// read reads the stream once, unless ctx ends before.
func (l *streamLimit) read(ctx context.Context) error {
	c, err := l.js.OrderedConsumer(context.WithoutCancel(ctx), streamName, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	left, over := l.filled, make(chan struct{})
	reading, err := c.Consume(func(m jetstream.Msg) {
		l.counted.Add(wordsIn(m.Data()))
		if left--; left == 0 {
			close(over)
		}
	}, jetstream.PullMaxMessages(streamAhead))
	if err != nil {
		return err
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
	reading.Stop()
	<-reading.Closed()
	return nil
}
