package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

func versionVerb() *verb {
	return &verb{
		name: "version", category: otherVerbs, usage: "tells gale's version", example: "gale version", local: true, run: runVersion,
		about: "Shows the version of this program; 'gale status' shows that of the cluster.",
	}
}

// versionResult is what version writes.
type versionResult struct {
	Gale string `json:"gale"`
	Go   string `json:"go"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
}

func runVersion(i *invocation) error {
	v := versionResult{Gale: version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	return i.show(v, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "gale %s (%s, %s/%s)\n", v.Gale, v.Go, v.OS, v.Arch)
		return err
	})
}

// version is that of the module that this program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
