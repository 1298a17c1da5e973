package schedule

// job is a topology that is being planned.
type job struct {
	*Topology
	roster  roster
	owned   []bool   // the tasks that are in workers or lost; owned[0] is task 1's
	workers []Worker // what stays, and then what is new
	lost    [][]int  // the tasks of each worker that must be replaced by one with the same tasks
	orphans []int    // tasks that no worker has
}

// newJob finds out what of the topology stays and what it lacks.
func newJob(t *Topology, c *cluster) *job {
	j := &job{Topology: t, roster: newRoster(t.Components, t.Memory)}
	j.owned = make([]bool, len(j.roster.of))
	for _, up := range []bool{true, false} { // what runs has the first claim on its tasks
		for _, w := range t.Running {
			if c.runs(w) == up {
				j.admit(w, up)
			}
		}
	}
	for i, owned := range j.owned {
		if !owned {
			j.orphans = append(j.orphans, i+1)
		}
	}
	return j
}

func (j *job) admit(w Worker, up bool) {
	tasks := j.own(w.Tasks)
	switch {
	case up && len(tasks) == len(w.Tasks):
		j.workers = append(j.workers, Worker{ID: w.ID, Supervisor: w.Supervisor, Tasks: tasks})
	case len(tasks) > 0:
		j.lost = append(j.lost, tasks)
	}
}

// own returns those of the tasks that exist and that nothing had.
func (j *job) own(tasks []int) []int {
	owned := make([]int, 0, len(tasks))
	for _, task := range tasks {
		if j.roster.has(task) && !j.owned[task-1] {
			j.owned[task-1] = true
			owned = append(owned, task)
		}
	}
	return owned
}

// fresh reports whether nothing of the generation runs: then it gets all that it needs or nothing.
func (j *job) fresh() bool { return len(j.Running) == 0 }

// lacking returns how many workers are to be made.
func (j *job) lacking() int { return len(j.lost) + j.groups() }

// groups returns how many workers the orphans are dealt to.
func (j *job) groups() int {
	if len(j.orphans) == 0 {
		return 0
	}
	wanted := j.Workers - len(j.workers) - len(j.lost)
	return min(max(wanted, 1), len(j.orphans))
}
