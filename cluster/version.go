package cluster

import "runtime/debug"

// Version returns the version of Gale that this program was built with, as Go's tools know it: "v1.2.3", or "devel".
func Version() string {
	const path = "github.com/galestream/gale"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == path && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
}
