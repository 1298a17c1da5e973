package changelog

import "fmt"

// extent is what a log has: from the floor through the last. Without any record the floor is last+1.
type extent struct{ floor, last uint64 }

// clip returns what a Read that was asked for from..through has to give.
func (e extent) clip(from, through uint64) (uint64, uint64, error) {
	if from == 0 {
		from = e.floor
	}
	if from < e.floor {
		return 0, 0, fmt.Errorf("reading from %d, and the log begins at %d: %w", from, e.floor, ErrGone)
	}
	if through == 0 || through > e.last {
		through = e.last
	}
	return from, through, nil
}

func noSnapshot(name string) error { return fmt.Errorf("%q: %w", name, ErrNoSnapshot) }
