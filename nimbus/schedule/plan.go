package schedule

// Plan returns a Result for each of the topologies, in their order, which is also the order in which they are served where there
// is too little for all: what runs keeps its place, then the first is given what it lacks, then the second. The order of the supervisors
// does not matter. A worker in Running whose supervisor is not there or not Usable is lost: another with the same tasks takes its place.
func Plan(supervisors []Supervisor, topologies []Topology) []Result {
	return nil
}
