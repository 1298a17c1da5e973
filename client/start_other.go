//go:build !linux

package client

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const startTimeout = time.Second // that ps gets

// startOf returns when a process has started, to the second, as ps says it.
func startOf(pid int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	ps := exec.CommandContext(ctx, "ps", "-o", "lstart=", "-p", strconv.Itoa(pid))
	ps.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC") // it is compared with what another terminal was told
	text, err := ps.Output()
	started := strings.TrimSpace(string(text))
	if err == nil && started == "" {
		err = errors.New("ps says nothing of the process")
	}
	return started, err
}
