package topology_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

var (
	source = topology.SpoutFunc(func(context.Context, *topology.SpoutCollector) error { return topology.ErrEnd })
	sink   = topology.BoltFunc(func(context.Context, *topology.Tuple, *topology.Collector) error { return nil })
)

// A problem is found in a topology whose spout "lines" emits the field "line", and "at" on "late".
func withLines(b *topology.Builder) {
	b.Spout("lines", source).Emits("line").EmitsOn("late", "at")
}

// problems returns the lines of Build's error, without the first.
func problems(t *testing.T, b *topology.Builder) []string {
	t.Helper()
	built, err := b.Build()
	if err == nil {
		return nil
	}
	require.Nil(t, built)
	var buildError *topology.BuildError
	require.ErrorAs(t, err, &buildError)
	lines := strings.Split(err.Error(), "\n  ")
	require.Len(t, lines, 1+len(buildError.Problems))
	return lines[1:]
}

func TestBuildReports(t *testing.T) {
	type unfit struct{ C chan int }
	type reads struct {
		Line int    `gale:"line"`
		Word string `gale:"word"`
	}
	retry := func(r topology.Retry) func(b *topology.Builder) {
		return func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Retry(r) }
	}
	for name, c := range map[string]struct {
		declare func(b *topology.Builder)
		want    []string
	}{
		"unknown component": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lnies") },
			[]string{`sink: subscribes to the unknown component "lnies", did you mean "lines"?`},
		},
		"unknown component like no other": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("xyz") },
			[]string{`sink: subscribes to the unknown component "xyz"`},
		},
		"unknown stream": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle(topology.From("lines", "latte")) },
			[]string{`sink: subscribes to the unknown stream "latte" of "lines", did you mean "late"?`},
		},
		"unknown stream like no other": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle(topology.From("lines", "xyz")) },
			[]string{`sink: subscribes to the unknown stream "xyz" of "lines"; it has [default late]`},
		},
		"stream of what emits nothing": {
			func(b *topology.Builder) {
				b.Bolt("mute", sink).Shuffle("lines")
				b.Bolt("sink", sink).Shuffle("mute")
			},
			[]string{`sink: subscribes to the unknown stream "default" of "mute"; it declares none (Emits)`},
		},
		"unknown field": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Fields("lines", "lien") },
			[]string{`sink: groups stream "default" of "lines" by the unknown field "lien", did you mean "line"?; it has [line]`},
		},
		"unknown field of partial key": {
			func(b *topology.Builder) { b.Bolt("sink", sink).PartialKey("lines", "line", "xyz") },
			[]string{`sink: groups stream "default" of "lines" by the unknown field "xyz"; it has [line]`},
		},
		"no field to group by": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Fields("lines") },
			[]string{`sink: the fields grouping of stream "default" of "lines" names no field`},
		},
		"duplicate id": {
			func(b *topology.Builder) { b.Bolt("lines", sink).Shuffle("lines") },
			[]string{`lines: the id is used twice`},
		},
		"duplicate stream": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Emits("a").Emits("b") },
			[]string{`sink: stream "default" is declared twice`},
		},
		"duplicate field": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Emits("a", "b", "a") },
			[]string{`sink: stream "default" has the field "a" twice`},
		},
		"field without a name": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Emits("a", "") },
			[]string{`sink: stream "default": field 1 has no name`},
		},
		"256 fields": {
			func(b *topology.Builder) {
				fields, _ := numbered(256, 0)
				b.Bolt("sink", sink).Shuffle("lines").Emits(fields...)
			},
			[]string{`sink: stream "default" has 256 fields; a tuple has at most 255`},
		},
		"reserved stream": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").EmitsOn("dead-letter", "a") },
			[]string{`sink: the stream name "dead-letter" is reserved for what a retry policy gives up`},
		},
		"reserved stream beside a retry policy": {
			func(b *topology.Builder) {
				b.Bolt("sink", sink).Shuffle("lines").EmitsOn("dead-letter", topology.DeadLetterFields...).Retry(topology.Retry{})
			},
			[]string{`sink: stream "dead-letter" is declared twice; the name is reserved for what a retry policy gives up, which declares it`},
		},
		"no parallelism": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Parallelism(0) },
			[]string{`sink: the parallelism is 0, but must be at least 1`},
		},
		"negative parallelism": {
			func(b *topology.Builder) { b.Spout("more", source).Parallelism(-1) },
			[]string{`more: the parallelism is -1, but must be at least 1`},
		},
		"cycle": {
			func(b *topology.Builder) {
				b.Bolt("a", sink).Shuffle("lines").Shuffle("c").Emits("x")
				b.Bolt("b", sink).Shuffle("a").Emits("x")
				b.Bolt("c", sink).Shuffle("b").Emits("x")
			},
			[]string{`a: is part of a cycle: b -> c -> a -> b`},
		},
		"two cycles": {
			func(b *topology.Builder) {
				b.Bolt("a", sink).Shuffle("lines").Shuffle("b").Emits("x")
				b.Bolt("b", sink).Shuffle("a").Emits("x")
				b.Bolt("c", sink).Shuffle("lines").Shuffle("d").Emits("x")
				b.Bolt("d", sink).Shuffle("c").Emits("x")
			},
			[]string{`a: is part of a cycle: b -> a -> b`, `c: is part of a cycle: d -> c -> d`},
		},
		"self-loop": {
			func(b *topology.Builder) { b.Bolt("a", sink).Shuffle("lines").Shuffle("a").Emits("x") },
			[]string{`a: is part of a cycle: a -> a`},
		},
		"unreachable cycle": {
			func(b *topology.Builder) {
				b.Bolt("a", sink).Shuffle("b").Emits("x")
				b.Bolt("b", sink).Shuffle("a").Emits("x")
			},
			[]string{`a: is part of a cycle: b -> a -> b`, `a: no spout's tuples can reach the bolt`, `b: no spout's tuples can reach the bolt`},
		},
		"bolt without input": {
			func(b *topology.Builder) { b.Bolt("sink", sink) },
			[]string{`sink: the bolt subscribes to no stream`},
		},
		"behind a bolt without input": {
			func(b *topology.Builder) {
				b.Bolt("a", sink).Emits("x")
				b.Bolt("b", sink).Shuffle("a")
			},
			[]string{`a: the bolt subscribes to no stream`, `b: no spout's tuples can reach the bolt`},
		},
		"two subscriptions to a stream": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Fields("lines", "line") },
			[]string{`sink: subscribes twice to stream "default" of "lines"`},
		},
		"direct grouping of another stream": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Direct("lines") },
			[]string{`sink: stream "default" of "lines" is declared direct: false, but grouped by direct`},
		},
		"another grouping of a direct stream": {
			func(b *topology.Builder) {
				b.Spout("to", source).EmitsDirect("default", "x")
				b.Bolt("sink", sink).Shuffle("to")
			},
			[]string{`sink: stream "default" of "to" is declared direct: true, but grouped by shuffle`},
		},
		"custom grouping without chooser": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Custom("lines", nil) },
			[]string{`sink: the custom grouping of stream "default" of "lines" has no chooser`},
		},
		"no bolt factory": {
			func(b *topology.Builder) { b.Bolt("sink", nil).Shuffle("lines") },
			[]string{`sink: the bolt has no factory`},
		},
		"bolt factory that returns nil": {
			func(b *topology.Builder) {
				b.Bolt("sink", func() topology.Bolt { return nil }).Shuffle("lines")
			},
			[]string{`sink: the factory returns nil`},
		},
		"spout factory that returns nil": {
			func(b *topology.Builder) { b.Spout("more", func() topology.Spout { return nil }) },
			[]string{`more: the factory returns nil`},
		},
		"replayed spout factory that returns nil": {
			func(b *topology.Builder) {
				b.Spout("more", func() topology.Spout { return nil }).Replay(topology.Retry{})
			},
			[]string{`more: the factory returns nil`},
		},
		"negative message timeout": {
			func(b *topology.Builder) { b.MessageTimeout(-time.Second) },
			[]string{`the message timeout -1s is negative`},
		},
		"unknown timeout mode": {
			func(b *topology.Builder) { b.TimeoutMode(topology.SinceProgress + 1) },
			[]string{`there is no timeout mode 3`},
		},
		"dead letters of what has no retry policy": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle(topology.DeadLetters("lines")) },
			[]string{`sink: subscribes to the unknown stream "dead-letter" of "lines"; it has no retry policy`},
		},
		"cycle over two streams": {
			func(b *topology.Builder) {
				b.Bolt("a", sink).Shuffle("lines").Shuffle("a").Shuffle(topology.From("a", "more")).Emits("x").EmitsOn("more", "x")
			},
			[]string{`a: is part of a cycle: a -> a`},
		},
		"objects as keys": {
			func(b *topology.Builder) {
				registerPlaces()
				b.Spout("readings", source).EmitsStruct(topology.FieldsOf[struct{ Place place }]())
				b.Bolt("sink", sink).Fields("readings", "Place")
			},
			[]string{`sink: groups stream "default" of "readings" by the field "Place", an object: objects can't be keys`},
		},
		"unknown component nearest to the bolt itself": {
			func(b *topology.Builder) { b.Bolt("count", sink).Shuffle("counts") },
			[]string{`count: subscribes to the unknown component "counts"`},
		},
		"too many pending": {
			func(b *topology.Builder) { b.MaxSpoutPending(1<<20 + 1) },
			[]string{`at most 1048576 trees can be pending, not 1048577`},
		},
		"pending below zero": {
			func(b *topology.Builder) { b.Spout("more", source).MaxPending(-1) },
			[]string{`more: at most 1048576 trees can be pending, not -1`},
		},
		"ticks too often": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Tick(time.Millisecond - 1) },
			[]string{`sink: ticks every 999.999µs: the interval must be at least 1ms`},
		},
		"ticks backwards": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Tick(-time.Second) },
			[]string{`sink: ticks every -1s: the interval must be at least 1ms`},
		},
		"manual acking with a retry policy": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").ManualAck().Retry(topology.Retry{}) },
			[]string{`sink: a bolt with manual acking can't have a retry policy: it settles its tuples itself`},
		},
		"retry without attempts": {retry(topology.Retry{Attempts: -1}), []string{`sink: a retry policy needs at least one attempt`}},
		"retry into the past":    {retry(topology.Retry{Backoff: -1}), []string{`sink: a retry policy's backoff must not be negative`}},
		"retry's limit negative": {retry(topology.Retry{MaxBackoff: -1}), []string{`sink: a retry policy's backoff must not be negative`}},
		"retry's limit too low": {retry(topology.Retry{Backoff: 2, MaxBackoff: 1}),
			[]string{`sink: a retry policy's MaxBackoff must not be below its Backoff`}},
		"retry's jitter too high":     {retry(topology.Retry{Jitter: math.Nextafter(1, 2)}), []string{`sink: a retry policy's Jitter must not be above 1`}},
		"retry's jitter is no number": {retry(topology.Retry{Jitter: math.NaN()}), []string{`sink: a retry policy's Jitter must not be above 1`}},
		"retry holds none":            {retry(topology.Retry{Held: -1}), []string{`sink: a retry policy's Held must not be negative`}},
		"replay's policy": {
			func(b *topology.Builder) { b.Spout("more", source).Replay(topology.Retry{Attempts: -1}) },
			[]string{`more: a retry policy needs at least one attempt`},
		},
		"struct that can't be emitted": {
			func(b *topology.Builder) { b.Spout("more", source).EmitsStruct(topology.FieldsOf[unfit]()) },
			[]string{"more: stream \"default\": field C of topology_test.unfit is of type chan int, which can't be emitted; " +
				"register the type with topology.Register, or leave the field out with `gale:\"-\"`"},
		},
		"no struct": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Reads(topology.FieldsOf[int]()) },
			[]string{`sink: int is not a struct`},
		},
		"struct without fields": {
			func(b *topology.Builder) { b.Bolt("sink", sink).Shuffle("lines").Reads(topology.FieldsOf[struct{}]()) },
			[]string{`sink: struct {} has no exported fields`},
		},
		"struct that doesn't fit": {
			func(b *topology.Builder) {
				b.Spout("readings", source).EmitsStruct(topology.FieldsOf[struct {
					Line  string `gale:"line"`
					Words int    `gale:"words"`
				}]())
				b.Bolt("sink", sink).Shuffle("readings").Reads(topology.FieldsOf[reads]())
			},
			[]string{
				`sink: reads field "line" of stream "default" of "readings" as int64, but it is emitted as string`,
				`sink: reads stream "default" of "readings" as topology_test.reads, which has no field "word", did you mean "words"?`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder("test")
			withLines(b)
			c.declare(b)
			require.Equal(t, c.want, problems(t, b))
			require.Equal(t, c.want, problems(t, b), "a second Build says the same")
		})
	}
}

func TestBuildReportsAnEmptyTopology(t *testing.T) {
	_, err := topology.NewBuilder("empty").Build()
	require.EqualError(t, err, "topology \"empty\": 1 problem\n  there is no spout: nothing would ever be emitted")
}

func TestBuildReportsBadNames(t *testing.T) {
	bad := []string{"", strings.Repeat("a", 129), "wörter", "日本", "a/b", `a\b`, "..", "../x", ".hidden", "-x", "_x", "__x", "__tick",
		"a b", " a", "a:b", "a\n", "a\x00", "a*", "a>", strings.Repeat("ä", 1000)}
	for _, name := range bad {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			err := topology.CheckName(name)
			require.ErrorContains(t, err, "must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}")
			require.Less(t, len(err.Error()), 1000)

			b := topology.NewBuilder(name)
			withLines(b)
			require.Equal(t, []string{err.Error()}, problems(t, b))

			b = topology.NewBuilder("test")
			withLines(b)
			b.Bolt("sink", sink).Shuffle("lines").EmitsOn(name, "x")
			require.Equal(t, []string{"sink: stream: " + err.Error()}, problems(t, b))

			b = topology.NewBuilder("test")
			b.Spout(name, source)
			_, built := b.Build()
			require.Equal(t, []topology.Problem{{Component: name, Text: err.Error()}}, built.(*topology.BuildError).Problems)
		})
	}
}

func TestBuildTakesGoodNames(t *testing.T) {
	for _, name := range []string{"a", "9", "a.b_c-D", "default", strings.Repeat("a", 128)} {
		require.NoError(t, topology.CheckName(name))
		b := topology.NewBuilder(name)
		b.Spout(name, source).EmitsOn(name, "__any field, ü")
		require.Empty(t, problems(t, b))
	}
}

type wrongSpout struct{ topology.Spout }

func (wrongSpout) Open(context.Context) error { return nil }
func (wrongSpout) Prepare()                   {} // not a spout's business

type halfAcknowledger struct{ topology.Spout }

func (halfAcknowledger) Ack(any) {}

type wrongBolt struct{ topology.Bolt }

func (wrongBolt) Prepare(*topology.Context) error { return nil }
func (wrongBolt) Open()                           {} // not a bolt's business

// Each has the Receive of the other.

type boltsReceiver struct{ topology.Spout }

func (boltsReceiver) Receive(context.Context, topology.TaskID, []byte, *topology.Collector) error {
	return nil
}

type spoutsReceiver struct{ topology.Bolt }

func (spoutsReceiver) Receive(topology.TaskID, []byte) {}

// The compiler can't find a misspelt optional method: nothing asks for it.
func TestBuildReportsWrongSignatures(t *testing.T) {
	for want, declare := range map[string]func(b *topology.Builder){
		"x: topology_test.wrongSpout has a method Open that would never be called: it doesn't implement topology.Opener": func(b *topology.Builder) {
			b.Spout("x", func() topology.Spout { return wrongSpout{} })
		},
		"x: *topology_test.wrongSpout has a method Open that would never be called: it doesn't implement topology.Opener": func(b *topology.Builder) {
			b.Spout("x", func() topology.Spout { return &wrongSpout{} }).Replay(topology.Retry{})
		},
		"x: topology_test.halfAcknowledger has a method Ack that would never be called: it doesn't implement topology.Acknowledger": func(b *topology.Builder) {
			b.Spout("x", func() topology.Spout { return halfAcknowledger{} })
		},
		"x: topology_test.wrongBolt has a method Prepare that would never be called: it doesn't implement topology.Preparer": func(b *topology.Builder) {
			b.Bolt("x", func() topology.Bolt { return wrongBolt{} }).Shuffle("lines")
		},
		"x: topology_test.boltsReceiver has a method Receive that would never be called: it doesn't implement topology.SpoutReceiver": func(b *topology.Builder) {
			b.Spout("x", func() topology.Spout { return boltsReceiver{} })
		},
		"x: topology_test.spoutsReceiver has a method Receive that would never be called: it doesn't implement topology.BoltReceiver": func(b *topology.Builder) {
			b.Bolt("x", func() topology.Bolt { return spoutsReceiver{} }).Shuffle("lines")
		},
	} {
		t.Run(want, func(t *testing.T) {
			b := topology.NewBuilder("test")
			withLines(b)
			declare(b)
			require.Equal(t, []string{want}, problems(t, b))
		})
	}
}

func TestBuildListsEverythingAtOnce(t *testing.T) {
	b := topology.NewBuilder("bad name")
	b.MessageTimeout(-1)
	b.Spout("lines", source).Emits("line").Parallelism(0)
	b.Bolt("split", sink).Shuffle("lnies").Emits("word", "word")
	b.Bolt("count", sink).Fields("split", "wrod").Tick(1)
	require.Equal(t, []string{
		`the name "bad name" must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}`,
		`the message timeout -1ns is negative`,
		`lines: the parallelism is 0, but must be at least 1`,
		`split: stream "default" has the field "word" twice`,
		`split: subscribes to the unknown component "lnies", did you mean "lines"?`,
		`count: ticks every 1ns: the interval must be at least 1ms`,
		`count: groups stream "default" of "split" by the unknown field "wrod", did you mean "word"?; it has [word word]`,
		`count: no spout's tuples can reach the bolt`,
	}, problems(t, b))
}

type wrongEverywhere struct{ topology.Bolt }

func (wrongEverywhere) Prepare()       {}
func (wrongEverywhere) Cleanup()       {}
func (wrongEverywhere) Tick()          {}
func (wrongEverywhere) Finish()        {}
func (wrongEverywhere) Activate() bool { return true }

// Problems stand in the order of declaration, those of the topology itself first, and the
// same every time.
func TestProblemsAreInOrder(t *testing.T) {
	b := topology.NewBuilder("test")
	b.Bolt("z", func() topology.Bolt { return wrongEverywhere{} }).Shuffle("a").Emits("x")
	b.Bolt("m", nil).Shuffle("z").Retry(topology.Retry{Held: -1})
	b.Bolt("a", sink).Shuffle("z").Emits("x").Parallelism(0)
	b.MessageTimeout(-1)
	wrong := func(method, iface string) string {
		return "z: topology_test.wrongEverywhere has a method " + method + " that would never be called: it doesn't implement topology." + iface
	}
	require.Equal(t, []string{
		`there is no spout: nothing would ever be emitted`,
		`the message timeout -1ns is negative`,
		wrong("Activate", "Activator"), wrong("Cleanup", "Cleaner"), wrong("Finish", "Finisher"), wrong("Prepare", "Preparer"), wrong("Tick", "Ticker"),
		`z: is part of a cycle: a -> z -> a`,
		`z: no spout's tuples can reach the bolt`,
		`m: the bolt has no factory`,
		`m: a retry policy's Held must not be negative`,
		`m: no spout's tuples can reach the bolt`,
		`a: the parallelism is 0, but must be at least 1`,
		`a: no spout's tuples can reach the bolt`,
	}, problems(t, b))
}
