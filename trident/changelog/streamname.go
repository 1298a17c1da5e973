package changelog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// What a topology's streams and subjects are named. The topology's name is escaped in them.
const (
	streamPrefix  = "GALE_STATE_"
	bucketPrefix  = "gale-state-"
	bucketStream  = "OBJ_" + bucketPrefix
	subjectPrefix = "gale.state."
	objectPrefix  = "$O." + bucketPrefix
)

// maxEscaped bounds escaped names, since those of streams and files have at most 255 bytes.
const maxEscaped = 220

var (
	escaper   = strings.NewReplacer("_", "__", ".", "_d")
	unescaper = strings.NewReplacer("__", "_", "_d", ".")
)

// escape makes a topology's name one that streams, subjects, buckets and folders may have. No two names become the same.
func escape(topology string) (string, error) {
	e := escaper.Replace(topology)
	if e == "" || len(e) > maxEscaped || strings.Trim(e, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return "", fmt.Errorf("a topology named %q can't have a log: its name has to be letters, digits and . _ -, at most %d bytes of which . and _ count twice", topology, maxEscaped)
	}
	return e, nil
}

// unescape undoes escape, and reports whether what it was given may be from it.
func unescape(e string) (topology string, ok bool) {
	topology = unescaper.Replace(e)
	again, err := escape(topology)
	return topology, err == nil && again == e
}

// Permissions lists the subjects that the holder of credentials has to publish and subscribe to so that [JetStream] works for one topology, snapshots
// included, when its connection has the inbox prefix. They reach no other topology's log.
func Permissions(topology, inbox string) (publish, subscribe []string, err error) {
	e, err := escape(topology)
	if err != nil {
		return nil, nil, err
	}
	log := streamPrefix + e
	publish = []string{subjectPrefix + e + ".*", objectPrefix + e + ".C.*", objectPrefix + e + ".M.*"}
	for _, stream := range []string{log, bucketStream + e} {
		for _, call := range []string{"CREATE", "INFO", "UPDATE", "PURGE", "MSG.GET"} {
			publish = append(publish, "$JS.API.STREAM."+call+"."+stream)
		}
	}
	for _, call := range []string{"CREATE", "MSG.NEXT", "DELETE"} {
		publish = append(publish, "$JS.API.CONSUMER."+call+"."+log+".>")
	}
	return publish, []string{inbox + ".>"}, nil
}

// ReadPermissions is [Permissions] for [ReadJetStream]: nothing that is published so changes anything.
func ReadPermissions(topology, inbox string) (publish, subscribe []string, err error) {
	e, err := escape(topology)
	if err != nil {
		return nil, nil, err
	}
	for _, stream := range []string{streamPrefix + e, bucketStream + e} {
		publish = append(publish, "$JS.API.STREAM.INFO."+stream, "$JS.API.STREAM.MSG.GET."+stream)
	}
	return publish, []string{inbox + ".>"}, nil
}

// List names the topologies that have a log in JetStream, in order. It takes the permission to publish to $JS.API.STREAM.NAMES.
func List(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	var topologies []string
	names := js.StreamNames(ctx, jetstream.WithStreamListSubject(subjectPrefix+">"))
	for name := range names.Name() {
		if e, ok := strings.CutPrefix(name, streamPrefix); ok {
			if topology, ok := unescape(e); ok {
				topologies = append(topologies, topology)
			}
		}
	}
	if err := names.Err(); err != nil {
		return nil, fmt.Errorf("listing the logs of topologies: %w", err)
	}
	slices.Sort(topologies)
	return topologies, nil
}

// Remove deletes a topology's log and its snapshots from JetStream. That they are not there is no error. Nobody may have the log open.
func Remove(ctx context.Context, js jetstream.JetStream, topology string) error {
	e, err := escape(topology)
	if err != nil {
		return err
	}
	for _, stream := range []string{streamPrefix + e, bucketStream + e} {
		if err := js.DeleteStream(ctx, stream); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("deleting the stream %q: %w", stream, err)
		}
	}
	return nil
}
