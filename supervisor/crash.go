package supervisor

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/galestream/gale/cluster"
)

// Limits of a crash report, and of what is read of the log for it.
const (
	crashLines     = 20
	crashLineBytes = 1 << 10
	panicBytes     = 16 << 10
	crashRead      = 256 << 10
)

// panicLine begins what the Go runtime prints before it ends the process.
var panicLine = regexp.MustCompile(`(?m)^(panic: |fatal error: |SIG[A-Z]+: )`)

// crash reports the end of a process, from what its life has left in the log.
func (p *place) crash(worker string, c *child, status, reason string) *cluster.Crash {
	report := &cluster.Crash{At: time.Now(), Worker: worker, Life: c.Life, Reason: reason}
	log := p.logOf(c)
	report.LastLog = lastLines(log, crashLines)
	if canBePanic(status) {
		report.Panic = panicOf(log)
	}
	return report
}

// canBePanic reports whether the Go runtime ends a process so: with status 2, or SIGABRT when it is to dump core.
func canBePanic(status string) bool {
	return status == "exit status 2" || strings.HasPrefix(status, "signal: aborted") || status == unknownStatus
}

// logOf returns the end of what the process has written into the log, as far as it was not rotated away.
func (p *place) logOf(c *child) []byte {
	f, err := openRegular(p.root, logFile)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(0, info.Size()-crashRead)
	if inode(info) == c.LogInode {
		from = max(from, c.LogStart)
	}
	log, err := io.ReadAll(io.NewSectionReader(f, from, crashRead))
	if err != nil {
		return nil
	}
	return log
}

func lastLines(log []byte, n int) []string {
	var lines []string
	all := bytes.Split(bytes.TrimRight(log, "\n"), []byte("\n"))
	for _, line := range all[max(0, len(all)-n):] {
		if len(line) > 0 {
			lines = append(lines, clean(line, crashLineBytes))
		}
	}
	return lines
}

// panicOf returns the last panic that the log has, with its stack.
func panicOf(log []byte) string {
	found := panicLine.FindAllIndex(log, -1)
	if len(found) == 0 {
		return ""
	}
	text := log[found[len(found)-1][0]:]
	if !bytes.Contains(text, []byte("goroutine ")) {
		return ""
	}
	return clean(bytes.TrimRight(text, "\n"), panicBytes)
}

// clean returns text of at most limit bytes that JSON can hold.
func clean(text []byte, limit int) string {
	return strings.ToValidUTF8(string(text[:min(len(text), limit)]), "\uFFFD")
}

// inode returns the number that a file keeps when it is renamed.
func inode(info os.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}
