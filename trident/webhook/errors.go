package webhook

import (
	"fmt"
	"net/http"
	"time"
)

// StatusError is an answer that is no success. One that is returned at once says that the receiver will never take the request; one
// that comes after [Options].Patience may have been passing.
type StatusError struct {
	Status int    // of HTTP
	Body   string // its beginning, at most 512 bytes
	Key    string // of the request

	retryAfter time.Duration
}

func (e *StatusError) Error() string {
	hint := ""
	switch {
	case e.Status == http.StatusUnprocessableEntity:
		hint = "; the receiver may know this key with another body: Encode, Batch and MaxBody must stay the same while batches are tried again"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		hint = "; credentials are added by the option Headers"
	case e.Status >= 300 && e.Status < 400:
		hint = "; a redirect is followed only with 307 and 308 and to the same host: put its target into the option URL"
	}
	return fmt.Sprintf("the receiver answered %d %s to %q (%q)%s", e.Status, http.StatusText(e.Status), e.Key, e.Body, hint)
}

// passing reports whether the same request may succeed later.
func (e *StatusError) passing() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= http.StatusInternalServerError
}
