package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/galestream/gale/topology"
)

// requestTimeout is how long one request may take, its answer included.
const requestTimeout = 5 * time.Second

// webhook POSTs alerts to a URL. An answer other than 2xx is an error, which has the alert
// tried again.
type webhook struct {
	url     string
	timeout time.Duration
	client  *http.Client
	tc      *topology.Context
}

func newWebhook(url string, timeout time.Duration) *webhook {
	return &webhook{url: url, timeout: timeout}
}

// Prepare implements topology.Preparer.
func (w *webhook) Prepare(_ context.Context, tc *topology.Context) error {
	w.tc = tc
	w.client = &http.Client{Timeout: w.timeout, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	return nil
}

// Cleanup implements topology.Cleaner.
func (w *webhook) Cleanup() error {
	w.client.CloseIdleConnections()
	return nil
}

// Execute implements topology.Bolt.
func (w *webhook) Execute(ctx context.Context, t *topology.Tuple, _ *topology.Collector) error {
	request, err := w.request(ctx, topology.As[Alert](t))
	if err != nil {
		return err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", withoutURL(err))
	}
	defer response.Body.Close()
	// A connection is used again only when its answer was read.
	if _, err := io.CopyN(io.Discard, response.Body, 64<<10); err != nil && err != io.EOF {
		return fmt.Errorf("webhook: reading the answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("webhook: it answered %s", response.Status)
	}
	return nil
}

func (w *webhook) request(ctx context.Context, a Alert) (*http.Request, error) {
	body, err := json.Marshal(newNotice(a, w.tc.Now()))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", a.transitionKey())
	request.Header.Set("User-Agent", "gale-hostwatch")
	return request, nil
}

// withoutURL takes the URL out of an error: those of webhooks are often secrets.
func withoutURL(err error) error {
	if u := new(url.Error); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// notice is an alert as a webhook gets it.
type notice struct {
	ID        string  `json:"id"`
	State     State   `json:"state"`
	Host      string  `json:"host"`
	Metric    string  `json:"metric"`
	At        string  `json:"at"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Lasted    float64 `json:"lasted_s"`
	Latency   float64 `json:"latency_ms"`
}

func newNotice(a Alert, now time.Time) notice {
	return notice{
		ID: a.ID, State: a.State, Host: a.Host, Metric: a.Metric, At: a.At.UTC().Format(timeFormat),
		Value: a.Value, Threshold: a.Threshold, Lasted: a.Lasted.Seconds(), Latency: a.latency(now),
	}
}
