package schedule

// Supervisor is a machine's share of the cluster: where workers can run.
type Supervisor struct {
	ID       string // unique
	OS       string // as GOOS
	Arch     string // as GOARCH
	Slots    int    // workers that it runs at most
	Memory   int    // MiB that its workers may use together; 0: not known, and so not limited
	CPU      int    // percent of a core that they may use together; 0: not known, and so not limited
	Labels   map[string]string
	Usable   bool // it is up and healthy. The workers of one that isn't are lost.
	Draining bool // it gets no new workers; those that it runs stay until their topology has a new generation
}

// Topology is what is to run, and what of it runs.
type Topology struct {
	Name       string            // unique
	OS         string            // that its program runs on; "" for any
	Arch       string            // that its program runs on; "" for any
	Components []Component       // in the order in which task ids are given out
	Workers    int               // that are wanted, at least 1; a topology never has more than tasks
	Memory     int               // MiB that each worker needs; 0: the sum of its tasks' hints
	Isolate    int               // supervisors that it wants for itself, those not counted that it has to leave; 0 for none
	Labels     map[string]string // that its supervisors must have
	Running    []Worker          // the workers of the generation that is planned; none when it is new
	Previous   Generation        // which the planned one takes the place of; zero for none
}

// Component is a spout or bolt of a topology.
type Component struct {
	ID          string   // unique in its topology
	Parallelism int      // how many tasks it has, at least 1
	Memory      int      // MiB that one task needs; 0: nothing is said
	CPU         int      // percent of a core that one task needs; 0: nothing is said
	Inputs      []string // the ids of components that it receives from
}

// Worker is a process of a topology. The ids of its tasks count from 1, in the order of
// the topology's components and each component's parallelism, and ascend.
type Worker struct {
	ID         string // empty for a worker that is to be made: the caller gives it one
	Supervisor string // that runs it, or did
	Tasks      []int
}

// Generation is a set of workers that run, or ran, all tasks of a topology, which may have had other components then.
// While Plan places the one that comes after it, its slots, memory and CPU count as free, because it goes away. For all
// other topologies they are taken as long as the caller names it, so that the caller can go back to it.
type Generation struct {
	Components []Component
	Memory     int // MiB that each worker needs; 0: the sum of its tasks' hints
	Isolate    int // supervisors that it had for itself; 0 for none
	Workers    []Worker
}

// Result is the plan for a topology.
type Result struct {
	Name string
	// Workers are all that should run: those of Running that can stay, in their order, then new ones without id.
	// A Topology without Running gets all that it needs or none.
	Workers []Worker
	// Problem says, for people, why tasks have no worker, and what can be done; empty when all have one.
	Problem string
}
