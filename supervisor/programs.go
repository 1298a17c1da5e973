package supervisor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"github.com/galestream/gale/cluster"
)

// programs are the programs of the machine, each in a file named by its SHA-256. It is safe for concurrent use.
type programs struct {
	root *os.Root
	open func(context.Context) (jetstream.ObjectStore, error)

	mu struct {
		sync.Mutex
		verified map[string]edition       // files that were hashed and right; what has changed since is hashed again
		busy     map[string]chan struct{} // closed when the one who works on the program has done
		used     map[string]time.Time     // last
	}
}

func newPrograms(root *os.Root, open func(context.Context) (jetstream.ObjectStore, error)) *programs {
	p := &programs{root: root, open: open}
	p.mu.verified = map[string]edition{}
	p.mu.busy = map[string]chan struct{}{}
	p.mu.used = map[string]time.Time{}
	return p
}

// edition tells a file from what it is after its bytes were changed, or others took its name: workers run as the same user, and can set the time of the last
// change of bytes back, but not that of the last change of the inode.
type edition struct {
	inode   uint64
	size    int64
	mode    fs.FileMode
	changed time.Time
}

func editionOf(f *os.File) (edition, error) {
	info, err := f.Stat()
	if err != nil {
		return edition{}, err
	}
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return edition{}, err
	}
	return edition{inode(info), info.Size(), info.Mode(), time.Unix(s.Ctim.Unix())}, nil
}

// settled is how old a change must be for another one to be told from it: file systems' clocks are coarse.
const settled = time.Second

// have returns the path of the program, whose bytes are right. It fetches it if need be; whoever else wants it meanwhile waits.
func (p *programs) have(ctx context.Context, g *cluster.Program) (path string, err error) {
	release, err := p.acquire(ctx, g.Digest)
	if err != nil {
		return "", err
	}
	defer release()
	if !p.right(g) {
		if err := p.fetch(ctx, g); err != nil {
			return "", fmt.Errorf("fetching the program %s: %w", g.Digest, err)
		}
	}
	return filepath.Join(p.root.Name(), g.Digest), nil
}

func (p *programs) acquire(ctx context.Context, digest string) (release func(), err error) {
	for {
		busy := p.reserve(digest)
		if busy == nil {
			return func() { p.release(digest) }, nil
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// reserve makes the program the caller's, unless it is another's: then it returns what to wait for.
func (p *programs) reserve(digest string) (busy chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.used[digest] = time.Now()
	if busy = p.mu.busy[digest]; busy == nil {
		p.mu.busy[digest] = make(chan struct{})
	}
	return busy
}

func (p *programs) release(digest string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.mu.busy[digest])
	delete(p.mu.busy, digest)
}

// right reports whether the file is there and has the right bytes. It reads them unless it has done so before, and the
// file is still the same. It is asked right before each launch, too.
func (p *programs) right(g *cluster.Program) bool {
	f, err := openRegular(p.root, g.Digest)
	if err != nil {
		return false
	}
	defer f.Close()
	v, err := editionOf(f)
	if err != nil || v.size != g.Size {
		return false
	}
	if p.known(g.Digest, v) {
		return true
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil || hex.EncodeToString(hash.Sum(nil)) != g.Digest {
		return false
	}
	p.verify(g.Digest, v)
	return v.mode == programMode
}

func (p *programs) known(digest string, v edition) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.verified[digest] == v && v.mode == programMode
}

// verify notes that the file had the right bytes after it had become v.
func (p *programs) verify(digest string, v edition) {
	if time.Since(v.changed) < settled {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.verified[digest] = v
}

// clean removes programs that are not in use and were not for some time, and what broken downloads have left.
func (p *programs) clean(now time.Time, inUse map[string]bool, keep time.Duration) error {
	entries, err := fs.ReadDir(p.root.FS(), ".")
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		digest := strings.TrimSuffix(e.Name(), ".part")
		if inUse[digest] || !p.stale(digest, now, keep) {
			continue
		}
		errs = append(errs, p.root.RemoveAll(e.Name()))
	}
	return errors.Join(errs...)
}

// stale reports that the program was not used for long. Of one that was never used the time begins now.
func (p *programs) stale(digest string, now time.Time, keep time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	used, seen := p.mu.used[digest]
	if !seen {
		p.mu.used[digest] = now
	}
	if !seen || p.mu.busy[digest] != nil || now.Sub(used) < keep {
		return false
	}
	delete(p.mu.used, digest)
	delete(p.mu.verified, digest)
	return true
}
