package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	firstWait     = 50 * time.Millisecond
	maxWait       = 10 * time.Second
	maxRetryAfter = time.Minute
	maxBodyShown  = 512
	maxBodyRead   = 64 << 10 // of an answer, so that its connection can be used again
)

type request struct {
	key  string
	body []byte
}

// errPermanent marks what the next try would meet again.
var errPermanent = errors.New("can't be sent")

// deliver posts a request until it is taken, or refused, or the patience or the context is over.
func (w *writer[T]) deliver(ctx context.Context, r request) error {
	end := time.Now().Add(w.options.Patience)
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		err := w.post(ctx, r)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		status, answered := errors.AsType[*StatusError](err)
		if answered && !status.passing() || errors.Is(err, errPermanent) {
			return err
		}
		pause := wait/2 + rand.N(wait/2)
		if answered {
			pause = max(pause, status.retryAfter)
		}
		if time.Now().Add(pause).After(end) {
			return fmt.Errorf("tried for %v: %w", w.options.Patience, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// post sends a request once.
func (w *writer[T]) post(ctx context.Context, r request) error {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, w.options.URL, bytes.NewReader(r.body))
	if err != nil {
		return fmt.Errorf("%w: the URL", errPermanent)
	}
	q.Header.Set("Content-Type", w.options.ContentType)
	if w.options.Headers != nil {
		if err := w.options.Headers(q.Header); err != nil {
			return fmt.Errorf("the option Headers: %w", err)
		}
	}
	q.Header.Set(KeyHeader, `"`+r.key+`"`)
	answer, err := w.client.Do(q)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	return judge(answer, r.key)
}

// withoutURL takes the URL out, whose query may have secrets.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func judge(answer *http.Response, key string) error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxBodyRead)) // only shown
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return nil
	}
	return &StatusError{
		Status: answer.StatusCode, Body: string(body[:min(len(body), maxBodyShown)]), Key: key,
		retryAfter: retryAfter(answer.Header.Get("Retry-After"), time.Now()),
	}
}

// retryAfter understands both forms of RFC 9110, section 10.2.3: seconds, and a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
