package commit

// breakage says what is broken in a world; the zero breakage is nothing.
type breakage struct {
	wrap          func(*Machine) subject
	noCompare     bool // the log takes what bears an old attempt
	noSeek        bool // a source goes on where it is in a new attempt
	noFenceOnOpen bool // a partition opens without a fence, and joins the attempt that is under way
	foldsAny      bool // a partition folds overlays of other attempts
	acksEarly     bool // a partition acks before its delta is staged
}
