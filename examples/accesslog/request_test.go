package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPathOf(t *testing.T) {
	for request, want := range map[string]string{
		"GET / HTTP/1.1":                    "/",
		"GET /a/b HTTP/1.1":                 "/a/b",
		"GET /a?b=/c HTTP/1.1":              "/a",
		"GET /a#b HTTP/1.1":                 "/a",
		"GET /a":                            "/a",
		"GET http://host:80/a?b HTTP/1.1":   "/a",
		"GET http://host HTTP/1.1":          "/",
		"GET http://host?q HTTP/1.1":        "/",
		"GET /go?to=http://host/a HTTP/1.1": "/go",
		"GET /to/http://host/a HTTP/1.1":    "/to/http://host/a",
		"GET ://a HTTP/1.1":                 "/",
		"OPTIONS * HTTP/1.1":                noPath,
		"CONNECT host:443 HTTP/1.1":         noPath,
		"":                                  noPath,
		"\x16\x03\x01":                      noPath,
		"GET":                               noPath,
		"GET  / HTTP/1.1":                   noPath,
		"GET /" + strings.Repeat("x", 300) + " H/1": "/" + strings.Repeat("x", maxPath-1),
	} {
		require.Equal(t, want, pathOf(request), "%q", request)
	}
}
