package cluster

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
)

// A client asks a task of a topology by a message to its worker, without Nimbus. The answer comes on a subject of the
// worker's own, as that of [AskWorker] does and for the same reason, but on one that clients may subscribe to. Questions have a subject
// apart from Nimbus' requests, so that many of them don't hold those up.

// QuestionSubject returns the subject of questions to the tasks of a worker.
func QuestionSubject(topology, worker string) string {
	return "gale.worker." + topology + "." + worker + ".ask"
}

// AnswerSubject returns the subject of the answer to a question: client tells clients apart, number the questions of one; "*"
// stands for all.
func AnswerSubject(topology, worker, client, number string) string {
	return "gale.worker." + topology + "." + worker + ".answer." + client + "." + number
}

// IsAnswerSubject reports whether reply is where a worker may answer a question. It must publish nowhere else at a client's word: on other
// subjects, of its reports and links, its messages are believed.
func IsAnswerSubject(reply, topology, worker string) bool {
	rest, ok := strings.CutPrefix(reply, "gale.worker."+topology+"."+worker+".answer.")
	client, number, two := strings.Cut(rest, ".")
	return ok && two && client != "" && number != "" && !strings.ContainsAny(rest, "*> ") && !strings.Contains(number, ".")
}

// MaxQuestion is how many bytes a question may have, and its answer.
const MaxQuestion = topology.MaxQuestion

// Question is asked of one task.
type Question struct {
	Component string // of the task, at most 255 bytes
	Index     uint32 // of the task among those of the component
	Endpoint  string // at most 255 bytes
	Patience  time.Duration
	Request   []byte // at most MaxQuestion bytes
}

// A question travels as: its version (1 byte), the index (4), how many milliseconds it is waited for (4), the length of the component's id
// (1), that id, the length of the endpoint's name (1), that name, the request. An answer: its version (1), its outcome (1), the
// body. Numbers are big-endian.
const questionVersion = 1

var errQuestion = errors.New("cluster: a question or an answer is malformed")

// Append appends the question as it travels.
func (q *Question) Append(b []byte) []byte {
	b = append(b, questionVersion)
	b = binary.BigEndian.AppendUint32(b, q.Index)
	b = binary.BigEndian.AppendUint32(b, uint32(min(max(q.Patience.Milliseconds(), 1), math.MaxUint32)))
	for _, name := range []string{q.Component, q.Endpoint} {
		name = name[:min(len(name), math.MaxUint8)]
		b = append(append(b, byte(len(name))), name...)
	}
	return append(b, q.Request...)
}

// DecodeQuestion reads a question, whose Request is a part of b.
func DecodeQuestion(b []byte) (q Question, err error) {
	if len(b) < 9 || b[0] != questionVersion {
		return q, errQuestion
	}
	q.Index = binary.BigEndian.Uint32(b[1:])
	q.Patience = time.Duration(binary.BigEndian.Uint32(b[5:])) * time.Millisecond
	b = b[9:]
	for _, name := range []*string{&q.Component, &q.Endpoint} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return Question{}, errQuestion
		}
		*name, b = string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	}
	if len(b) > MaxQuestion {
		return Question{}, errQuestion
	}
	q.Request = b
	return q, nil
}

// Outcome is what became of a question.
type Outcome byte

// The outcomes.
const (
	Answered   Outcome = iota + 1 // the body is the answer
	Declined                      // what answers returned an error, whose text is the body
	NotHere                       // the task does not run in this worker, or not yet, or not any more: nothing was asked
	NoEndpoint                    // the task answers nothing of the name, or not yet: nothing was asked
	Overloaded                    // the worker answers as many questions as it can: nothing was asked
	Lost                          // the task has ended while it answered
	Unreadable                    // the worker can't read the question: nothing was asked
)

// Answer is what a worker answers.
type Answer struct {
	Outcome Outcome
	Body    []byte
}

// Append appends the answer as it travels.
func (a *Answer) Append(b []byte) []byte {
	return append(append(b, questionVersion, byte(a.Outcome)), a.Body...)
}

// DecodeAnswer reads an answer, whose Body is a part of b.
func DecodeAnswer(b []byte) (Answer, error) {
	if len(b) < 2 || b[0] != questionVersion || b[1] < byte(Answered) || b[1] > byte(Unreadable) {
		return Answer{}, errQuestion
	}
	return Answer{Outcome(b[1]), b[2:]}, nil
}
