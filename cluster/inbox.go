package cluster

import "strings"

// ClientInbox is the prefix of inboxes of clients (nats.CustomInboxPrefix): their credentials let them subscribe to no other, so that
// they don't see what daemons are told.
const ClientInbox = "_INBOX_client"

// WorkerInbox returns the prefix of a worker's inboxes (nats.CustomInboxPrefix): its credentials let it subscribe to no other.
func WorkerInbox(worker string) string { return "_INBOX_" + worker }

// IsInbox reports whether a request that wants its answer on reply may be answered. Daemons may publish anywhere, those
// who ask them may not: without this check an answer could be sent, in the daemon's name, to a record or to another's control.
func IsInbox(reply string) bool { return strings.HasPrefix(reply, "_INBOX") }
