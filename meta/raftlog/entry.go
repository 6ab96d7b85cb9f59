package raftlog

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/hashicorp/raft"
)

// Record types in a log segment.
const (
	// recEntry is a log entry.
	recEntry = 1
	// recDropSuffix removes all entries from an index (u64) on.
	recDropSuffix = 2
	// recDropPrefix removes all entries before an index (u64).
	recDropPrefix = 3
	// recSeal ends a segment that another one follows; it holds the index (u64) that comes next, 0 if the
	// log is empty.
	recSeal = 4
)

// entryHeader is index, term, time (u64 each) and type (u8). The length of the extensions follows as uvarint.
const entryHeader = 25

// noTime stands for the zero time.Time, which nanoseconds since 1970 cannot express.
const noTime = math.MinInt64

// appendEntryHead appends an encoded entry up to its data.
func appendEntryHead(dst []byte, l *raft.Log) []byte {
	at := int64(noTime)
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	dst = binary.LittleEndian.AppendUint64(dst, l.Index)
	dst = binary.LittleEndian.AppendUint64(dst, l.Term)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(at))
	dst = append(dst, byte(l.Type))
	dst = binary.AppendUvarint(dst, uint64(len(l.Extensions)))
	return append(dst, l.Extensions...)
}

// entrySize bounds the encoded size from above.
func entrySize(l *raft.Log) int {
	return entryHeader + binary.MaxVarintLen64 + len(l.Extensions) + len(l.Data)
}

var errEntry = errors.New("malformed log entry")

// decodeEntry decodes into l, whose slices then lie in b.
func decodeEntry(l *raft.Log, b []byte) error {
	if len(b) < entryHeader+1 {
		return errEntry
	}
	rest := b[entryHeader:]
	n, size := binary.Uvarint(rest)
	if size <= 0 || n > uint64(len(rest)-size) {
		return errEntry
	}
	rest = rest[size:]
	*l = raft.Log{
		Index:      binary.LittleEndian.Uint64(b),
		Term:       binary.LittleEndian.Uint64(b[8:]),
		Type:       raft.LogType(b[24]),
		Extensions: rest[:n:n],
		Data:       rest[n:],
	}
	if n == 0 {
		l.Extensions = nil
	}
	if at := int64(binary.LittleEndian.Uint64(b[16:])); at != noTime {
		l.AppendedAt = time.Unix(0, at)
	}
	return nil
}

func appendIndex(index uint64) []byte { return binary.LittleEndian.AppendUint64(nil, index) }

func decodeIndex(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, errors.New("malformed index")
	}
	return binary.LittleEndian.Uint64(b), nil
}
