package cli

import (
	"maps"
	"slices"

	"github.com/galestream/gale/cluster"
)

// setByGale are the variables of a worker that the cluster sets whatever the topology says, and what to do instead of setting them.
var setByGale = map[string]string{
	cluster.StateVariable:    "a topology on a cluster keeps its state in the cluster's NATS: see gale state -h",
	cluster.FolderVariable:   "each worker has a folder of its own, in which it runs",
	cluster.SpecVariable:     "by it a worker learns what it is to run",
	cluster.DescribeVariable: "by it a program learns that it is to tell its topology, and not to run it",
}

// configVariable is where programs find the configuration that is submitted with them.
const configVariable = "GALE_CONFIG"

// checkVariables refuses those that would be passed over without a word, or would keep workers from working.
func checkVariables(vars map[string]string, configured bool) error {
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		why, set := setByGale[k]
		if k == configVariable && configured {
			why, set = "the configuration is the file that --config, or GALE_CONFIG here, names; give one of them", true
		}
		if set {
			return &usageError{text: "--env " + k + ": Gale sets this variable of workers itself, so leave it out: " + why}
		}
	}
	return nil
}
