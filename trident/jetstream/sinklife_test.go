package jetstream_test

import (
	"context"
	"regexp"
	"sync"
	"testing"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/galestream/gale/worker"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// live runs a topology that writes the records, a batch each, until they are written; refused is told of errors as they are reported.
func (r *sinkRig) live(records []string, refused func(text string)) {
	r.t.Helper()
	b := topology.NewBuilder("lives")
	trident.Configure(b, trident.BatchRecords(1))
	trident.PartitionPersist(trident.NewStream(b, "numbers", trident.Records(records)), "out", jetstream.Sink(r.options()))
	topo, err := b.Build()
	require.NoError(r.t, err)
	core, err := zap.NewDevelopment(zap.WrapCore(func(zapcore.Core) zapcore.Core { return &hearing{zapcore.NewNopCore(), refused} }))
	require.NoError(r.t, err)
	w, err := worker.New(topo, worker.Options{Log: core})
	require.NoError(r.t, err)
	ctx, cancel := context.WithTimeout(r.ctx(), sinkGuard)
	defer cancel()
	require.NoError(r.t, w.Run(ctx))
	require.NoError(r.t, ctx.Err(), "it has not ended")
}

// hearing is a log that gives on the errors.
type hearing struct {
	zapcore.Core
	hear func(text string)
}

func (h *hearing) Enabled(zapcore.Level) bool        { return true }
func (h *hearing) With([]zapcore.Field) zapcore.Core { return h }
func (h *hearing) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, h)
}

func (h *hearing) Write(_ zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok {
			h.hear(err.Error())
		}
		h.hear(f.String)
	}
	return nil
}

// TestASinkForgetsALifeAsItsErrorSays has a topology begin anew without its state, and does what it is told while it goes on trying.
func TestASinkForgetsALifeAsItsErrorSays(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	r.live([]string{"a", "b", "c"}, func(string) {})
	command := regexp.MustCompile("`nats stream purge (\\S+) --subject='(\\S+)' --force`")
	var once sync.Once
	told := false
	r.live([]string{"d", "e"}, func(text string) {
		if said := command.FindStringSubmatch(text); said != nil {
			once.Do(func() {
				told = true
				s, err := r.js.Stream(context.Background(), said[1])
				if err == nil {
					err = s.Purge(context.Background(), js.WithPurgeSubject(said[2]))
				}
				if err != nil {
					panic(err)
				}
			})
		}
	})
	require.True(t, told)
	records, _ := r.stored()
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, records)
}
