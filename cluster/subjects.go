package cluster

// Names of what is kept in JetStream.
const (
	Bucket        = "gale"          // key-value: topologies, assignments, supervisors, the epoch
	LeaseBucket   = "gale-lease"    // key-value whose entries expire: who leads
	ProgramBucket = "gale-programs" // object store: programs by digest
)

// Names of the stream of the object store of programs and of its subjects, by NATS' ADR-20: an object has one entry, and chunks in a subject
// of their own.
const (
	ProgramStream   = "OBJ_" + ProgramBucket
	ProgramSubjects = "$O." + ProgramBucket + ".>"
	ProgramEntries  = "$O." + ProgramBucket + ".M." // and the object's name in base64
	ProgramChunks   = "$O." + ProgramBucket + ".C." // and the id that the entry has
)

// Keys of the bucket, and beginnings of keys.
const (
	EpochKey         = "epoch"       // the id of the Nimbus that leads; its revision is the epoch
	TopologyPrefix   = "topology."   // and a topology's name: a [Topology]
	AssignmentPrefix = "assignment." // and a topology's name: an [Assignment]
	SupervisorPrefix = "supervisor." // and a supervisor's id: a [Supervisor]
	LeaseKey         = "leader"      // of the lease bucket
)

// KeySubject returns the NATS subject that a key of the bucket is published on. Who subscribes to it sees
// writes before they are accepted, and those that are refused: it is a hint that it is time to read, no more.
func KeySubject(key string) string { return "$KV." + Bucket + "." + key }

// ServiceName is the name of Nimbus' NATS micro service.
const ServiceName = "gale-nimbus"

// APISubject returns the subject of a request to the leading Nimbus; verbs are the Verb constants.
func APISubject(verb string) string { return "gale.api." + verb }

// BeatSubject returns the subject of a supervisor's beats; "*" for those of all.
func BeatSubject(supervisor string) string { return "gale.supervisor." + supervisor + ".beat" }

// SupervisorSubject returns the subject of a request to a supervisor.
func SupervisorSubject(supervisor, verb string) string {
	return "gale.supervisor." + supervisor + ".api." + verb
}

// ReportSubject returns the subject of a worker's reports. topology is the topology's id, not its
// name; "*" stands for all.
func ReportSubject(topology, worker string) string {
	return "gale.worker." + topology + "." + worker + ".report"
}

// ControlSubject returns the subject of requests to a worker.
func ControlSubject(topology, worker, verb string) string {
	return "gale.worker." + topology + "." + worker + ".ctl." + verb
}

// LinkSubject returns the subject of what worker from sends worker to; "*" for all who send.
func LinkSubject(topology, to, from string) string {
	return "gale.link." + topology + "." + to + "." + from
}
