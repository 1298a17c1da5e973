package webhook

import (
	"context"
	"net/http"
	"net/url"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident"
)

// Sink returns a sink that posts records. See the package's doc for what it guarantees, and what the receiver must do.
func Sink[T any](o Options[T]) trident.Sink[T] { return sink[T]{o.withDefaults()} }

type sink[T any] struct{ options Options[T] }

// Kind implements [trident.Sink]. It rests on a receiver that honours the key, and on a batch never changing once it is committed.
func (s sink[T]) Kind() trident.Kind { return trident.Opaque }

// Open implements [trident.Sink]. It sends nothing.
func (s sink[T]) Open(_ context.Context, id trident.SinkID) (trident.Writer[T], error) {
	if err := s.options.check(); err != nil {
		return nil, topology.Fatal(err)
	}
	target, err := url.Parse(s.options.URL)
	if err != nil {
		return nil, topology.Fatal(s.options.check())
	}
	w := &writer[T]{options: s.options, keys: keysOf(id), name: nameOf(target)}
	w.client, w.own = s.client(target)
	return w, nil
}

// client is a copy of the user's, with our rules for redirects; or one of the writer's own, whose connections it closes.
func (s sink[T]) client(target *url.URL) (c *http.Client, own bool) {
	if s.options.Client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		return &http.Client{Transport: transport, CheckRedirect: redirects(target, nil)}, true
	}
	copied := *s.options.Client
	copied.CheckRedirect = redirects(target, copied.CheckRedirect)
	return &copied, false
}

const maxRedirects = 3

// redirects follows what stays a POST, on the same host and scheme. Any other redirect is the answer.
func redirects(target *url.URL, next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		if r.Method != http.MethodPost || r.URL.Host != target.Host || r.URL.Scheme != target.Scheme || len(via) > maxRedirects {
			return http.ErrUseLastResponse
		}
		if next != nil {
			return next(r, via)
		}
		return nil
	}
}
