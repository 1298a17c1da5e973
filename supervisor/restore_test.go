package supervisor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Records that come from a backup are older than what the folders of workers say, and are refused by them. deploy/README.md says what to do.
func TestRestoredRecordsHoldOnceTheFoldersOfWorkersAreRemoved(t *testing.T) {
	r := sharedRig(t)
	w := r.run(t, nil)
	program := r.program
	program.Args = []string{"live"}
	a := assignment(w.ID(), program)
	a.Epoch, a.Version = r.writer.Epoch(), 7
	r.write(t, a)
	w.awaitWorker(t, a, "it runs", runs(1))
	w.end()

	restored := *a
	restored.Version = 3
	r.write(t, &restored)
	core, logged := observer.New(zap.WarnLevel)
	again := r.run(t, func(o *Options) { o.Data, o.Log = w.data, zap.New(core) })
	eventually(t, "the record is refused", func() bool { return logged.FilterMessage("refused").Len() > 0 })
	again.end()

	require.NoError(t, os.RemoveAll(filepath.Join(w.data, workersDir)))
	last := r.run(t, func(o *Options) { o.Data = w.data })
	require.Equal(t, w.ID(), last.ID())
	last.awaitWorker(t, &restored, "it runs", runs(1))
}
