package supervisor

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/galestream/gale/cluster"
)

// passed are the variables that workers have from the supervisor: none that could hold a secret.
var passed = []string{"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOCOVERDIR"}

// environment returns the worker's environment. The topology's own variables come before the supervisor's, but for those by
// which the process learns that it is a worker and where its topology keeps state, and the supervisor knows what it has started. GOMEMLIMIT is 90 % of the memory limit: the garbage collector works harder before the
// supervisor has to kill.
func environment(p *place, o *order) []string {
	vars := map[string]string{"HOME": p.path(workDir)}
	for _, name := range passed {
		if v, ok := os.LookupEnv(name); ok {
			vars[name] = v
		}
	}
	if o.Memory > 0 {
		vars["GOMEMLIMIT"] = fmt.Sprintf("%dKiB", int64(o.Memory)*1024*9/10)
	}
	maps.Copy(vars, o.Program.Env)
	vars[cluster.SpecVariable], vars[cluster.FolderVariable] = p.path(specFile), p.root.Name()
	vars[cluster.StateVariable] = p.path(stateFile)
	env := make([]string, 0, len(vars))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		env = append(env, name+"="+vars[name])
	}
	return env
}
