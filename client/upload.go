package client

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go/jetstream"
)

// upload sends the program to the store, unless it is there.
func (c *Client) upload(ctx context.Context, path string, p cluster.Program, progress func(sent, total int64)) error {
	store, err := c.programs(ctx)
	if err != nil {
		return err
	}
	if holds(ctx, store, p) {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return cluster.Errorf(cluster.Invalid, "the program can't be read: %v", err)
	}
	defer f.Close()
	r := &counted{r: f, total: p.Size, progress: progress}
	if _, err := store.Put(ctx, jetstream.ObjectMeta{Name: p.Digest, Description: "a program of Gale"}, r); err != nil {
		return storeError(ctx, err)
	}
	return nil
}

func holds(ctx context.Context, store jetstream.ObjectStore, p cluster.Program) bool {
	info, err := store.GetInfo(ctx, p.Digest)
	return err == nil && int64(info.Size) == p.Size
}

// stored reports whether the program is in the store; also when the store can't be asked.
func (c *Client) stored(ctx context.Context, p cluster.Program) bool {
	store, err := c.programs(ctx)
	return err != nil || holds(ctx, store, p)
}

func (c *Client) programs(ctx context.Context) (jetstream.ObjectStore, error) {
	js, err := jetstream.New(c.nc)
	if err != nil {
		return nil, err
	}
	store, err := js.ObjectStore(ctx, cluster.ProgramBucket)
	if err != nil {
		return nil, storeError(ctx, err)
	}
	return store, nil
}

func storeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return cluster.Errorf(cluster.Unavailable, "the cluster has no store for programs").WithHint("start a Nimbus: it makes one")
	}
	if e := new(jetstream.APIError); errors.As(err, &e) && e.ErrorCode == codeNoRoom {
		return cluster.Errorf(cluster.NoRoom, "the store of programs is full: %v", err).
			WithHint("kill topologies that are not needed, or wait: programs that none runs are removed ten minutes after their upload")
	}
	return cluster.Errorf(cluster.Unavailable, "uploading the program: %v", err)
}

// codeNoRoom is NATS' code of a write that finds no room in its stream, or on the disk.
const codeNoRoom = 10077

// counted tells how much was read.
type counted struct {
	r           io.Reader
	sent, total int64
	progress    func(sent, total int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sent += int64(n)
	if c.progress != nil && n > 0 {
		c.progress(c.sent, c.total)
	}
	return n, err
}
