package console

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// captureGrace is how long a release waits for more from a process that still has the pipe.
const captureGrace = 200 * time.Millisecond

// Capture puts a pipe in place of *file, which is meant to be os.Stdout, so that what is
// printed there appears above the table. It does so only if *file is the very terminal that
// the table is on; otherwise it changes nothing. It is called before anything runs that may print,
// and release after that has ended: release puts the file back when all is shown.
//
// Meanwhile the file is no terminal to those who ask, and a program that ends by os.Exit without release
// loses what is in the pipe. A goroutine copies; release waits for it until nobody has the
// pipe any more, or nothing has come for 200 ms from a child process that has.
func (c *Console) Capture(file **os.File) (release func(), err error) {
	if c.terminal == nil || !sameFile(c.screen.out, *file) {
		return func() {}, nil
	}
	return capture(c.Above(), file)
}

func sameFile(out io.Writer, file *os.File) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	a, errA := f.Stat()
	b, errB := file.Stat()
	return errA == nil && errB == nil && os.SameFile(a, b)
}

func capture(above io.Writer, file **os.File) (release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("a pipe in place of %s: %w", (*file).Name(), err)
	}
	original := *file
	*file = w
	copied := make(chan struct{})
	go func() { defer close(copied); copyPipe(above, r) }()
	return func() {
		*file = original
		_ = w.Close()
		_ = r.SetReadDeadline(time.Now()) // which tells copyPipe
		<-copied
	}, nil
}

// copyPipe copies until the pipe ends, or is quiet after its deadline. When it can't write, it closes
// the pipe: then those who print get an error, rather than wait for ever.
func copyPipe(above io.Writer, r *os.File) {
	defer r.Close()
	_, err := io.Copy(above, r)
	for more := int64(1); more > 0 && errors.Is(err, os.ErrDeadlineExceeded); {
		_ = r.SetReadDeadline(time.Now().Add(captureGrace))
		more, err = io.Copy(above, r)
	}
}
