package source_test

import (
	"context"
	"fmt"

	"github.com/galestream/gale/source"
	"github.com/galestream/gale/topology"
)

func count(context.Context, *topology.Tuple, *topology.Collector) error { return nil }

func Example() {
	b := topology.NewBuilder("lines")
	b.Spout("files", source.Lines("access.log", "archive/")).Emits(source.LineFields...)
	b.Spout("live", source.TailWith(source.TailOptions{FromStart: true}, "access.log")).Emits(source.TailFields...)
	b.Bolt("count", topology.BoltFunc(count)).Shuffle("files").Shuffle("live")
	t, err := b.Build()
	fmt.Println(t.Component("files").Streams[0].Fields, err)
	// Output: [line file number] <nil>
}
