package frame

import (
	"errors"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
)

// ErrTorn is the cause of every TornError.
var ErrTorn = errors.New("torn record at the end")

// ErrClosed is returned by a Writer after Close.
var ErrClosed = errors.New("frame: writer is closed")

// TornError says that a file ends in a damaged record with nothing valid after it: what a write leaves that
// a crash met half way. Everything before Offset is good. Whoever only ever acknowledges what was synced may
// cut the file there.
type TornError struct {
	File   string
	Offset int64 // where the damaged record begins
	Bytes  int64 // from there to the end of the file
	Reason string
}

func (e *TornError) Error() string {
	return fmt.Sprintf("%s: torn record at offset %d, %d bytes to the end of the file: %s", e.File, e.Offset, e.Bytes, e.Reason)
}

// Unwrap gives ErrTorn.
func (e *TornError) Unwrap() error { return ErrTorn }

// CorruptError says that bytes of a file are not what was written. Its class is column.Corrupt.
type CorruptError struct {
	File   string
	Offset int64 // where the damage begins
	Reason string
	// Records and Bytes count the valid records after the damage, which Repair would drop along with it.
	Records int
	Bytes   int64
	// Unsynced says that no record after the damage was written later than a sync that covered it: so a
	// power cut that let later pages reach the disk before earlier ones explains the damage, and then
	// nothing from Offset on was ever acknowledged. Decay of the disk explains it as well.
	Unsynced bool
}

func (e *CorruptError) Error() string {
	msg := fmt.Sprintf("%s: damage at offset %d: %s", e.File, e.Offset, e.Reason)
	if e.Records > 0 {
		msg += fmt.Sprintf("; %d valid records (%d bytes) follow", e.Records, e.Bytes)
	}
	return msg
}

// Unwrap gives the class.
func (e *CorruptError) Unwrap() error { return column.Corrupt }
