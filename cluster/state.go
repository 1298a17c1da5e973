package cluster

import "strings"

// StateVariable is the environment variable by which a worker learns where its topology keeps state. A supervisor has it name
// the file of a [StateAccess].
const StateVariable = "GALE_STATE"

// StateAccess is what a supervisor tells a worker's process of the NATS account in which its topology keeps state, as JSON in a
// file that [StateVariable] names. It is an [Access] in the words that files have; package trident/changelog reads it.
type StateAccess struct {
	URL         string `json:"url"`
	Credentials string `json:"credentials,omitempty"` // file; empty for none
	CA          string `json:"ca,omitempty"`
	Cert        string `json:"cert,omitempty"`
	Key         string `json:"key,omitempty"`
	Inbox       string `json:"inbox,omitempty"` // the prefix of inboxes that the credentials allow; empty for any
}

// StateStreams returns the names of the JetStream streams of a topology's state: its log, and its snapshots. They are those of package
// trident/changelog, as are their subjects.
func StateStreams(topology string) (log, snapshots string) {
	return "GALE_STATE_" + escape(topology), "OBJ_gale-state-" + escape(topology)
}

// StateSubjects returns the subjects of these streams: of the log's records, of the snapshots' parts and of what is said of them.
func StateSubjects(topology string) []string {
	e := escape(topology)
	return []string{"gale.state." + e + ".*", "$O.gale-state-" + e + ".C.*", "$O.gale-state-" + e + ".M.*"}
}

// escape makes one token of a topology's name. No two names have the same: "_" leads an escape, and stands for itself in none.
func escape(name string) string { return strings.NewReplacer("_", "__", ".", "_d").Replace(name) }
