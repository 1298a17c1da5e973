package auth

import (
	"github.com/galestream/gale/cluster"
	"github.com/nats-io/jwt/v2"
)

// Role is what a user is, and so what it may do.
type Role string

// The roles. Workers have no name here: [Issuer.WorkerCredentials] makes theirs, for one worker each.
const (
	Daemon Role = "daemon" // Nimbus and supervisors: everything in the account GALE
	Client Role = "client" // the CLI and programs like it: Nimbus' API but credentials, logs, reports, questions to tasks, upload of programs
	App    Role = "app"    // users' topologies and tools: everything in the account APPS, nothing of Gale's
	System Role = "system" // NATS' own monitoring and administration: everything in the account SYS
)

// rolePermissions are those of the roles of the account GALE. No permissions at all means that nothing is denied.
func rolePermissions(role Role) (p jwt.Permissions, ok bool) {
	switch role {
	case Daemon:
		return jwt.Permissions{}, true
	case Client:
		return clientPermissions(), true
	}
	return jwt.Permissions{}, false
}

// control is what is appended to the subject of a link for its control lane.
const control = ".c"

// Where a role may subscribe to a subject that ends in "*", all that is deeper is its own as well: NATS lets it subscribe
// to the same with ">" at the end.

// workerPermissions names all that a worker may say and hear. Two things are missing on purpose, since both would let it
// publish to any subject of the account: requests to JetStream, which sends its answers wherever it is asked to, and
// allow_responses (p.Resp), which lets a worker publish to whatever another one has sent it as a reply. See cluster.ReadAssignment and
// cluster.AskWorker.
func workerPermissions(name, id, worker string) (p jwt.Permissions) {
	out, in := cluster.LinkSubject(id, "*", worker), cluster.LinkSubject(id, worker, "*")
	p.Pub.Allow.Add(out, out+control, cluster.ReportSubject(id, worker),
		cluster.ControlReplySubject(id, worker, "*"), cluster.AnswerSubject(id, worker, "*", "*"), cluster.AssignmentRequestSubject(id, worker))
	p.Sub.Allow.Add(in, in+control, cluster.ControlSubject(id, worker, "*"), cluster.QuestionSubject(id, worker),
		cluster.AssignmentSubject(id, worker), cluster.KeySubject(cluster.AssignmentPrefix+name), cluster.WorkerInbox(worker)+".>")
	return p
}

func clientPermissions() (p jwt.Permissions) {
	for _, verb := range cluster.Verbs {
		if verb != cluster.VerbCredentials {
			p.Pub.Allow.Add(cluster.APISubject(verb))
		}
	}
	p.Pub.Allow.Add(cluster.SupervisorSubject("*", cluster.SupervisorLogs))
	p.Pub.Allow.Add(cluster.QuestionSubject("*", "*"))
	p.Pub.Allow.Add(uploadSubjects()...)
	p.Sub.Allow.Add(cluster.ReportSubject("*", "*"), cluster.AnswerSubject("*", "*", "*", "*"), cluster.ClientInbox+".>")
	return p
}

// uploadSubjects are what it takes to see whether the store of programs has one, and to add one.
func uploadSubjects() []string {
	return []string{
		"$JS.API.STREAM.INFO." + cluster.ProgramStream,
		"$JS.API.DIRECT.GET." + cluster.ProgramStream + "." + cluster.ProgramEntries + "*",
		cluster.ProgramChunks + "*",
		cluster.ProgramEntries + "*",
	}
}
