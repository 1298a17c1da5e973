package worker_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/worker"
	"github.com/stretchr/testify/require"
)

// postman is a bolt that does with its mail, and its tuples, what the test says.
type postman struct {
	tc      *topology.Context
	begin   func(p *postman)
	execute func(t *topology.Tuple, out *topology.Collector) error
	receive func(p *postman, from topology.TaskID, mail []byte, out *topology.Collector) error
}

func (p *postman) Prepare(_ context.Context, tc *topology.Context) error {
	p.tc = tc
	if p.begin != nil {
		p.begin(p)
	}
	return nil
}

func (p *postman) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	if p.execute == nil {
		return nil
	}
	return p.execute(t, out)
}

func (p *postman) Receive(_ context.Context, from topology.TaskID, mail []byte, out *topology.Collector) error {
	if p.receive == nil {
		return nil
	}
	return p.receive(p, from, mail, out)
}

// postSpout is a spout that does with its mail what the test says.
type postSpout struct {
	waking
	receive func(from topology.TaskID, mail []byte)
}

func (s *postSpout) Receive(from topology.TaskID, mail []byte) { s.receive(from, mail) }

func number(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func numberOf(mail []byte) int { return int(binary.BigEndian.Uint64(mail)) }

// letters declares a topology of three bolts, each of which sends mails to all, itself included, from a goroutine of its own, and
// checks that what each has sent comes in order and whole. The spout ends at once: the run lasts as long as there is mail.
type letters struct {
	t    *testing.T
	n    int // from each to each
	mu   sync.Mutex
	got  map[[2]topology.TaskID]int
	long func(i int) int // the bytes of a mail beyond its number
}

func (l *letters) declare(b *topology.Builder) {
	b.Spout("src", newSource(1).factory).Emits("n")
	b.Bolt("post", func() topology.Bolt {
		p := &postman{receive: l.take}
		p.execute = func(*topology.Tuple, *topology.Collector) error {
			l.send(p.tc)
			return nil
		}
		return p
	}).Parallelism(3).All("src")
}

// send has another goroutine do it, and waits for that: else nothing would keep the run from its end.
func (l *letters) send(tc *topology.Context) {
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range l.n {
			for _, to := range tc.Tasks("post") {
				mail := append(number(i), bytes.Repeat([]byte{byte(i)}, l.long(i))...)
				if !tc.Tell(to, mail) {
					panic("a mail was refused")
				}
				clear(mail) // it was copied
			}
		}
	})
	sending.Wait()
}

func (l *letters) take(p *postman, from topology.TaskID, mail []byte, _ *topology.Collector) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	way := [2]topology.TaskID{from, p.tc.Task}
	i := numberOf(mail)
	if i != l.got[way] || len(mail) != 8+l.long(i) || len(bytes.Trim(mail[8:], string([]byte{byte(i)}))) > 0 {
		return fmt.Errorf("mail %d of %d bytes came where %d was next", i, len(mail), l.got[way])
	}
	l.got[way]++
	return nil
}

func (l *letters) check(errs []string) {
	require.Empty(l.t, errs)
	require.Len(l.t, l.got, 9)
	for way, n := range l.got {
		require.Equal(l.t, l.n, n, "from and to %v", way)
	}
}

// Mail from each task to each comes in order, and the run ends when all has come.
func TestMailComesInOrder(t *testing.T) {
	l := &letters{t: t, n: 3000, got: map[[2]topology.TaskID]int{}, long: func(i int) int { return i % 7 }}
	w := runToEnd(t, worker.Options{}, l.declare)
	l.check(errorsOf(w, "post"))
	require.Zero(t, of(t, w, "post").LostMail)
}

// Mail between workers comes in order too, also when it travels in parts.
func TestMailBetweenWorkers(t *testing.T) {
	for name, long := range map[string]func(i int) int{
		"short": func(i int) int { return i % 7 },
		"long":  func(i int) int { return min(i*4500, topology.MaxMail-8) },
	} {
		t.Run(name, func(t *testing.T) {
			l := &letters{t: t, n: 60, got: map[[2]topology.TaskID]int{}, long: long}
			f := newFleet(t, 2, worker.Options{}, l.declare)
			f.run()
			l.check(errorsOf(f.workers[0], "post"))
			l.check(errorsOf(f.workers[1], "post"))
		})
	}
}

// pingPong has a mail go to and fro between the tasks of a bolt, n times, after the only tuple was acked; then the one that has it emits.
func pingPong(n int, arrived func()) declare {
	return func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			p := &postman{receive: func(p *postman, _ topology.TaskID, mail []byte, out *topology.Collector) error {
				if i := numberOf(mail); i < n {
					tasks := p.tc.Tasks("post")
					p.tc.Tell(tasks[(p.tc.Index+1)%len(tasks)], number(i+1))
				} else {
					out.Emit("arrived")
				}
				return nil
			}}
			p.execute = func(*topology.Tuple, *topology.Collector) error { p.tc.Tell(p.tc.Task, number(0)); return nil }
			return p
		}).Parallelism(2).Emits("word").Global("src")
		b.Bolt("sink", execute(func(*topology.Tuple, *topology.Collector) error { arrived(); return nil })).Global("post")
	}
}

// A run doesn't end while mail is under way.
func TestTheEndWaitsForMail(t *testing.T) {
	for range 20 {
		arrived := 0
		runToEnd(t, worker.Options{}, pingPong(500, func() { arrived++ }))
		require.Equal(t, 1, arrived)
	}
}

// Nor does that of several workers.
func TestTheEndOfSeveralWaitsForMail(t *testing.T) {
	for range 5 {
		arrived := make(chan struct{}, 1)
		f := newFleet(t, 2, worker.Options{}, pingPong(500, func() { arrived <- struct{}{} }))
		f.run()
		require.Len(t, arrived, 1)
	}
}

// Mail ends the sleep of an idle bolt, and that of an idle spout, whose Next is called then.
func TestMailWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told, polled atomic.Int64
		heard := make(chan string, 4)
		spout := &postSpout{receive: func(_ topology.TaskID, mail []byte) {
			told.Store(time.Now().UnixNano())
			heard <- "spout " + string(mail)
		}}
		spout.next = func(*topology.SpoutCollector) error { polled.Store(time.Now().UnixNano()); return nil }
		var bolt *postman
		w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("bolt", func() topology.Bolt {
				bolt = &postman{receive: func(_ *postman, _ topology.TaskID, mail []byte, _ *topology.Collector) error {
					heard <- "bolt " + string(mail)
					return nil
				}}
				return bolt
			}).Shuffle("src")
		})
		cancel, result := background(t, w)
		synctest.Wait()
		for i := range 20 {
			time.Sleep(time.Second + time.Duration(i)*7*time.Millisecond + 1) // of the bubble's time, in the midst of pauses
			began := time.Now().UnixNano()
			require.True(t, bolt.tc.Tell(spout.tc.Task, []byte("a")))
			require.True(t, spout.tc.Tell(bolt.tc.Task, []byte("b")))
			synctest.Wait()
			require.Len(t, heard, 2)
			require.ElementsMatch(t, []string{"spout a", "bolt b"}, []string{<-heard, <-heard})
			require.Equal(t, []int64{began, began}, []int64{told.Load(), polled.Load()})
		}
		cancel()
		require.NoError(t, <-result)
	})
}

// Mail comes between two tuples of a backlog, and while a spout waits for room.
func TestMailOvertakesTuples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		var executed, before, seen int
		received := make(chan struct{})
		spout := &postSpout{}
		spout.receive = func(topology.TaskID, []byte) { seen = len(spout.called); close(received) }
		spout.called = make(chan time.Time, n)
		spout.next = func(out *topology.SpoutCollector) error {
			for i := range n {
				out.EmitID(i, i)
				spout.called <- time.Now()
			}
			return topology.ErrEnd
		}
		w := makeWorker(t, worker.Options{MaxSpoutPending: n / 2}, func(b *topology.Builder) {
			b.Spout("src", func() topology.Spout { return spout }).Emits("n")
			b.Bolt("slow", func() topology.Bolt {
				p := &postman{receive: func(p *postman, _ topology.TaskID, _ []byte, _ *topology.Collector) error {
					before = executed
					return nil
				}}
				p.execute = func(*topology.Tuple, *topology.Collector) error {
					time.Sleep(7 * time.Millisecond) // of the bubble's time
					if executed++; executed == 10 {
						p.tc.Tell(p.tc.Task, nil)
						p.tc.Tell(spout.tc.Task, nil)
					}
					return nil
				}
				return p
			}).Shuffle("src")
		})
		_, result := background(t, w)
		<-received
		require.NoError(t, <-result)
		require.Equal(t, 10, before, "the tuple that was being executed was the last before")
		require.Less(t, seen, n, "Next was within an EmitID")
		require.Equal(t, n, executed)
	})
}

// A bolt may settle what it holds when mail comes, and emit with an anchor; else what it emits is of no tree.
func TestReceiveSettlesAndEmits(t *testing.T) {
	src, anchored := newSource(100), 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", src.factory).Emits("n")
		b.Bolt("holds", func() topology.Bolt {
			var held []*topology.Tuple
			p := &postman{receive: func(p *postman, _ topology.TaskID, _ []byte, out *topology.Collector) error {
				out.Emit(-1)
				for _, t := range held {
					out.Anchored(t).Emit(t.Int("n"))
					out.Ack(t)
				}
				held = nil
				return nil
			}}
			p.execute = func(t *topology.Tuple, _ *topology.Collector) error {
				held = append(held, t)
				p.tc.Tell(p.tc.Task, nil)
				return nil
			}
			return p
		}).ManualAck().Emits("n").Shuffle("src")
		b.Bolt("sink", execute(func(t *topology.Tuple, _ *topology.Collector) error {
			if t.Int("n") >= 0 {
				anchored++
			}
			return nil
		})).Shuffle("holds")
	})
	requireOnce(t, 100, src.acks)
	require.Equal(t, 100, anchored)
	require.Empty(t, w.Snapshot().Errors)
}

// What a bolt returns from Receive, or panics with, is reported; a panic replaces the instance, and the rest of the mail goes to the new
// one.
func TestReceiveFails(t *testing.T) {
	got := map[int][]int{}
	instances := 0
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			instances++
			me := instances
			p := &postman{receive: func(_ *postman, _ topology.TaskID, mail []byte, _ *topology.Collector) error {
				got[me] = append(got[me], numberOf(mail))
				switch numberOf(mail) {
				case 1:
					return errRefused
				case 2:
					panic("in a mail")
				}
				return nil
			}}
			p.execute = func(*topology.Tuple, *topology.Collector) error {
				for i := range 5 {
					p.tc.Tell(p.tc.Task, number(i))
				}
				return nil
			}
			return p
		}).Shuffle("src")
	})
	require.Equal(t, []int{0, 1, 2}, got[instances-1])
	require.Equal(t, []int{3, 4}, got[instances])
	errs := errorsOf(w, "post")
	require.Len(t, errs, 2)
	require.Equal(t, "receive: "+errRefused.Error(), errs[0])
	require.Contains(t, errs[1], "post[0]: panic: in a mail")
	require.EqualValues(t, []int64{2, 1}, []int64{of(t, w, "post").Counts.Errors, of(t, w, "post").Restarted})
}

// A fatal error of Receive ends the topology.
func TestReceiveFailsForGood(t *testing.T) {
	w := makeWorker(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", topology.SpoutFunc(idleNext)).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			return &postman{
				begin: func(p *postman) { p.tc.Tell(p.tc.Task, nil) },
				receive: func(*postman, topology.TaskID, []byte, *topology.Collector) error {
					return topology.Fatal(errRefused)
				},
			}
		}).Shuffle("src")
	})
	_, result := background(t, w)
	require.ErrorIs(t, await(t, result, "the run's end"), errRefused)
}

// A spout that panics in Receive is replaced, also when that was called from within its EmitID; and it must not emit there.
func TestSpoutReceiveFails(t *testing.T) {
	for name, pending := range map[string]int{"between two Next": 100, "within EmitID": 1} {
		t.Run(name, func(t *testing.T) {
			instances, panicked := 0, false
			got := map[int][]int{}
			w := runToEnd(t, worker.Options{MaxSpoutPending: pending}, func(b *topology.Builder) {
				b.Spout("src", func() topology.Spout {
					instances++
					s, me, emitted := &postSpout{}, instances, false
					var to *topology.SpoutCollector
					s.next = func(out *topology.SpoutCollector) error {
						if to = out; emitted {
							return topology.ErrEnd
						}
						for i := range 4 {
							out.EmitID(i, i)
						}
						emitted = true
						return nil
					}
					s.receive = func(_ topology.TaskID, mail []byte) {
						got[me] = append(got[me], numberOf(mail))
						if numberOf(mail) == 0 && !panicked {
							panicked = true
							to.Emit(7)
							panic("in a mail")
						}
					}
					return s
				}).Emits("n")
				b.Bolt("post", func() topology.Bolt {
					p := &postman{}
					p.execute = func(t *topology.Tuple, _ *topology.Collector) error {
						p.tc.Tell(p.tc.Tasks("src")[0], number(int(t.Int("n"))))
						return nil
					}
					return p
				}).Shuffle("src")
			})
			require.EqualValues(t, 1, of(t, w, "src").Restarted)
			total := 0
			for _, mails := range got {
				total += len(mails)
			}
			require.EqualValues(t, of(t, w, "post").Acked, total, "each mail came once")
			require.Contains(t, fmt.Sprint(errorsOf(w, "src")), "panic: in a mail")
			require.Regexp(t, "(from|in) Ack, Fail or Receive", fmt.Sprint(errorsOf(w, "src")))
		})
	}
}

// A task that doesn't take its mail keeps so much of it; the rest is dropped and counted, and that is reported once.
func TestMailIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ size, kept int }{
		"mails": {1, 16384},
		"bytes": {topology.MaxMail, 256},
	} {
		t.Run(name, func(t *testing.T) {
			got, told := 0, 0
			w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
				b.Spout("src", newSource(1).factory).Emits("n")
				b.Bolt("full", func() topology.Bolt {
					p := &postman{receive: func(*postman, topology.TaskID, []byte, *topology.Collector) error { got++; return nil }}
					p.execute = func(*topology.Tuple, *topology.Collector) error {
						for range c.kept + 10 {
							if p.tc.Tell(p.tc.Task, make([]byte, c.size)) {
								told++
							}
						}
						return nil
					}
					return p
				}).Shuffle("src")
			})
			require.Equal(t, []int{c.kept, c.kept + 10}, []int{got, told})
			require.EqualValues(t, 10, of(t, w, "full").LostMail)
			require.Equal(t, []string{"full[0] gets more mail than it takes: 16384 mails or 64 MiB wait, and what still comes is dropped (reported once)"}, errorsOf(w, "full"))
		})
	}
}

// Mail for one that has no Receive is dropped and counted, and that is reported once.
func TestMailForOneWithoutReceive(t *testing.T) {
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			p := &postman{}
			p.execute = func(*topology.Tuple, *topology.Collector) error {
				for range 3 {
					p.tc.Tell(p.tc.Tasks("src")[0], nil)
					p.tc.Tell(p.tc.Tasks("deaf")[0], nil)
				}
				return nil
			}
			return p
		}).Shuffle("src")
		b.Bolt("deaf", ignore).Shuffle("src")
	})
	for id, kind := range map[string]string{"src": "*worker_test.source", "deaf": "topology.boltFunc"} {
		require.EqualValues(t, 3, of(t, w, id).LostMail)
		require.Equal(t, []string{id + "[0] is sent mail, but " + kind + " has no Receive: it is dropped (reported once)"}, errorsOf(w, id))
	}
}

// Tell says at once what can never come.
func TestTellRefuses(t *testing.T) {
	runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			return &postman{begin: func(p *postman) {
				for to, mail := range map[topology.TaskID][]byte{0: nil, 3: nil, 1 << 31: nil, 1: make([]byte, topology.MaxMail+1)} {
					if p.tc.Tell(to, mail) {
						panic(fmt.Sprintf("a mail of %d bytes for task %d was taken", len(mail), to))
					}
				}
				if !p.tc.Tell(1, make([]byte, topology.MaxMail)) {
					panic("a mail of the greatest length was refused")
				}
			}}
		}).Shuffle("src")
	})
}

// Mail that comes when a task has ended is counted, and keeps nobody.
func TestMailAfterTheEnd(t *testing.T) {
	var tc *topology.Context
	w := runToEnd(t, worker.Options{}, func(b *topology.Builder) {
		b.Spout("src", newSource(1).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt { return &postman{begin: func(p *postman) { tc = p.tc }} }).Shuffle("src")
	})
	require.True(t, tc.Tell(tc.Task, nil))
	require.EqualValues(t, 1, of(t, w, "post").LostMail)
	require.Empty(t, errorsOf(w, "post"))
}

// With a Stepper the same seed brings mail and tuples in the same order.
func TestMailIsStepped(t *testing.T) {
	run := func(seed uint64) (lines []string, err error) {
		b := topology.NewBuilder("test")
		b.Spout("src", newSource(20).factory).Emits("n")
		b.Bolt("post", func() topology.Bolt {
			p := &postman{receive: func(p *postman, from topology.TaskID, mail []byte, _ *topology.Collector) error {
				lines = append(lines, fmt.Sprintf("%d to %d: %d", from, p.tc.Task, numberOf(mail)))
				return nil
			}}
			p.execute = func(x *topology.Tuple, _ *topology.Collector) error {
				lines = append(lines, fmt.Sprintf("%d executes %d", p.tc.Task, x.Int("n")))
				for _, to := range p.tc.Tasks("post") {
					p.tc.Tell(to, number(int(x.Int("n"))))
				}
				return nil
			}
			return p
		}).Parallelism(3).Shuffle("src")
		topo, err := b.Build()
		require.NoError(t, err)
		s, err := worker.NewStepper(topo, worker.Options{Seed: seed}, time.Unix(0, 0), worker.Faults{})
		require.NoError(t, err)
		require.NoError(t, s.Start())
		err = s.Complete(time.Hour)
		return lines, errors.Join(err, s.Stop())
	}
	different := map[string]bool{}
	for seed := range uint64(5) {
		first, err := run(seed + 1)
		require.NoError(t, err)
		require.Len(t, first, 20+3*20)
		again, err := run(seed + 1)
		require.NoError(t, err)
		require.Equal(t, first, again)
		different[fmt.Sprint(first)] = true
	}
	require.Greater(t, len(different), 1)
}
