// Command accesslog follows the access log of a web server and alerts on paths that fail or are
// slow.
//
//	accesslog [flags] FILE
//
// It reads the combined format of Apache and nginx, optionally with the request time in
// seconds as a last field ($request_time, or rt=$request_time), and follows the file across
// rotation and truncation, as tail -F does. For each path, without its query, it watches the
// requests of a sliding window. An alert
//
//   - "errors" fires when the share of 5xx reaches a threshold (-errors),
//   - "slow" fires when the share of requests that took longer than a limit does (-slow),
//
// both only on so many requests (-min), and resolves at a lower share, or when the path is silent for
// the length of the window. Standard output has a line for each change, and nothing while
// nothing changes:
//
//	FIRING   errors /api/orders: 3 of 20 requests (15.0 %) in 1m0s failed with 5xx, at 2025-10-14T09:02:11Z
//
// A line that can't be parsed becomes a dead letter: all are counted, the first few are printed
// (DEAD) with what is wrong and where. Requests that can't be judged, older than the window or from
// the future, are counted and the first is reported.
//
// Lines are handled at least once: after a failure or a timeout a line counts again.
package main
