package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// fragile is a bolt whose methods are given; it notes which instance was called.
type fragile struct {
	j        *journal
	made     *int
	instance int
	execute  func(t *topology.Tuple, out *topology.Collector) error
	prepare  func(instance int) error
	tick     func(instance int) error
	finish   func(instance int) error
}

// fragileFactory numbers the instances in made, from 1, as they are prepared.
func fragileFactory(made *int, f fragile) func() topology.Bolt {
	return func() topology.Bolt {
		g := f
		g.made = made
		return &g
	}
}

func (f *fragile) Prepare(context.Context, *topology.Context) error {
	*f.made++
	f.instance = *f.made
	f.j.add("prepare %d", f.instance)
	if f.prepare != nil {
		return f.prepare(f.instance)
	}
	return nil
}

func (f *fragile) Activate()   { f.j.add("activate %d", f.instance) }
func (f *fragile) Deactivate() { f.j.add("deactivate %d", f.instance) }

func (f *fragile) Cleanup() error {
	f.j.add("cleanup %d", f.instance)
	return nil
}

func (f *fragile) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	return f.execute(t, out)
}

func (f *fragile) Tick(context.Context, time.Time, *topology.Collector) error {
	if f.tick != nil {
		return f.tick(f.instance)
	}
	return nil
}

func (f *fragile) Finish(context.Context, *topology.Collector) error {
	if f.finish != nil {
		return f.finish(f.instance)
	}
	return nil
}

// TestPanicInExecute fails the tuple, replaces the instance and goes on with the next tuple.
func TestPanicInExecute(t *testing.T) {
	s, made, j := newSource(10), 0, &journal{}
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("fragile", fragileFactory(&made, fragile{j: j, execute: func(t *topology.Tuple, _ *topology.Collector) error {
			if n := t.Int("n"); n%5 == 2 {
				panic(fmt.Sprintf("can't bear %d", n))
			}
			return nil
		}})).Shuffle("src")
	})
	require.Equal(t, map[int]int{2: 1, 7: 1}, s.fails)
	require.Len(t, s.acks, 8)
	var p *worker.PanicError
	require.ErrorAs(t, s.causes[0], &p)
	require.Equal(t, []any{"fragile[0]", "can't bear 2"}, []any{p.Task, p.Value})
	require.Contains(t, s.causes[0].Error(), "panic_test.go:")
	fragile := of(t, w, "fragile")
	require.EqualValues(t, []int64{10, 8, 2, 2, 2, 2}, []int64{fragile.Executed, fragile.Acked, fragile.Failed, fragile.Restarted, fragile.Counts.Errors, fragile.Errors})
	require.Contains(t, w.Snapshot().Errors[0].Stack, "TestPanicInExecute")
	require.Equal(t, []string{
		"prepare 1", "activate 1", "prepare 2", "activate 2", "prepare 3", "activate 3", "deactivate 3", "cleanup 3",
	}, j.all())
}

// TestPanicRestartsOneTask lets the others keep their instances.
func TestPanicRestartsOneTask(t *testing.T) {
	s, y := newSource(300), newTally()
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("fragile", func() topology.Bolt { return &once1{counter{tally: y, field: "n"}, 0} }).Parallelism(3).Fields("src", "n")
		b.Bolt("other", y.counting).Parallelism(2).Shuffle("src")
	})
	require.Len(t, s.fails, 1)
	restarted := 0
	for _, task := range w.Snapshot().Tasks {
		restarted += int(task.Restarted)
	}
	require.Equal(t, 1, restarted)
	require.EqualValues(t, 1, of(t, w, "fragile").Restarted)
}

// once1 panics on record 100.
type once1 struct {
	counter
	n int
}

func (o *once1) Execute(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
	if t.Int("n") == 100 {
		panic("a hundred")
	}
	return o.counter.Execute(ctx, t, out)
}

// TestPanicWhileHolding fails what the old instance held, once, and nothing else.
func TestPanicWhileHolding(t *testing.T) {
	s, made := newSource(100), 0
	var held []*topology.Tuple
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("holder", fragileFactory(&made, fragile{j: &journal{}, execute: func(t *topology.Tuple, out *topology.Collector) error {
			switch n := t.Int("n"); {
			case n < 30:
				held = append(held, t)
			case n == 30:
				held = nil
				panic("lost my mind")
			default:
				out.Ack(t)
			}
			return nil
		}})).ManualAck().Shuffle("src")
	})
	require.Len(t, s.fails, 31)
	require.Len(t, s.acks, 69)
	for _, cause := range s.causes {
		require.ErrorContains(t, cause, "lost my mind")
	}
	holder := of(t, w, "holder")
	require.EqualValues(t, []int64{69, 31, 1, 0}, []int64{holder.Acked, holder.Failed, holder.Restarted, holder.Misused})
}

// TestPanicInTickWhileASlabIsExecuted fails what the instance held, not the tuples of the slab that it
// had not been given yet.
func TestPanicInTickWhileASlabIsExecuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, made, panicked := newSource(200), 0, false
		spout := &hearing{ack: s.Ack, fail: s.Fail}
		spout.next = func(out *topology.SpoutCollector) error {
			for ; s.next < s.n; s.next++ { // in few slabs
				out.EmitID(s.next, s.next)
			}
			return topology.ErrEnd
		}
		w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("holder", fragileFactory(&made, fragile{j: &journal{},
				execute: func(t *topology.Tuple, out *topology.Collector) error {
					time.Sleep(time.Millisecond) // of the bubble's time
					if panicked {
						out.Ack(t)
					}
					return nil
				},
				tick: func(int) error {
					if !panicked {
						panicked = true
						panic("tick")
					}
					return nil
				},
			})).ManualAck().Tick(topologyMillisecond * 5).Shuffle("src")
		})
		holder := of(t, w, "holder")
		require.Zero(t, holder.Misused, errorsOf(w, "holder"))
		require.EqualValues(t, 1, holder.Restarted)
		require.Positive(t, len(s.fails))
		require.Less(t, len(s.fails), 10)
		require.Equal(t, 200, len(s.fails)+len(s.acks))
		require.EqualValues(t, 200, holder.Acked+holder.Failed)
	})
}

// TestPanicsInTickAndFinish replace the instance.
func TestPanicsInTickAndFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, ticks, j := 0, 0, &journal{}
		ended := time.Now().Add(100 * time.Millisecond)
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error {
				if time.Now().After(ended) {
					return topology.ErrEnd
				}
				return nil
			})).Emits("n")
			b.Bolt("fragile", fragileFactory(&made, fragile{j: j,
				execute: func(*topology.Tuple, *topology.Collector) error { return nil },
				tick: func(int) error {
					if ticks++; ticks == 2 {
						panic("tick")
					}
					return nil
				},
				finish: func(int) error { panic("finish") },
			})).Tick(20 * time.Millisecond).Shuffle("src")
		})
		require.ErrorContains(t, w.Run(t.Context()), "fragile[0] could not finish")
		fragile := of(t, w, "fragile")
		require.EqualValues(t, []int64{2, 2, 2}, []int64{fragile.Restarted, fragile.Counts.Errors, fragile.Errors})
		require.Greater(t, ticks, 2)
		require.Equal(t, 3, made)
		require.Len(t, j.with("cleanup"), 1)
	})
}

// TestFieldErrorInFinish is reported: there is no tuple that could fail by it.
func TestFieldErrorInFinish(t *testing.T) {
	s, made := newSource(1), 0
	var held *topology.Tuple
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("bad", fragileFactory(&made, fragile{j: &journal{},
			execute: func(t *topology.Tuple, out *topology.Collector) error { held = t; out.Ack(t); return nil },
			finish:  func(int) error { held.String("m"); return nil },
		})).ManualAck().Shuffle("src")
	})
	require.ErrorContains(t, w.Run(t.Context()), "bad[0] could not finish")
	require.EqualValues(t, 1, of(t, w, "bad").Errors)
	require.Contains(t, errorsOf(w, "bad")[0], `there is no field "m"`)
	require.Equal(t, 1, made)
}

// TestPrepareFailsAtRestart tries again with pauses that grow, and meanwhile the spout has heard.
func TestPrepareFailsAtRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, made := newSource(10), 0
		var at []time.Duration
		began := time.Now()
		heardIn := time.Duration(-1)
		spout := &hearing{next: func(out *topology.SpoutCollector) error { return s.Next(t.Context(), out) }, ack: s.Ack}
		spout.fail = func(id any, cause error) {
			heardIn = time.Since(began)
			s.Fail(id, cause)
		}
		w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("fragile", fragileFactory(&made, fragile{j: &journal{},
				execute: func(t *topology.Tuple, _ *topology.Collector) error {
					if t.Int("n") == 3 {
						panic("three")
					}
					return nil
				},
				prepare: func(instance int) error {
					at = append(at, time.Since(began))
					switch {
					case instance == 2:
						return errors.New("not ready")
					case instance >= 3 && instance < 10:
						panic("not ready at all")
					}
					return nil
				}})).Shuffle("src")
		})
		require.Len(t, s.acks, 9)
		require.Equal(t, map[int]int{3: 1}, s.fails)
		require.Equal(t, 10, made)
		ms := time.Millisecond
		var pauses []time.Duration
		for i := 1; i < len(at); i++ {
			pauses = append(pauses, at[i]-at[i-1])
		}
		require.Equal(t, []time.Duration{0, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, 1000 * ms}, pauses)
		require.Zero(t, heardIn, "the spout heard of the failed tuple only when the bolt was ready again")
		require.EqualValues(t, 1, of(t, w, "fragile").Restarted)
		require.EqualValues(t, 9, of(t, w, "fragile").Errors)
		require.Contains(t, errorsOf(w, "fragile")[1], "fragile[0]: prepare: not ready")
	})
}

// TestPanicsInNextAndAck replace the spout; each id is still heard of once, by the one or the other.
func TestPanicsInNextAndAck(t *testing.T) {
	j, heard, opened, emitted := &journal{}, map[int]int{}, 0, 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			return &livedSpout{j: j, opened: &opened, hearing: hearing{
				next: func(out *topology.SpoutCollector) error {
					if emitted == 50 && opened == 1 {
						panic("next")
					}
					if emitted == 100 {
						return topology.ErrEnd
					}
					out.EmitID(emitted, emitted)
					emitted++
					return nil
				},
				ack: func(id any) {
					heard[id.(int)]++
					if id == 70 {
						panic("ack")
					}
				},
			}}
		}).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	requireOnce(t, 100, heard)
	src := of(t, w, "src")
	require.EqualValues(t, []int64{100, 100, 2, 2, 2}, []int64{src.Emitted, src.Acked, src.Restarted, src.Counts.Errors, src.Errors})
	require.Equal(t, []string{"open 1", "activate 1", "open 2", "activate 2", "open 3", "activate 3", "deactivate 3", "close 3"}, j.all())
}

// livedSpout notes the calls of its life; opened counts the instances.
type livedSpout struct {
	hearing
	j        *journal
	opened   *int
	instance int
	activate func()
}

func (s *livedSpout) Open(context.Context, *topology.Context) error {
	*s.opened++
	s.instance = *s.opened
	s.j.add("open %d", s.instance)
	return nil
}

func (s *livedSpout) Activate() {
	s.j.add("activate %d", s.instance)
	if s.activate != nil {
		s.activate()
	}
}

func (s *livedSpout) Deactivate() { s.j.add("deactivate %d", s.instance) }

func (s *livedSpout) Close() error {
	s.j.add("close %d", s.instance)
	return nil
}

// TestPanicInActivate is reported, at the start and at a restart.
func TestPanicInActivate(t *testing.T) {
	opened := 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", func() topology.Spout {
			return &livedSpout{j: &journal{}, opened: &opened, activate: func() { panic("activate") }, hearing: hearing{
				next: func(*topology.SpoutCollector) error {
					if opened == 1 {
						panic("next")
					}
					return topology.ErrEnd
				}}}
		}).Emits("n")
		b.Bolt("sink", ignore).Shuffle("src")
	})
	require.Equal(t, 2, opened)
	require.EqualValues(t, 3, of(t, w, "src").Errors)
}

// TestPanicInChooser fails the tuple and restarts the emitter.
func TestPanicInChooser(t *testing.T) {
	s := newSource(10)
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", s.factory).Emits("n")
		b.Bolt("relay", execute(func(t *topology.Tuple, out *topology.Collector) error { out.Emit(t.Int("n")); return nil })).Emits("n").Shuffle("src")
		b.Bolt("aaa", ignore).Shuffle("relay")
		b.Bolt("sink", ignore).Custom("relay", func() topology.Chooser {
			return func(values []topology.Value, _ int, chosen []int) []int {
				if n, _ := values[0].AsInt(); n == 5 {
					panic("five")
				}
				return append(chosen, 0)
			}
		})
	})
	require.Equal(t, map[int]int{5: 1}, s.fails)
	require.Len(t, s.acks, 9)
	require.EqualValues(t, 1, of(t, w, "relay").Restarted)
	require.EqualValues(t, 18, of(t, w, "relay").Transferred)
	require.Contains(t, w.Snapshot().Errors[0].Stack, "TestPanicInChooser")
}

// TestPanicOfPoison pauses longer from one panic to the next while nothing else happens, and not at all
// when something was acked between them.
func TestPanicOfPoison(t *testing.T) {
	for name, c := range map[string]struct {
		poison func(n int64) bool
		want   time.Duration
	}{
		"in a row":  {func(n int64) bool { return n < 5 }, 0 + 10 + 20 + 40 + 80},
		"scattered": {func(n int64) bool { return n%2 == 0 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, began, last := newSource(10), time.Now(), time.Duration(0)
				w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
					b.Spout("src", s.factory).Emits("n")
					b.Bolt("fragile", execute(func(t *topology.Tuple, _ *topology.Collector) error {
						last = time.Since(began)
						if c.poison(t.Int("n")) {
							panic("poison")
						}
						return nil
					})).Shuffle("src")
				})
				require.Len(t, s.fails, 5)
				require.Equal(t, c.want, last/time.Millisecond)
				require.EqualValues(t, 5, of(t, w, "fragile").Restarted)
			})
		})
	}
}
