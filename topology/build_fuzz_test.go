package topology_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galestream/gale/topology"
)

// script reads a declaration from bytes; it goes on with zeros where they end.
type script struct {
	bytes []byte
	ids   int // how many were declared
}

func (s *script) below(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return int(b) % n
}

// oneOf returns the first choice most often, so that most scripts are nearly right.
func (s *script) oneOf(usual string, others ...string) string {
	if i := s.below(16); i < len(others) && len(s.bytes) > 0 {
		return others[i]
	}
	return usual
}

// newID is mostly "a", "b", ..., and id mostly one of those before.
func (s *script) newID() string {
	s.ids++
	return s.oneOf(string(rune('a'+s.ids-1)), s.id(), "", "a:b", "__x")
}

func (s *script) id() string {
	return s.oneOf(string(rune('a'+s.below(max(s.ids-1, 1)))), "s", "z", "ü")
}

func (s *script) stream() string {
	return s.oneOf(topology.DefaultStream, "late", topology.DeadLetterStream, "", "a:b")
}

func (s *script) field() string { return s.oneOf("x", "y", "", "x ü") }

func (s *script) from() string {
	id := s.id()
	if s.below(4) == 1 {
		return topology.From(id, s.stream())
	}
	return id
}

func (s *script) declare() *topology.Builder {
	b := topology.NewBuilder(s.oneOf("fuzz", "", "__x"))
	b.Spout("s", source).Emits("x", "y").EmitsOn("late", "x")
	for range s.below(12) {
		if s.below(6) == 0 {
			s.spout(b)
		} else {
			s.bolt(b)
		}
	}
	if s.below(16) == 1 {
		b.MessageTimeout(time.Duration(s.below(3)-1) * time.Second).MaxSpoutPending(s.below(3) - 1)
	}
	return b
}

func (s *script) spout(b *topology.Builder) {
	factory := source
	if s.below(16) == 1 {
		factory = nil
	}
	d := b.Spout(s.newID(), factory).Emits(s.field())
	switch s.below(8) {
	case 1:
		d.Replay(topology.Retry{Attempts: s.below(4) - 1})
	case 2:
		d.MaxPending(s.below(3) - 1).Parallelism(s.below(4))
	case 3:
		d.EmitsStruct(topology.FieldsOf[struct{ X, Y chan int }]())
	}
}

func (s *script) bolt(b *topology.Builder) {
	d := b.Bolt(s.newID(), sink)
	for range 1 + s.below(2) {
		s.subscribe(d)
	}
	switch s.below(32) {
	case 1:
		d.Retry(topology.Retry{Jitter: float64(s.below(3))})
	case 2:
		d.ManualAck().Tick(time.Duration(s.below(3)-1) * time.Second)
	case 3:
		d.EmitsDirect(s.stream(), s.field())
	case 4:
		d.EmitsOn(s.stream(), s.field()).Parallelism(s.below(4))
	case 5:
		d.Reads(topology.FieldsOf[struct{ X int }]())
	default:
		d.Emits("x", "y")
	}
}

func (s *script) subscribe(d *topology.BoltDeclarer) {
	from := "s"
	if s.below(2) == 1 {
		from = s.from()
	}
	switch s.below(32) {
	case 0:
		d.Fields(from, s.field())
	case 1:
		d.PartialKey(from, s.field(), s.field())
	case 2:
		d.Direct(from)
	case 3:
		d.Custom(from, nil)
	case 4:
		d.Custom(from, func() topology.Chooser { return nil })
	case 5:
		d.All(from)
	case 6:
		d.Global(from)
	default:
		d.Shuffle(from)
	}
}

// checkBuild builds twice, checks what comes of it and reports whether it was a topology.
func checkBuild(t *testing.T, script *script) bool {
	b := script.declare()
	built, err := b.Build()
	again, errAgain := b.Build()
	if err != nil {
		require.Nil(t, built)
		require.IsType(t, &topology.BuildError{}, err)
		require.NotEmpty(t, err.(*topology.BuildError).Problems)
		require.Equal(t, err.Error(), errAgain.Error())
		return false
	}
	require.NoError(t, errAgain)
	require.Equal(t, ids(built.Components), ids(again.Components))
	requireUpstream(t, built)
	requireSound(t, built)
	return true
}

func requireUpstream(t *testing.T, built *topology.Topology) {
	before := map[string]bool{}
	for _, c := range built.Upstream() {
		require.False(t, before[c.ID], "%s comes twice", c.ID)
		for _, in := range c.Inputs {
			require.True(t, before[in.Component], "%s comes before %s", c.ID, in.Component)
		}
		before[c.ID] = true
	}
	require.Len(t, before, len(built.Components))
}

func requireSound(t *testing.T, built *topology.Topology) {
	next := topology.TaskID(1)
	for _, c := range built.Components {
		for _, id := range built.Tasks(c.ID) {
			require.Equal(t, next, id)
			next++
		}
		require.Equal(t, c.IsSpout(), len(c.Inputs) == 0)
		for _, in := range c.Inputs {
			s := built.Component(in.Component).Stream(in.Stream)
			require.Equal(t, s.Direct, in.Kind == topology.Direct)
			require.Len(t, in.Keys, len(in.Fields))
			for i, key := range in.Keys {
				require.Equal(t, in.Fields[i], s.Fields[key])
			}
		}
	}
}

func FuzzBuild(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 64 {
		seed := make([]byte, n)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkBuild(t, &script{bytes: data}) })
}

// The scripts must come to both ends, or FuzzBuild would prove nothing.
func TestFuzzBuildFindsBothEnds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const runs = 1000
	good, large := 0, 0
	for range runs {
		data := make([]byte, random.IntN(100))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if !checkBuild(t, &script{bytes: data}) {
			continue
		}
		good++
		if len(build(t, (&script{bytes: data}).declare()).Components) > 3 {
			large++
		}
	}
	require.Greater(t, good, runs/20)
	require.Less(t, good, runs*19/20)
	require.Greater(t, large, runs/100)
}
