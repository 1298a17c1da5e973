package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/galestream/gale/trident/changelog"
)

const (
	appendSize = 64 << 10 // bytes
	appends    = 50
)

// timeAppends returns the median time that a log takes to have a record of 64 KiB for good.
func timeAppends(l changelog.Log) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	attempt, err := l.Fence(ctx, nil)
	if err != nil {
		return 0, err
	}
	times := make([]time.Duration, appends)
	payload := make([]byte, appendSize)
	for i := range times {
		began := time.Now()
		if _, err := l.Append(ctx, attempt, changelog.Staged, payload); err != nil {
			return 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[appends/2], nil
}

// folderAppends tells what it takes to have a record on disk, and in memory.
func folderAppends(time.Duration) (_ string, err error) {
	where, err := folderLog()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, where.remove()) }()
	synced, err := openAndTime(where.open)
	if err != nil {
		return "", err
	}
	unsynced, err := openAndTime(func(string) (changelog.Log, error) { return changelog.Memory(), nil })
	return fmt.Sprintf("a record of 64 KiB is in the synced file after %.0f us (p50), in memory after %.1f us", micros(synced), micros(unsynced)), err
}

// streamAppends tells what it takes to have a record in JetStream.
func streamAppends(time.Duration) (_ string, err error) {
	h, err := startHub()
	defer func() { err = errors.Join(err, h.stop()) }()
	if err != nil {
		return "", err
	}
	synced, err := openAndTime(h.log)
	return fmt.Sprintf("a record of 64 KiB is in JetStream, synced, after %.0f us (p50)", micros(synced)), err
}

func openAndTime(open logOpener) (took time.Duration, err error) {
	l, err := open("appends")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return timeAppends(l)
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// log opens the log of a topology in the hub's JetStream, by the hub's connection.
func (h *hub) log(topologyName string) (changelog.Log, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return changelog.JetStream(ctx, h.nc, topologyName, changelog.Options{})
}
