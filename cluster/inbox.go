package cluster

// ClientInbox is the prefix of inboxes of clients (nats.CustomInboxPrefix): their credentials let them subscribe to no other, so that
// they don't see what daemons are told.
const ClientInbox = "_INBOX_client"

// WorkerInbox returns the prefix of a worker's inboxes (nats.CustomInboxPrefix): its credentials let it subscribe to no other.
func WorkerInbox(worker string) string { return "_INBOX_" + worker }
