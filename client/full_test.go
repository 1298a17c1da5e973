package client

import (
	"testing"

	"github.com/galestream/gale/cluster"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestS17AFullStoreSaysSo(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.store(t)
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		require.True(t, r.DryRun, "nothing is submitted whose program is not there")
		return cluster.SubmitResponse{Name: r.Definition.Name, Generation: 1}, nil
	})
	js, err := jetstream.New(f.nc)
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "OBJ_"+cluster.ProgramBucket)
	require.NoError(t, err)
	c := stream.CachedInfo().Config
	c.MaxBytes = 1 << 20
	_, err = js.UpdateStream(t.Context(), c)
	require.NoError(t, err)

	_, err = f.client(t).Submit(t.Context(), Submission{Program: program(t, "topology")})
	require.Equal(t, cluster.NoRoom, cluster.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "the store of programs is full")
}
