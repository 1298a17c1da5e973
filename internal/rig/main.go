package rig

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Role is what a process of a rig does, until ctx is done. setting is what [Rig.Start] was given, in JSON. It calls ready, with what
// the test should know, as soon as the process does its work.
type Role func(ctx context.Context, setting []byte, ready func(said string)) error

// The variables by which a process learns what it is to be.
const (
	roleVariable    = "RIG_ROLE"
	settingVariable = "RIG_SETTING"
	markVariable    = "RIG_MARK"
)

// readyFD is the file that a process of a rig says on that it is ready.
const readyFD = 3

// Main returns at once in a test program, and never in a process of a rig. It comes first of all in TestMain.
func Main(roles map[string]Role) {
	name := os.Getenv(roleVariable)
	if name == "" {
		return
	}
	setting := os.Getenv(settingVariable)
	for _, v := range []string{roleVariable, settingVariable} {
		os.Unsetenv(v) // they mean this process alone
	}
	role := roles[name]
	switch name {
	case serverRole:
		role = serve
	case reaperRole:
		role = reap
	}
	if err := play(role, setting); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func play(role Role, setting string) error {
	if role == nil {
		return fmt.Errorf("the test program has no such role")
	}
	syscall.CloseOnExec(readyFD) // workers must not hold it
	said := os.NewFile(readyFD, "ready")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return role(ctx, []byte(setting), func(text string) {
		fmt.Fprintln(said, strings.ReplaceAll(text, "\n", " "))
		said.Close()
	})
}
