package webhook

import (
	"net/url"
	"strconv"

	"github.com/galestream/gale/trident"
)

// KeyHeader is the header that has the key of a request.
const KeyHeader = "Idempotency-Key"

// keys makes the keys of a partition.
type keys struct{ prefix string }

// keysOf escapes the names, so that different partitions never have the same key, and a key has no quotes.
func keysOf(id trident.SinkID) keys {
	return keys{url.PathEscape(id.Topology) + "/" + url.PathEscape(id.Sink) + "/" + strconv.Itoa(id.Partition) + "/"}
}

// of is the key of the request whose first record has the index.
func (k keys) of(txid uint64, index int) string {
	return k.prefix + strconv.FormatUint(txid, 10) + "/" + strconv.Itoa(index)
}

// nameOf is a URL for people to read: without password, and without a query, which may have secrets.
func nameOf(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
