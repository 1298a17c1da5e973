package client

import (
	"context"
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/galestream/gale/cluster"
	"github.com/stretchr/testify/require"
)

// foreign is an architecture of Linux that this machine isn't of.
func foreign() (arch string, machine elf.Machine) {
	if runtime.GOARCH == "arm64" {
		return "amd64", elf.EM_X86_64
	}
	return "arm64", elf.EM_AARCH64
}

// describer is a program that describes the topology "numbers", for the platform that it was built for.
const describer = `package main

import (
	"os"
	"runtime"
)

func main() {
	text := "{\"name\": \"numbers\", \"os\": \"" + runtime.GOOS + "\", \"arch\": \"" + runtime.GOARCH + "\", " + rest
	if os.WriteFile(os.Getenv("GALE_DESCRIBE"), []byte(text), 0o600) != nil {
		os.Exit(1)
	}
}
`

// writeDescriber writes its sources, in two files, and returns the folder.
func writeDescriber(t *testing.T) string {
	t.Helper()
	d := cluster.Definition{
		Protocol: cluster.Protocol, Workers: 1, Timeout: 30 * time.Second,
		Components: []cluster.Component{{ID: "n", Spout: true, Parallelism: 1}},
	}
	text, err := json.Marshal(map[string]any{"protocol": d.Protocol, "workers": d.Workers, "timeout": d.Timeout, "components": d.Components})
	require.NoError(t, err)
	dir := t.TempDir()
	for name, source := range map[string]string{
		"go.mod": "module describer\n\ngo 1.26\n", "main.go": describer, "rest.go": "package main\n\nconst rest = `" + string(text[1:]) + "`\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600))
	}
	return dir
}

// buildDescriber builds it, though the environment asks for another platform than this machine's.
func buildDescriber(t *testing.T) Binary {
	t.Helper()
	t.Setenv("GOOS", "plan9")
	b, err := Build(t.Context(), writeDescriber(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Remove()) })
	return b
}

// upWith is a supervisor that is up and has n free slots.
func upWith(id, arch string, n int) cluster.SupervisorStatus {
	return cluster.SupervisorStatus{State: "up", Supervisor: cluster.Supervisor{Host: cluster.Host{ID: id, OS: "linux", Arch: arch, Slots: n}}}
}

// placing has the fake take topologies of some architectures only, and keeps what it was asked for. A real
// Nimbus is asked in the tests of the command.
func placing(f *fake, supervisors []cluster.SupervisorStatus, takes func(arch string) error) (asked *[]cluster.SubmitRequest) {
	asked = &[]cluster.SubmitRequest{}
	on(f, cluster.VerbSupervisors, func(cluster.Empty) (any, error) {
		return cluster.SupervisorsResponse{Supervisors: supervisors}, nil
	})
	on(f, cluster.VerbSubmit, func(r cluster.SubmitRequest) (any, error) {
		*asked = append(*asked, r)
		return cluster.SubmitResponse{Name: r.Definition.Name, Generation: 1}, takes(r.Definition.Arch)
	})
	return asked
}

func TestWhatIsUploadedIsForThePlatformThatHasRoom(t *testing.T) {
	arch, machine := foreign()
	f := startFake(t)
	f.lead(t)
	store := f.store(t)
	lost := upWith("c", "s390x", 9)
	lost.State = "lost"
	asked := placing(f, []cluster.SupervisorStatus{upWith("a", runtime.GOARCH, 1), upWith("b", arch, 3), lost}, func(is string) error {
		if is != arch {
			return cluster.Errorf(cluster.NoRoom, "no room on %s", is)
		}
		return nil
	})
	b := buildDescriber(t)
	_, err := f.client(t).Submit(t.Context(), Submission{Program: Program{Path: b.Path}, Cross: b.Cross})
	require.NoError(t, err)
	require.Len(t, *asked, 3)
	last := (*asked)[2]
	require.False(t, last.DryRun)
	require.Equal(t, "linux/"+arch, last.Definition.OS+"/"+last.Definition.Arch)

	file := filepath.Join(t.TempDir(), "uploaded")
	require.NoError(t, store.GetFile(t.Context(), last.Program.Digest, file))
	program, err := elf.Open(file)
	require.NoError(t, err)
	require.Equal(t, machine, program.Machine)
	require.NoError(t, program.Close())
}

func TestWhereThereIsRoomNothingIsBuiltTwice(t *testing.T) {
	f := startFake(t)
	f.lead(t)
	f.store(t)
	arch, _ := foreign()
	asked := placing(f, []cluster.SupervisorStatus{upWith("a", arch, 9), upWith("b", runtime.GOARCH, 1)}, func(string) error { return nil })
	s := Submission{Program: program(t, "topology"), Cross: func(context.Context, string, string) (string, error) {
		return "", cluster.Errorf(cluster.Internal, "it was built again")
	}}
	_, err := f.client(t).Submit(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, *asked, 2)
}

func TestTheRefusalIsThatOfAPlatformThatTheSupervisorsAre(t *testing.T) {
	arch, _ := foreign()
	for name, c := range map[string]struct {
		supervisors []cluster.SupervisorStatus
		want        string
	}{
		"none is this machine's": {[]cluster.SupervisorStatus{upWith("a", arch, 1), upWith("b", "s390x", 2)}, "s390x"},
		"one is":                 {[]cluster.SupervisorStatus{upWith("a", arch, 1), upWith("b", runtime.GOARCH, 0)}, runtime.GOARCH},
		"there are none":         {nil, runtime.GOARCH},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t)
			f.lead(t)
			placing(f, c.supervisors, func(is string) error { return cluster.Errorf(cluster.NoRoom, "no room on %s", is) })
			s := Submission{Program: program(t, "topology"), Cross: func(context.Context, string, string) (string, error) { return "", nil }}
			d, err := DefinitionOf(t.Context(), s.Program)
			require.NoError(t, err)
			d.OS, d.Arch, d.Labels, s.Definition = "linux", runtime.GOARCH, nil, &d
			_, err = f.client(t).Submit(t.Context(), s)
			require.EqualError(t, err, "no room on "+c.want)
		})
	}
}

func TestAReadyProgramForAnotherPlatformIsNotRun(t *testing.T) {
	arch, _ := foreign()
	b := buildDescriber(t)
	path, err := b.Cross(t.Context(), "linux", arch)
	require.NoError(t, err)
	ready, err := Build(t.Context(), path)
	require.NoError(t, err)
	require.Nil(t, ready.Cross)
	_, err = DefinitionOf(t.Context(), Program{Path: ready.Path})
	require.Equal(t, cluster.Invalid, cluster.CodeOf(err))
	require.ErrorContains(t, err, "is a program for linux/"+arch)
	e := new(cluster.Error)
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Hint, "submit the folder")
}
