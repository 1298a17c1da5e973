package process

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/galestream/gale/cluster"
)

// ReadSpec reads the file that cluster.SpecVariable names.
func ReadSpec(file string) (spec cluster.WorkerSpec, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return spec, fmt.Errorf("the worker's spec: %w", err)
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		return spec, fmt.Errorf("the worker's spec %s: %w", file, err)
	}
	if spec.Protocol != cluster.Protocol {
		return spec, fmt.Errorf("the supervisor speaks protocol %d, this program %d: build the program with the cluster's version of Gale", spec.Protocol, cluster.Protocol)
	}
	return spec, nil
}
