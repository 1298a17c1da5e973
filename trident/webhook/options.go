package webhook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Options say what a [Sink] posts, and where. URL must be given; the zero values of the rest are ready.
type Options[T any] struct {
	// URL is where records are posted, http or https. It is not in errors beyond its path.
	URL string
	// Client sends the requests; its CheckRedirect is asked after the sink's own rules. Nil means one that keeps a few connections.
	Client *http.Client
	// Encode gives the body of a record, or with Batch its line. Nil means JSON.
	Encode func(record T) ([]byte, error)
	// ContentType is that of the body. Empty means application/json, or with Batch application/x-ndjson.
	ContentType string
	// Headers, if it is not nil, is called before each request is sent, and adds to its headers, credentials for example. It must not change the
	// header Idempotency-Key.
	Headers func(h http.Header) error
	// Timeout is how long one request may take, at least 10 ms. 0 means 10 s.
	Timeout time.Duration
	// MaxBody is how many bytes a body has at most. 0 means 1 MiB. A larger record is an error, and a larger batch
	// goes in several requests.
	MaxBody int
	// Batch sends the records of a batch together, each on a line of its own, instead of one request a record.
	Batch bool
	// Patience is how long Apply goes on trying before it returns an error that may pass. 0 means 1 minute.
	Patience time.Duration
}

const (
	defaultTimeout  = 10 * time.Second
	minTimeout      = 10 * time.Millisecond
	defaultMaxBody  = 1 << 20
	defaultPatience = time.Minute
)

func (o Options[T]) withDefaults() Options[T] {
	if o.Encode == nil {
		o.Encode = func(record T) ([]byte, error) { return json.Marshal(record) }
	}
	contentType := "application/json"
	if o.Batch {
		contentType = "application/x-ndjson"
	}
	o.ContentType = cmp.Or(o.ContentType, contentType)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.MaxBody = cmp.Or(o.MaxBody, defaultMaxBody)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	return o
}

// check lists all that is wrong, after the defaults were filled in. It does not cite the URL, which may have secrets.
func (o Options[T]) check() error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("webhook sink: "+format, a...))
		}
	}
	u, err := url.Parse(o.URL)
	refuse(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "the option URL is no URL with a host, of http or https")
	refuse(o.Timeout < minTimeout, "the option Timeout is %v; it must be at least %v", o.Timeout, minTimeout)
	refuse(o.MaxBody < 1, "the option MaxBody is %d; it must be at least 1", o.MaxBody)
	refuse(o.Patience < 0, "the option Patience is %v; it must not be negative", o.Patience)
	return errors.Join(errs...)
}
