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
	"time"

	"github.com/galestream/gale/cluster"
)

// fetchTimeout is how long one attempt to fetch a program may take.
const fetchTimeout = 2 * time.Minute

// programMode lets nobody write a program, and nobody else read it.
const programMode = fs.FileMode(0o500)

// fetch writes the program's bytes under another name, and gives it its own only when they are right.
func (p *programs) fetch(ctx context.Context, g *cluster.Program) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	part := g.Digest + ".part"
	defer p.root.Remove(part) //nolint:errcheck // it is not there when all went well
	if err := p.download(ctx, g, part); err != nil {
		return err
	}
	// Mode 0500 comes last: a file that is being written can't be executed.
	if err := p.root.Chmod(part, programMode); err != nil {
		return err
	}
	return p.root.Rename(part, g.Digest)
}

func (p *programs) download(ctx context.Context, g *cluster.Program, part string) error {
	store, err := p.open(ctx)
	if err != nil {
		return err
	}
	object, err := store.Get(ctx, g.Digest)
	if err != nil {
		return err
	}
	defer object.Close()
	defer context.AfterFunc(ctx, func() { object.Close() })() // ends a read that waits
	if err := p.root.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := p.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = copyVerified(f, object, g)
	return errors.Join(err, f.Close(), ctx.Err())
}

// copyVerified copies the program's bytes, and fails unless they are its bytes.
func copyVerified(f *os.File, from io.Reader, g *cluster.Program) error {
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(from, g.Size+1))
	if err != nil {
		return err
	}
	if n != g.Size {
		return fmt.Errorf("it must have %d bytes, the stored one has %d or more", g.Size, n)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != g.Digest {
		return fmt.Errorf("the stored bytes have the SHA-256 %s: submit the topology again", got)
	}
	return f.Sync()
}
