package wire

import (
	"errors"
	"fmt"
	"io"
)

// CorruptError says that bytes are not what an [Encoder] writes. They were damaged, or
// were sent by another version or by a stranger: whoever receives it drops what
// the bytes belong to and reports the sender. Decoding them again gives the same error.
type CorruptError struct {
	Offset int    // where in the bytes that were given to the Decoder
	Reason string // what is wrong there
}

// Error names the offset and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("corrupt value at byte %d: %s", e.Offset, e.Reason)
}

const (
	reasonTruncated = "it ends in the middle of a value"
	reasonReserved  = "no value begins with 0xc1"
)

// reasonOf describes an error of the msgpack library.
func reasonOf(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return reasonTruncated
	}
	return err.Error()
}
