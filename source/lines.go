package source

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/galestream/gale/topology"
)

// LineFields are the fields that [Lines] emits: line is the text (a string), file the
// path it is from ("-" for standard input), number its number in the file, from 1 (an int64).
var LineFields = []string{"line", "file", "number"}

// LinesOptions are what can be chosen about [Lines]. The zero value is ready.
type LinesOptions struct {
	// MaxLine is the longest line that is emitted, in bytes without its "\n", from 1 to
	// 1 GiB. A longer one is skipped, counted and reported, and does not take more
	// memory. 0 means 1 MiB.
	MaxLine int
	// Stdin is what the path "-" reads; nil means [os.Stdin]. It is not closed. Close
	// interrupts a read that is under way where Stdin has a SetReadDeadline that
	// works, as pipes made by the program and network connections have. The
	// standard input of a process has none as a rule: the goroutine that reads it
	// then ends with its read, at the next input, which is dropped.
	Stdin io.Reader
}

// Lines returns the factory of a spout that reads the lines of the paths, in their order, to
// the end: files, folders and what is below them, and standard input for "-". In a folder
// it takes regular files in the order of their names, and follows no links.
// The spout's stream must be declared with [LineFields].
//
// Where the spout has several tasks each takes every n-th file, and the first takes
// standard input. The tasks of one worker share one list of the files; other workers
// make their own and must find the same files.
//
// Open fails when none of the paths can be read. What can't be read otherwise is
// reported and counted, and the rest goes on.
func Lines(paths ...string) func() topology.Spout {
	return LinesWith(LinesOptions{}, paths...)
}

// LinesWith is [Lines] with options. Open fails when they are out of range.
func LinesWith(options LinesOptions, paths ...string) func() topology.Spout {
	return func() topology.Spout { return &lineSpout{options: options, paths: paths} }
}

// reader is one open source of lines.
type reader interface {
	// next returns the lines that one read brings, which may be none; after
	// io.EOF, which may come with lines, or another error it is not called
	// again. errNothingYet is none.
	next() ([]line, error)
	Close() error
}

type lineSpout struct {
	options LinesOptions
	paths   []string
	tc      *topology.Context
	tally   *tally
	files   []listed // that this task has still to read; current is the first
	current reader   // nil between files
	outbox
}

// Open implements [topology.Opener].
func (s *lineSpout) Open(_ context.Context, tc *topology.Context) error {
	maxLine, err := maxLineOf(s.options.MaxLine)
	if err != nil {
		return topology.Fatal(err)
	}
	s.tc, s.tally = tc, newTally(tc, maxLine)
	l, err := topology.Shared(tc, "source.Lines "+tc.Component, func() (*listing, error) { return list(s.paths), nil })
	if err != nil {
		return err
	}
	if err := l.err(s.paths); err != nil {
		return topology.Fatal(err)
	}
	s.choose(l)
	return nil
}

// choose takes this task's share of the files. The first task speaks of what is missing.
func (s *lineSpout) choose(l *listing) {
	for i, f := range l.files {
		reads := i % s.tc.Parallelism
		if f.name == stdinPath {
			reads = 0
		}
		if reads == s.tc.Index {
			s.files = append(s.files, f)
		}
	}
	if s.tc.Index > 0 {
		return
	}
	for _, err := range slices.Concat(l.missing, l.problems) {
		s.tally.addUnreadable(err)
	}
}

// maxSteps bounds what one Next does when it finds nothing to emit: it opens that many files
// or reads that many blocks of a line that is too long.
const maxSteps = 16

// Next implements [topology.Spout].
func (s *lineSpout) Next(_ context.Context, out *topology.SpoutCollector) error {
	err := s.fill()
	if err == errNothingYet {
		return nil
	}
	if err == nil {
		s.emit(out)
	}
	return err
}

// fill makes steps until there is something to emit.
func (s *lineSpout) fill() error {
	for range maxSteps {
		if !s.empty() {
			return nil
		}
		if err := s.step(); err != nil {
			return err
		}
	}
	s.tc.Wake() // to go on at once, though the runtime may take this Next for an idle one
	return nil
}

// step opens a file or reads once.
func (s *lineSpout) step() error {
	if s.current == nil {
		return s.open()
	}
	lines, err := s.current.next()
	if err == errNothingYet {
		return err
	}
	s.ready = lines
	if err != nil {
		s.finish(err)
	}
	return nil
}

func (s *lineSpout) open() error {
	if len(s.files) == 0 {
		return topology.ErrEnd
	}
	name := s.files[0].name
	scan := s.tally.newScanner(name, true)
	if name == stdinPath {
		s.current = newPipe(s.stdin(), scan, s.tc.Wake)
		return nil
	}
	f, err := openRegular(name)
	if err != nil {
		s.files = s.files[1:]
		s.tally.addUnreadable(err)
		return nil
	}
	s.current = &textFile{file: f, scan: scan}
	return nil
}

func (s *lineSpout) stdin() io.Reader {
	if s.options.Stdin != nil {
		return s.options.Stdin
	}
	return os.Stdin
}

// finish leaves the current file for the reason given.
func (s *lineSpout) finish(why error) {
	file := s.files[0]
	s.files = s.files[1:]
	switch {
	case why == errBinary:
		s.tally.addBinary(file)
	case why != io.EOF:
		s.tally.addUnreadable(readError(file.name, why))
	}
	if err := s.Close(); err != nil {
		s.tc.Report(err)
	}
}

// readError has the name of the file in it, which errors of os have already.
func readError(name string, err error) error {
	var named *os.PathError
	if errors.As(err, &named) {
		return err
	}
	return &os.PathError{Op: "read", Path: name, Err: err}
}

// Close implements [topology.Closer].
func (s *lineSpout) Close() error {
	if s.current == nil {
		return nil
	}
	current := s.current
	s.current = nil
	return current.Close()
}
