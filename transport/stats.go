package transport

// Stats is how a link to a peer fares.
type Stats struct {
	Up          bool  // both ends know each other, and the peer has been heard of in the last 6 s
	Sent        int64 // frames, without those sent again
	Resent      int64 // frames sent again
	Received    int64 // frames that were the next of their lane
	Duplicates  int64 // frames received before, and dropped
	Refused     int64 // frames of another life, after a gap, or malformed; dropped
	Bytes       int64 // of frames sent and sent again
	Unconfirmed int   // frames that are kept until the peer confirms them, or that wait
	Blocked     int64 // Sends that found no credit

	// What follows is counted anew when either end begins a new life. When the sums over all ends are equal, nothing is under way.
	SlabsSent       int64 // taken by Send
	SlabsHandled    int64 // received and granted
	ControlsSent    int64 // given to Control
	ControlsHandled int64 // received, and the Handler has returned
}
