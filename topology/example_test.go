package topology_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
)

// lines is a spout of the lines that it was made with.
type lines struct{ left []string }

func (l *lines) Next(_ context.Context, out *topology.SpoutCollector) error {
	if len(l.left) == 0 {
		return topology.ErrEnd
	}
	out.EmitID(l.left[0], l.left[0])
	l.left = l.left[1:]
	return nil
}

func newLines() topology.Spout { return &lines{left: []string{"to be or not to be"}} }

func split(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	for _, word := range strings.Fields(t.String("line")) {
		out.Emit(word)
	}
	return nil
}

// counter is a bolt that counts the words that come to its task.
type counter struct{ counts map[string]int }

func (c *counter) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	word := t.String("word")
	c.counts[word]++
	out.Emit(word, c.counts[word])
	return nil
}

func newCounter() topology.Bolt { return &counter{counts: map[string]int{}} }

// A spout, a bolt made of a function, and one with a state, whose tasks each see
// all occurrences of a word.
func ExampleBuilder() {
	b := topology.NewBuilder("wordcount").MessageTimeout(10 * time.Second)
	b.Spout("lines", newLines).Emits("line")
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Parallelism(2).Shuffle("lines")
	b.Bolt("count", newCounter).Emits("word", "count").Parallelism(4).Fields("split", "word")

	t, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range t.Upstream() {
		fmt.Println(c.ID, c.Parallelism, c.Inputs)
	}
	// Output:
	// lines 1 []
	// split 2 [lines:default (shuffle)]
	// count 4 [split:default (fields)]
}

// One error lists everything that is wrong.
func ExampleBuilder_Build() {
	b := topology.NewBuilder("wordcount")
	b.Spout("lines", newLines).Emits("line")
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Shuffle("lnies")
	b.Bolt("count", newCounter).Emits("word", "count").Parallelism(0).Fields("split", "words")

	_, err := b.Build()
	fmt.Println(err)
	// Output:
	// topology "wordcount": 4 problems
	//   split: subscribes to the unknown component "lnies", did you mean "lines"?
	//   count: the parallelism is 0, but must be at least 1
	//   count: groups stream "default" of "split" by the unknown field "words", did you mean "word"?; it has [word]
	//   count: no spout's tuples can reach the bolt
}

// Middleware wraps Execute for what is the same for many bolts.
func ExampleMiddleware() {
	logged := func(next topology.Handler) topology.Handler {
		return func(ctx context.Context, t *topology.Tuple, out *topology.Collector) error {
			err := next(ctx, t, out)
			fmt.Printf("%s %v: %v\n", t.Component(), t.Values(), err)
			return err
		}
	}
	b := topology.NewBuilder("wordcount")
	b.Spout("lines", newLines).Emits("line")
	b.Bolt("split", topology.BoltFunc(split)).Emits("word").Shuffle("lines").Use(logged)
	t, err := b.Build()
	fmt.Println(len(t.Component("split").Middleware), err)
	// Output: 1 <nil>
}

// A stream beside the default one, and a bolt that is told what a policy has given up.
func ExampleDeadLetters() {
	parse := func(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
		key, value, found := strings.Cut(t.String("line"), "=")
		if !found {
			return errors.New("there is no = in the line")
		}
		if value == "" {
			out.Stream("empty").Emit(key)
			return nil
		}
		out.Emit(key, value)
		return nil
	}
	print := func(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
		fmt.Println(t.String("cause"), t.Int("attempts"), t.String("source"), t.List("values"))
		return nil
	}
	b := topology.NewBuilder("settings")
	b.Spout("lines", newLines).Emits("line")
	b.Bolt("parse", topology.BoltFunc(parse)).Emits("key", "value").EmitsOn("empty", "key").Shuffle("lines").
		Retry(topology.Retry{Attempts: 5, Backoff: time.Second})
	b.Bolt("bad", topology.BoltFunc(print)).Shuffle(topology.DeadLetters("parse"))
	b.Bolt("unset", newCounter).Shuffle(topology.From("parse", "empty"))

	t, err := b.Build()
	fmt.Println(t.Component("bad").Inputs, t.Component("unset").Inputs, err)
	// Output: [parse:dead-letter (shuffle)] [parse:empty (shuffle)] <nil>
}

// archive is a bolt that writes many tuples at once, and acks them by itself.
type archive struct{ held []*topology.Tuple }

func (a *archive) Execute(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	if !t.IsTick() {
		a.held = append(a.held, t)
	}
	if t.IsTick() || len(a.held) == 100 {
		a.flush(out)
	}
	return nil
}

// flush writes all of held, and then acks it.
func (a *archive) flush(out *topology.Collector) {
	for _, t := range a.held {
		out.Ack(t)
	}
	a.held = nil
}

// A bolt that holds tuples back until there are a hundred, or 50 ms have passed.
func ExampleBoltDeclarer_ManualAck() {
	b := topology.NewBuilder("archive")
	b.Spout("lines", newLines).Emits("line")
	b.Bolt("archive", func() topology.Bolt { return &archive{} }).Shuffle("lines").ManualAck().Tick(50 * time.Millisecond)
	_, err := b.Build()
	fmt.Println(err)
	// Output: <nil>
}

// Values of types of one's own are wrapped; they are registered so that they can travel
// between workers.
func ExampleOf() {
	type order struct{ ID, Cents int }
	topology.Register[*order]("example.order")

	v := topology.Of(&order{ID: 7, Cents: 1999})
	fmt.Println(v.Kind(), v.Any().(*order).Cents)
	fmt.Println(topology.Of(int8(3)).Kind(), topology.Of([]any{"a", 1.5}))
	// Output:
	// object 1999
	// int64 [a 1.5]
}

// How long a tuple waits for its second, third, ... attempt, without jitter.
func ExampleRetry_Delay() {
	r := topology.Retry{Backoff: 100 * time.Millisecond, MaxBackoff: time.Second, Jitter: -1}.WithDefaults()
	for attempts := 1; attempts <= 5; attempts++ {
		fmt.Println(r.Delay(attempts, 0))
	}
	// Output:
	// 100ms
	// 200ms
	// 400ms
	// 800ms
	// 1s
}
