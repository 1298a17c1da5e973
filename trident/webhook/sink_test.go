package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galestream/gale/trident"
	"github.com/galestream/gale/trident/webhook"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// guard is for tests that would otherwise hang: none waits for it when all is well.
const guard = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var id = trident.SinkID{Topology: "bank", Sink: `a/"b"`, Partition: 2}

const prefix = `"bank/a%2F%22b%22/2/`

// receiver honours keys: a body takes effect once. Before that, it lets fault do as it likes, which reports whether it has answered.
type receiver struct {
	*httptest.Server
	fault func(w http.ResponseWriter, n int, known bool) bool
	mu    struct {
		sync.Mutex
		requests int
		known    map[string]string
		effects  []string
		wrong    []string
	}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.mu.known = map[string]string{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	key := q.Header.Get(webhook.KeyHeader)
	was, known := r.mu.known[key]
	r.mu.requests++
	if known && was != string(body) || q.Method != http.MethodPost || key == "" {
		r.mu.wrong = append(r.mu.wrong, fmt.Sprintf("%s %s: %q, was %q", q.Method, key, body, was))
	}
	if r.fault != nil && r.fault(w, r.mu.requests, known) {
		return
	}
	r.take(key, string(body))
	if r.fault != nil {
		r.fault(w, -r.mu.requests, known) // it has taken effect
	}
}

func (r *receiver) take(key, body string) {
	if _, known := r.mu.known[key]; !known {
		r.mu.known[key] = body
		r.mu.effects = append(r.mu.effects, body)
	}
}

func (r *receiver) effects(t *testing.T) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(t, r.mu.wrong)
	return r.mu.effects
}

func (r *receiver) keys() (keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.mu.known {
		keys = append(keys, key)
	}
	return keys
}

func open[T any](t *testing.T, o webhook.Options[T]) trident.Writer[T] {
	t.Helper()
	w, err := webhook.Sink(o).Open(t.Context(), id)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(t.Context(), guard)
	t.Cleanup(cancel)
	return c
}

func TestARequestForEachRecord(t *testing.T) {
	r := newReceiver(t)
	require.Equal(t, trident.Opaque, webhook.Sink(webhook.Options[int]{}).Kind())
	w := open(t, webhook.Options[int]{URL: r.URL})
	require.NoError(t, w.Apply(ctx(t), 7, []int{1, 2}))
	require.NoError(t, w.Apply(ctx(t), 9, []int{2}))
	require.NoError(t, w.Apply(ctx(t), 10, nil))
	require.Equal(t, []string{"1", "2", "2"}, r.effects(t))
	require.ElementsMatch(t, []string{prefix + `7/0"`, prefix + `7/1"`, prefix + `9/0"`}, r.keys())

	other := open(t, webhook.Options[int]{URL: r.URL})
	require.NoError(t, other.Apply(ctx(t), 9, []int{2}), "by a process that takes over")
	require.Len(t, r.effects(t), 3)
	applied, err := other.Applied(ctx(t))
	require.NoError(t, err)
	require.Zero(t, applied)
}

func TestABatchInOneRequest(t *testing.T) {
	r := newReceiver(t)
	w := open(t, webhook.Options[string]{URL: r.URL, Batch: true, MaxBody: 12})
	require.NoError(t, w.Apply(ctx(t), 1, []string{"aa", "bb", "cc", "d"}))
	require.Equal(t, []string{"\"aa\"\n\"bb\"\n", "\"cc\"\n\"d\"\n"}, r.effects(t))
	require.ElementsMatch(t, []string{prefix + `1/0"`, prefix + `1/2"`}, r.keys())
}

// Half of the requests fail, before they take effect or after, in all ways that pass.
func TestWhatPassesIsTriedAgain(t *testing.T) {
	r := newReceiver(t)
	statuses := []int{500, 503, 429, 409, 408, 425}
	r.fault = func(w http.ResponseWriter, n int, _ bool) bool {
		switch {
		case n > 0 && n%4 == 1:
			w.WriteHeader(statuses[n/4%len(statuses)])
		case n > 0 && n%8 == 2, n < 0 && -n%8 == 4:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			return false
		}
		return true
	}
	w := open(t, webhook.Options[int]{URL: r.URL})
	var want []string
	for txid := range uint64(12) {
		require.NoError(t, w.Apply(ctx(t), txid+1, []int{int(txid)}))
		want = append(want, fmt.Sprint(txid))
	}
	require.Equal(t, want, r.effects(t))
	require.Greater(t, r.mu.requests, 20)
}

func TestRetryAfterIsHonoured(t *testing.T) {
	r := newReceiver(t)
	r.fault = func(w http.ResponseWriter, n int, _ bool) bool {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 1
	}
	began := time.Now()
	require.NoError(t, open(t, webhook.Options[int]{URL: r.URL}).Apply(ctx(t), 1, []int{1}))
	require.GreaterOrEqual(t, time.Since(began), time.Second)
	require.Equal(t, []string{"1"}, r.effects(t))
}

func TestARefusalIsAnErrorAtOnce(t *testing.T) {
	r := newReceiver(t)
	r.fault = func(w http.ResponseWriter, n int, _ bool) bool {
		if n == 2 {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, strings.Repeat("x", 1000))
		}
		return n == 2
	}
	w := open(t, webhook.Options[int]{URL: r.URL + "/in?token=s3cr3t"})
	err := w.Apply(ctx(t), 1, []int{1, 2, 3})
	var status *webhook.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, http.StatusUnprocessableEntity, status.Status)
	require.Len(t, status.Body, 512)
	require.Contains(t, err.Error(), "txid 1: post records 2 to 2 of 3 to "+r.URL+"/in: ")
	require.NotContains(t, err.Error(), "s3cr3t")

	require.NoError(t, w.Apply(ctx(t), 1, []int{1, 2, 3}), "again: it goes on from there")
	require.Equal(t, []string{"1", "2", "3"}, r.effects(t))
	require.Equal(t, 4, r.mu.requests)
}

func TestPatienceAndContextEnd(t *testing.T) {
	r := newReceiver(t)
	r.fault = func(w http.ResponseWriter, _ int, _ bool) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	w := open(t, webhook.Options[int]{URL: r.URL, Patience: 100 * time.Millisecond})
	var status *webhook.StatusError
	require.ErrorAs(t, w.Apply(ctx(t), 1, []int{1}), &status)
	require.Equal(t, http.StatusServiceUnavailable, status.Status)

	c, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, open(t, webhook.Options[int]{URL: r.URL, Patience: time.Hour}).Apply(c, 1, []int{1}), context.DeadlineExceeded)
}

func TestARequestWithoutAnswerEnds(t *testing.T) {
	r := newReceiver(t)
	release := make(chan struct{})
	r.fault = func(_ http.ResponseWriter, n int, _ bool) bool {
		if n == 1 {
			<-release
		}
		return false
	}
	w := open(t, webhook.Options[int]{URL: r.URL, Timeout: 20 * time.Millisecond, Patience: time.Millisecond})
	err := w.Apply(ctx(t), 1, []int{1})
	close(release)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), `Post "`)
}

func TestRedirects(t *testing.T) {
	r, foreign := newReceiver(t), newReceiver(t)
	for name, x := range map[string]struct {
		status int
		to     string
		ok     bool
	}{
		"307, same host": {307, r.URL + "/there", true},
		"308, same host": {308, "/there", true},
		"303 is no POST": {303, r.URL + "/there", false},
		"another host":   {307, foreign.URL, false},
		"another scheme": {307, strings.Replace(r.URL, "http:", "https:", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			front := http.NewServeMux()
			front.HandleFunc("/here", func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Location", x.to)
				w.WriteHeader(x.status)
			})
			front.Handle("/there", r)
			r.Config.Handler = front
			err := open(t, webhook.Options[string]{URL: r.URL + "/here"}).Apply(ctx(t), 1, []string{"x"})
			if x.ok {
				require.NoError(t, err)
				return
			}
			var status *webhook.StatusError
			require.ErrorAs(t, err, &status)
			require.Equal(t, x.status, status.Status)
		})
	}
	require.Empty(t, foreign.effects(t))
	require.Len(t, r.effects(t), 1, "both have the same key")
}

func TestHeaders(t *testing.T) {
	r := newReceiver(t)
	seen := make(chan http.Header, 1)
	r.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { seen <- q.Header })
	w := open(t, webhook.Options[int]{URL: r.URL, Batch: true, Headers: func(h http.Header) error {
		h.Set("Authorization", "Bearer t")
		h.Set(webhook.KeyHeader, "mine")
		return nil
	}})
	require.NoError(t, w.Apply(ctx(t), 1, []int{1}))
	h := <-seen
	require.Equal(t, "Bearer t", h.Get("Authorization"))
	require.Equal(t, "application/x-ndjson", h.Get("Content-Type"))
	require.Equal(t, prefix+`1/0"`, h.Get(webhook.KeyHeader))
}

func TestARecordThatCanNotBeSent(t *testing.T) {
	r := newReceiver(t)
	o := webhook.Options[json.RawMessage]{URL: r.URL, Batch: true, MaxBody: 8, Encode: func(m json.RawMessage) ([]byte, error) { return m, nil }}
	require.ErrorContains(t, open(t, o).Apply(ctx(t), 1, []json.RawMessage{[]byte("1"), []byte("2\n3")}), "record 2 of 2: its encoding has a line break")
	require.ErrorContains(t, open(t, o).Apply(ctx(t), 1, []json.RawMessage{[]byte("12345678")}), "record 1 of 1: it has 9 bytes, and MaxBody is 8")
	broken := errors.New("broken")
	o.Encode = func(json.RawMessage) ([]byte, error) { return nil, broken }
	require.ErrorIs(t, open(t, o).Apply(ctx(t), 1, []json.RawMessage{nil}), broken)
	require.Empty(t, r.effects(t))
}

func TestOptionsAreChecked(t *testing.T) {
	for _, u := range []string{"", "nowhere", "ftp://h/", "http://u:s3cr3t@h:port/"} {
		_, err := webhook.Sink(webhook.Options[int]{URL: u, Timeout: 1, MaxBody: -1, Patience: -1}).Open(t.Context(), id)
		for _, want := range []string{"URL is", "Timeout is", "MaxBody is", "Patience is"} {
			require.ErrorContains(t, err, want)
		}
		require.NotContains(t, err.Error(), "s3cr3t")
	}
	u := url.URL{Scheme: "https", Host: "h"}
	_, err := webhook.Sink(webhook.Options[int]{URL: u.String()}).Open(t.Context(), id)
	require.NoError(t, err)
}
