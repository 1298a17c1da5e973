package jetstream_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	connector "github.com/galestream/gale/connector/jetstream"
	"github.com/galestream/gale/trident/jetstream"
	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

const lastTxid = 200

// faultBatch is the batch of a txid: from one record to some hundreds, and now and then more than one atomic batch takes.
func faultBatch(txid uint64) []string {
	if txid%50 == 0 {
		return sinkBatch(txid, 1500)
	}
	return sinkBatch(txid, int(txid*txid%300)+1)
}

func (r *sinkRig) requireAllBatches() {
	r.t.Helper()
	var want []string
	for txid := uint64(1); txid <= lastTxid; txid++ {
		want = append(want, faultBatch(txid)...)
	}
	records, _ := r.stored()
	require.Equal(r.t, len(want), len(records))
	require.Equal(r.t, want, records)
}

// The server is killed at random moments of 200 batches: each is written once and whole.
func TestSinkKilledServer(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	w := r.open(r.options())
	var reached atomic.Uint64
	kills := make(chan struct{})
	t.Cleanup(func() { <-kills })
	go func() {
		defer close(kills)
		for n := range uint64(8) {
			for reached.Load() < 10+n*22 && t.Context().Err() == nil {
				<-time.After(time.Millisecond)
			}
			<-time.After(rand.N(4 * time.Millisecond)) // somewhere in a batch
			r.kill()
			r.start()
		}
	}()
	for txid := uint64(1); txid <= lastTxid; txid++ {
		require.NoError(t, w.Apply(r.ctx(), txid, faultBatch(txid)))
		reached.Store(txid)
		if txid%20 == 0 {
			w = r.open(r.options())
			require.Equal(t, txid, r.applied(w))
		}
	}
	<-kills
	r.requireAllBatches()
}

// sinkClient, in the environment, has TestSinkClient be a process that writes to the server at this URL.
const sinkClient = "GALE_TEST_SINK_CLIENT"

// TestSinkClient is no test: it is the client that another one kills. It says each txid that it has written.
func TestSinkClient(t *testing.T) {
	url := os.Getenv(sinkClient)
	if url == "" {
		t.Skip("it is run by another test")
	}
	r := &sinkRig{t: t}
	o := r.options()
	o.Access = connector.Access{URL: url}
	w := r.open(o)
	from := r.applied(w)
	for txid := max(from, 1); txid <= lastTxid; txid++ { // the last one again
		require.NoError(t, w.Apply(r.ctx(), txid, faultBatch(txid)))
		fmt.Println("\nwritten", txid)
	}
}

// The client is killed at random moments of 200 batches, and another one takes over.
func TestSinkKilledClient(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	kills := 0
	for written := 0; written < lastTxid; kills++ {
		c := exec.Command(os.Args[0], "-test.run=^TestSinkClient$", "-test.v")
		c.Env = append(os.Environ(), sinkClient+"="+r.access().URL)
		out, err := c.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		stop := written + 5 + rand.IntN(30)
		for lines := bufio.NewScanner(out); lines.Scan() && written < stop; {
			if n, ok := afterWord(lines.Text()); ok {
				written = max(written, n)
			}
		}
		<-time.After(rand.N(2 * time.Millisecond)) // somewhere in a batch
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	require.Greater(t, kills, 4)
	r.requireAllBatches()
}

func afterWord(line string) (n int, ok bool) {
	var err error
	if len(line) > len("written ") && line[:len("written ")] == "written " {
		n, err = strconv.Atoi(line[len("written "):])
		return n, err == nil
	}
	return 0, false
}

// openBatches opens atomic batches that are never committed.
func (r *sinkRig) openBatches(n int) {
	r.t.Helper()
	for i := range n {
		m := &nats.Msg{Subject: "out.open", Header: nats.Header{"Nats-Batch-Id": {fmt.Sprint("open", i)}, "Nats-Batch-Sequence": {"1"}}}
		answer, err := r.nc.RequestMsgWithContext(r.ctx(), m)
		require.NoError(r.t, err)
		require.Empty(r.t, answer.Data)
	}
}

// Each limit of the server has its error, and what passes is waited for.
func TestLimitsOfAtomicBatches(t *testing.T) {
	r := newSinkRig(t)
	r.stream(func(c *js.StreamConfig) { c.Duplicates = time.Minute })

	o := r.options()
	o.Headers = func(string) nats.Header { return nats.Header{"Nats-Msg-Id": {"same"}} }
	require.ErrorIs(t, r.open(o).Apply(r.ctx(), 1, sinkBatch(1, 2)), jetstream.ErrDuplicate)

	r.openBatches(50)
	o = r.options()
	o.Patience = 50 * time.Millisecond
	require.ErrorIs(t, r.open(o).Apply(r.ctx(), 1, sinkBatch(1, 2)), jetstream.ErrBusy)
	require.NoError(t, r.open(r.options()).Apply(r.ctx(), 1, sinkBatch(1, 2)), "the server forgets them after 10 s, which the sink waits for")

	w := r.open(r.options())
	_, err := r.js.UpdateStream(r.ctx(), js.StreamConfig{Name: "OUT", Subjects: []string{"out.>", "marker.OUT.>"}, AllowRollup: true})
	require.NoError(t, err)
	require.ErrorIs(t, w.Apply(r.ctx(), 2, sinkBatch(2, 2)), jetstream.ErrNotAtomic)
	records, _ := r.stored()
	require.Equal(t, sinkBatch(1, 2), records)
}

func TestAServerWithALowerLimit(t *testing.T) {
	t.Setenv(serverBatch, "5")
	r := newSinkRig(t)
	r.stream(nil)
	require.ErrorIs(t, r.open(r.options()).Apply(r.ctx(), 1, sinkBatch(1, 5)), jetstream.ErrTooLarge)
	o := r.options()
	o.MaxBatch = 5
	require.NoError(t, r.open(o).Apply(r.ctx(), 1, sinkBatch(1, 5)))
	records, _ := r.stored()
	require.Equal(t, sinkBatch(1, 5), records)
}

func TestSinkWithoutPermission(t *testing.T) {
	for deny, opens := range map[string]bool{"out.1": true, "marker.>": true, "$JS.API.STREAM.MSG.GET.OUT": true, "$JS.API.STREAM.INFO.OUT": false} {
		t.Run(deny, func(t *testing.T) {
			t.Setenv(serverDeny, deny)
			r := newSinkRig(t)
			r.stream(nil)
			o := r.options()
			o.Access.URL = fmt.Sprintf("nats://few:p@127.0.0.1:%d", r.port)
			o.Timeout = 200 * time.Millisecond
			w, err := jetstream.Sink(o).Open(r.ctx(), sinkID)
			if opens {
				require.NoError(t, err)
				err = w.Apply(r.ctx(), 1, sinkBatch(1, 3))
				require.NoError(t, w.Close())
			}
			require.ErrorIs(t, err, jetstream.ErrDenied)
			require.ErrorContains(t, err, strings.TrimSuffix(deny, ">"))
			records, _ := r.stored()
			require.Empty(t, records)
		})
	}
}

func TestContextEndsAnApply(t *testing.T) {
	r := newSinkRig(t)
	r.stream(nil)
	w := r.open(r.options())
	r.kill()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.Apply(ctx, 1, sinkBatch(1, 1)), context.DeadlineExceeded)
	r.start()
	require.NoError(t, w.Apply(r.ctx(), 1, sinkBatch(1, 1)))
	records, _ := r.stored()
	require.Equal(t, sinkBatch(1, 1), records)
}
