package acker

import "fmt"

// RootID names a tree for as long as anybody may speak of it: the spout task that owns its
// ledger, the slot in that ledger, and the generation of the slot's use. 0 is no tree.
type RootID uint64

const (
	taskBits, slotBits, generationBits = 16, 20, 28

	// MaxTask is the highest task that can own a ledger.
	MaxTask = 1<<taskBits - 1
	// MaxPending is how many trees a ledger can have room for.
	MaxPending = 1 << slotBits

	generationMask = 1<<generationBits - 1
)

func makeRoot(task, slot, generation uint32) RootID {
	return RootID(task)<<(slotBits+generationBits) | RootID(slot)<<generationBits | RootID(generation)
}

// Task returns the task whose ledger has the tree.
func (r RootID) Task() uint32 { return uint32(r >> (slotBits + generationBits)) }

func (r RootID) slot() uint32 { return uint32(r>>generationBits) & (MaxPending - 1) }

func (r RootID) generation() uint32 { return uint32(r) & generationMask }

// String returns "task/slot#generation".
func (r RootID) String() string {
	return fmt.Sprintf("%d/%d#%d", r.Task(), r.slot(), r.generation())
}
