package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/nats-io/nats.go"
)

const (
	queryName    = "look"
	queryKeys    = 1000
	queryAtOnce  = 16 // callers, of what is measured beside
	queryAnswer  = "1"
	queryNote    = "one caller, by the Go client, in a cluster of gale dev; a query looks up a key of a state"
	echoSubject  = "bench.echo"
	queryMeasure = 50 * time.Millisecond // at least, of many callers
)

func queryCase() benchCase {
	return benchCase{
		name: "drpc", unit: "calls/s", metric: perSecond, bar: bar{p50: 2000},
		note: queryNote + "; the limit is a request that NATS brings to who answers at once; CPU and allocations are the caller's",
		gale: newQueries, limit: newEchoes,
	}
}

// declareQuery declares a state, and a query that looks keys up in it.
func declareQuery(b *topology.Builder) {
	numbers := trident.NewStream(b, "numbers", trident.Source[int64](numberSource{atOnce: queryKeys}))
	counts := trident.PersistentAggregate(trident.GroupBy(numbers, func(n int64) string { return keyOf(n, queryKeys) }), "counts", trident.Count[int64]())
	asked := trident.NewQuery(b, queryName)
	itself := func(key string) string { return key }
	trident.Answer(trident.StateQuery(asked, counts, itself, func(_ string, count int64, _ bool) int64 { return count }))
}

// calls is a caller who calls and calls.
type calls struct {
	call   func(ctx context.Context, n int64) error
	end    func() error
	beside func(time.Duration) (string, error) // what is measured after; may be nil
	plan   plan
	count  atomic.Int64
	times  *hdrhistogram.Histogram
	told   string
}

func (c *calls) run(ctx context.Context) (err error) {
	began := time.Now()
	for warm := true; ctx.Err() == nil && err == nil; {
		if warm && time.Since(began) > c.plan.warm {
			warm = false
			c.times.Reset()
		}
		err = c.timed(context.WithoutCancel(ctx), c.count.Load(), c.times)
		c.count.Add(1)
	}
	if err == nil && c.beside != nil {
		c.told, err = c.beside(max(c.plan.window/2, queryMeasure))
	}
	return errors.Join(err, c.end())
}

func (c *calls) timed(ctx context.Context, n int64, times *hdrhistogram.Histogram) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	err := c.call(ctx, n)
	record(times, time.Since(began))
	return err
}

func (c *calls) done() int64          { return c.count.Load() }
func (c *calls) latency() percentiles { return percentilesOf(c.times) }
func (c *calls) note() string         { return c.told }

// newQueries returns when queries are answered.
func newQueries(p plan) (load, error) {
	d, err := startDev()
	if err != nil {
		return nil, err
	}
	c, err := d.connect()
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	l := &calls{plan: p, times: newHistogram(), end: func() error { c.Close(); return d.stop() }}
	l.call = func(ctx context.Context, n int64) error { return query(ctx, c, n) }
	l.beside = l.manyCallers
	return l, unlessStarted(submitQuery(c), l.end)
}

func submitQuery(c *client.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o, err := own(queryTopology, "", 1)
	if err != nil {
		return err
	}
	if _, err := c.Submit(ctx, o); err != nil {
		return err
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		err := query(ctx, c, queryKeys-1)
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("queries are not answered: %w", err)
		}
	}
}

// query asks for a key, and says whether the answer is right.
func query(ctx context.Context, c *client.Client, n int64) error {
	answer, err := c.Query(ctx, queryName, keyOf(n, queryKeys))
	if err != nil {
		return err
	}
	if len(answer) != 1 || string(answer[0]) != queryAnswer {
		return fmt.Errorf("the answer for key %q is %s, not %s", keyOf(n, queryKeys), answer, queryAnswer)
	}
	return nil
}

// manyCallers tells what many callers at once come to.
func (c *calls) manyCallers(window time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), window)
	defer cancel()
	all := make([]*hdrhistogram.Histogram, queryAtOnce)
	errs := make([]error, queryAtOnce)
	var calling sync.WaitGroup
	for i := range all {
		all[i] = newHistogram()
		calling.Go(func() {
			for n := int64(i); ctx.Err() == nil && errs[i] == nil; n++ {
				errs[i] = c.timed(context.WithoutCancel(ctx), n, all[i])
			}
		})
	}
	began := time.Now()
	calling.Wait()
	took := time.Since(began)
	for _, h := range all[1:] {
		all[0].Merge(h)
	}
	p := percentilesOf(all[0])
	return fmt.Sprintf("%d callers at once: %s calls/s, p50 %.1f us, p99 %.1f us", queryAtOnce, short(float64(all[0].TotalCount())/took.Seconds()), p.p50, p.p99), errors.Join(errs...)
}

// newEchoes is the bare loop of a query: a request to who answers with what is asked, through a server.
func newEchoes(p plan) (load, error) {
	h, err := startHub()
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	l := &calls{plan: p, times: newHistogram(), end: h.stop}
	answers, err := cluster.Connect(h.access(), "bench", nil)
	if err != nil {
		return nil, errors.Join(err, l.end())
	}
	l.end = func() error { answers.Close(); return h.stop() }
	if _, err = answers.Subscribe(echoSubject, func(m *nats.Msg) { _ = m.Respond(m.Data) }); err == nil { // an answer that doesn't come is the request's error
		err = answers.Flush()
	}
	l.call = func(ctx context.Context, n int64) error {
		_, err := h.nc.RequestWithContext(ctx, echoSubject, []byte(keyOf(n, queryKeys)))
		return err
	}
	return l, unlessStarted(err, l.end)
}
