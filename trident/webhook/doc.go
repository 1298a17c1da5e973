// Package webhook posts the records of a Trident sink to a URL, with a key that tells the receiver what it has had already.
//
// # What is sent
//
// Each request is a POST with the header
//
//	Idempotency-Key: "<topology>/<sink>/<partition>/<txid>/<index>"
//
// as draft-ietf-httpapi-idempotency-key-header-07 has it: a string of RFC 9651, so in quotes. The names are escaped as in a URL's path, and the
// index is that of the request's first record in its batch, from 0. The same key always comes with the same body, in any attempt and
// from any process, as long as Encode, Batch and MaxBody stay what they are. Its order within a partition is that of the records;
// no request is sent before the one before it is answered.
//
// # What is guaranteed, and what it rests on
//
// That each record reaches the receiver at least once; and exactly once if the receiver honours the key: it
// keeps keys and effect in one transaction, and answers a key that it knows with success and without effect. How long it must know
// a key: a batch may come again as long as the topology's log holds it, so give it a day. A receiver that ignores the key
// sees repetitions after faults.
//
// The writer doesn't remember what it has sent beyond the batch that it is sending: [trident.Writer].Applied is 0.
//
// # What an answer means
//
// 2xx is success. 408, 409 (the draft: a request with this key is still being worked on), 425, 429 and 5xx are tried again, and so is what did not reach
// the receiver, with growing pauses, or after what Retry-After says, up to a minute. All else is a [StatusError]: 4xx, and redirects, which are followed only with
// 307 and 308, and only to the same host and scheme.
package webhook
