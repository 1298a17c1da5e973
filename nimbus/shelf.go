package nimbus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/galestream/gale/cluster"
)

// shelf is the stream of the object store of programs. Whoever may upload may write into it what is no program: half
// of one, as its client was killed, and entries that can't be read, at which the object store's own list of entries waits for ever.
type shelf struct {
	stream jetstream.Stream
	age    time.Duration // at which what is of no use is removed
}

func (l *leader) shelf(ctx context.Context) (shelf, error) {
	stream, err := l.js.Stream(ctx, cluster.ProgramStream)
	return shelf{stream, l.o.CollectAfter}, err
}

// entry is what the store says of a program.
type entry struct {
	Name    string `json:"name"`
	ID      string `json:"nuid"`
	Deleted bool   `json:"deleted"`
}

// whole reports whether all chunks of a program are there. An upload that finds no room may leave an entry without
// them: the client sends it before it knows what has become of the chunks.
func (s shelf) whole(ctx context.Context, p *jetstream.ObjectInfo) (bool, error) {
	subject := cluster.ProgramChunks + p.NUID
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return false, err
	}
	return info.State.Subjects[subject] == uint64(p.Chunks), nil
}

// tidy removes what is old and of no use. discard is called for old programs, with their age.
func (s shelf) tidy(ctx context.Context, discard func(name string, age time.Duration)) error {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(cluster.ProgramSubjects))
	if err != nil {
		return fmt.Errorf("listing programs: %w", err)
	}
	known := map[string]bool{}
	for subject := range info.State.Subjects {
		if !strings.HasPrefix(subject, cluster.ProgramEntries) {
			continue
		}
		if err := s.tidyEntry(ctx, subject, known, discard); err != nil {
			return err
		}
	}
	for subject := range info.State.Subjects {
		if id, ok := strings.CutPrefix(subject, cluster.ProgramChunks); ok && !known[id] {
			if err := s.removeOld(ctx, subject); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidyEntry puts the id of the entry's chunks into known, unless the entry is of no use.
func (s shelf) tidyEntry(ctx context.Context, subject string, known map[string]bool, discard func(string, time.Duration)) error {
	m, err := s.stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", subject, err)
	}
	var e entry
	if err := json.Unmarshal(m.Data, &e); err != nil || e.Deleted || subject != cluster.ProgramEntries+base64.URLEncoding.EncodeToString([]byte(e.Name)) {
		return s.removeOld(ctx, subject)
	}
	known[e.ID] = true
	if age := time.Since(m.Time); age > s.age {
		discard(e.Name, age)
	}
	return nil
}

// removeOld removes all of a subject, unless some of it is so new that an upload may be under way.
func (s shelf) removeOld(ctx context.Context, subject string) error {
	m, err := s.stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err == nil && time.Since(m.Time) > s.age {
		err = s.stream.Purge(ctx, jetstream.WithPurgeSubject(subject))
	}
	if err != nil {
		return fmt.Errorf("removing %s: %w", subject, err)
	}
	return nil
}
