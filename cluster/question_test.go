package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/stretchr/testify/require"
)

func TestQuestionsTravel(t *testing.T) {
	for _, q := range []Question{
		{Component: "count", Index: 7, Endpoint: "get", Patience: 1500 * time.Millisecond, Request: []byte{0, 1, 0xff}},
		{Patience: time.Millisecond, Request: make([]byte, topology.MaxQuestion)},
		{Component: strings.Repeat("c", 255), Endpoint: strings.Repeat("e", 255), Index: 1<<32 - 1, Patience: (1<<32 - 1) * time.Millisecond, Request: []byte{}},
	} {
		got, err := DecodeQuestion(q.Append(nil))
		require.NoError(t, err)
		require.Equal(t, q, got)
	}
	q := Question{Patience: -1, Request: make([]byte, topology.MaxQuestion+1)}
	_, err := DecodeQuestion(q.Append(nil))
	require.Error(t, err)
	q.Request = nil
	got, err := DecodeQuestion(q.Append(nil))
	require.NoError(t, err)
	require.Equal(t, time.Millisecond, got.Patience, "a deadline that is over is one that will soon be")
}

func FuzzDecodeQuestion(f *testing.F) {
	q := Question{Component: "count", Index: 7, Endpoint: "get", Patience: time.Second, Request: []byte("x")}
	f.Add(q.Append(nil))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 200, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := DecodeQuestion(b)
		if err != nil {
			require.Zero(t, q)
		} else if q.Patience > 0 {
			require.Equal(t, b, q.Append(nil))
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	a := Answer{Declined, []byte("no")}
	f.Add(a.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeAnswer(b)
		if err != nil {
			require.Zero(t, a)
			return
		}
		require.Equal(t, b, a.Append(nil))
		require.True(t, a.Outcome >= Answered && a.Outcome <= Unreadable)
	})
}

// A client must not be able to have a worker publish on a subject on which its messages are believed.
func TestOnlyAnswersAreAnswers(t *testing.T) {
	require.True(t, IsAnswerSubject(AnswerSubject("T", "W", "c", "1"), "T", "W"))
	for _, reply := range []string{
		"", ReportSubject("T", "W"), LinkSubject("T", "W2", "W"), ControlReplySubject("T", "W", "1"), AssignmentRequestSubject("T", "W"),
		AnswerSubject("T", "W2", "c", "1"), AnswerSubject("U", "W", "c", "1"), AnswerSubject("T", "W", "c", ""), AnswerSubject("T", "W", "", "1"),
		AnswerSubject("T", "W", "c", "*"), AnswerSubject("T", "W", "c", "1.2"), "gale.worker.T.W.answer", "gale.worker.T.W.answer.c",
	} {
		require.False(t, IsAnswerSubject(reply, "T", "W"), reply)
	}
}
