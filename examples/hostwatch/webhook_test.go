package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/topology/topologytest"
	"github.com/stretchr/testify/require"
)

// receiver is a server that alerts are POSTed to. It answers with the statuses that it was
// given, and then with 200.
type receiver struct {
	*httptest.Server
	requests chan request
	statuses []int
}

type request struct {
	method, contentType, key string
	notice                   notice
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	r := &receiver{requests: make(chan request, 100), statuses: statuses}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP implements http.Handler. The bolt makes one request at a time.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	got := request{method: q.Method, contentType: q.Header.Get("Content-Type"), key: q.Header.Get("Idempotency-Key")}
	if err := json.NewDecoder(q.Body).Decode(&got.notice); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.requests <- got
	if len(r.statuses) > 0 {
		w.WriteHeader(r.statuses[0])
		r.statuses = r.statuses[1:]
	}
}

// taken returns the requests so far.
func (r *receiver) taken() (out []request) {
	for len(r.requests) > 0 {
		out = append(out, <-r.requests)
	}
	return out
}

// alertTo has an alert fire, and resolve a second later, with the URL as webhook. It returns
// what is printed.
func alertTo(t *testing.T, url string) (*topologytest.Harness, []string) {
	o := testOptions()
	o.hold, o.webhook = 0, url
	var out strings.Builder
	h := topologytest.New(t, watch(o, &out), topologytest.Fed("samples"), topologytest.Serialize())
	feed(h, "cpu", 95, 5)
	h.Run()
	return h, lines(&out)
}

func TestWebhook(t *testing.T) {
	r := newReceiver(t, http.StatusNoContent, http.StatusCreated)
	h, printed := alertTo(t, r.URL)
	require.Len(t, printed, 2)
	require.Empty(t, h.Errors())

	got := r.taken()
	require.Len(t, got, 2)
	fired, resolved := got[0].notice, got[1].notice
	require.Equal(t, "POST application/json", got[0].method+" "+got[0].contentType)
	require.Equal(t, notice{
		ID: fired.ID, State: Firing, Host: fired.Host, Metric: "cpu", At: "2026-01-01T00:00:00.000Z", Value: 95, Threshold: 90,
	}, fired)
	require.Equal(t, notice{
		ID: fired.ID, State: Resolved, Host: fired.Host, Metric: "cpu", At: "2026-01-01T00:00:01.000Z", Value: 5, Threshold: 70, Lasted: 1,
	}, resolved)
	require.Equal(t, fmt.Sprintf("%s-FIRING-%d", fired.ID, epoch.UnixMilli()), got[0].key)
	require.Equal(t, fmt.Sprintf("%s-RESOLVED-%d", fired.ID, epoch.UnixMilli()+1000), got[1].key)
}

func TestWebhookTriesAgain(t *testing.T) {
	r := newReceiver(t, 500, 503, 429)
	h, printed := alertTo(t, r.URL)
	require.Len(t, printed, 2, "nothing was given up")
	require.Len(t, h.Acked("webhook"), 2)

	got := r.taken()
	require.Len(t, got, 5)
	for i, q := range got[:4] {
		require.Equal(t, Firing, q.notice.State, "RESOLVED must not overtake it")
		require.Equal(t, got[0].key, q.key)
		require.Equal(t, i > 0, q.notice.Latency > 0, "latency %v of attempt %d", q.notice.Latency, i)
	}
	require.Greater(t, got[3].notice.Latency, 875.0, "the least of three pauses")
	require.Equal(t, Resolved, got[4].notice.State)
	require.NotEqual(t, got[0].key, got[4].key)
}

func TestWebhookGivesUp(t *testing.T) {
	var always []int
	for range webhookRetry.Attempts {
		always = append(always, 500)
	}
	r := newReceiver(t, always...)
	h, printed := alertTo(t, r.URL)
	got := r.taken()
	require.Len(t, got, webhookRetry.Attempts+1)
	for _, q := range got[:webhookRetry.Attempts] {
		require.Equal(t, got[0].key, q.key)
	}
	require.Equal(t, Resolved, got[webhookRetry.Attempts].notice.State, "the next alert has its own attempts")

	require.Len(t, printed, 3)
	require.Regexp(t, `^NOT DELIVERED in 8 attempts, webhook: it answered 500 Internal Server Error: 2026-01-01T00:00:00.000Z FIRING   cpu 95.0% > 90.0% for 0s \(latency \d+\.\d ms\)$`, printed[2])
	require.Len(t, h.Values("webhook", "dead-letter"), 1)
	for _, tree := range h.Trees("samples") {
		require.NoError(t, tree.Cause, "a letter that was printed is dealt with")
	}
}

func TestWebhookThatIsDown(t *testing.T) {
	r := newReceiver(t)
	r.Close()
	secret := r.URL + "/secret-token"
	_, printed := alertTo(t, secret)
	require.Len(t, printed, 4)
	for _, line := range printed[2:] {
		require.Contains(t, line, "connection refused")
		require.NotContains(t, line, "secret-token")
	}
}

// A server that accepts and never answers costs a request its timeout, not the program its life.
func TestWebhookThatHangs(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-q.Context().Done():
		case <-released:
		}
	}))
	t.Cleanup(func() { close(released); server.Close() })

	hasty := func() topology.Bolt { return newWebhook(server.URL, 20*time.Millisecond) }
	alert := []any{"id", "FIRING", "host", "cpu", epoch, 95.0, 90.0, int64(0)}
	r := topologytest.RunBolt(t, hasty, nil, topology.FieldsOf[Alert]().Names(), [][]any{alert})
	require.Len(t, r.Failed, 1)
	require.ErrorContains(t, r.Failed[0].Cause, "Client.Timeout exceeded")
}
