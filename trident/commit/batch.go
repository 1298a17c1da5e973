package commit

// TxID numbers the batches of a topology: 1, 2, 3, ... without gaps over all its lives. 0 is none.
type TxID uint64

// Attempt is the sequence in the log of the fence that began it. A later attempt has a higher number. 0 is none.
type Attempt uint64

// Batch is the header of a batch that begins.
type Batch struct {
	TxID    TxID
	Attempt Attempt
	// From is the first txid that is not committed: all below is committed, and what is in flight begins here.
	From TxID
	// LastAttempt and LastSequence are the attempt and the log's sequence of the commit of From-1; 0 when From is 1.
	LastAttempt  Attempt
	LastSequence uint64
	// Positions are where the sources' partitions go on, by name: not nil on the first batch of an attempt, nil on the others. Not to be changed.
	Positions map[string][]byte
	// Time is the batch's wall time in milliseconds since 1970. It never goes back.
	Time int64
}

// flight is a batch that was emitted and is not committed. Its index in Machine.flight is its txid less that of the first.
type flight struct {
	txid       TxID
	time       int64
	reports    []report // by source
	missing    int      // reports that have not come
	complete   bool     // the tree is
	emittedAt  moment
	completeAt moment
}

// report is what one source has read for a batch.
type report struct {
	came      bool
	positions map[string][]byte
	records   uint64
}

func (f *flight) prepared() bool { return f.complete && f.missing == 0 }
