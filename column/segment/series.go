package segment

import (
	"encoding/binary"
	"hash/crc32"
)

// blockSeries is how many series a block of the table holds: with keys of 200 bytes a block of front-coded keys is a few kB, so
// finding one series among a million reads the directory and one block.
const blockSeries = 128

// maxBlock is how large a block may be before compression; larger ones (keys of half a megabyte) are stored as they are, so that a
// reader never needs more than this on a file's word.
const maxBlock = 64 << 20

// seriesTable collects the series of a segment being written, in blocks.
type seriesTable struct {
	zip      func(src, dst []byte) []byte
	count    uint32
	last     []byte // key of the open series
	rows     uint32 // of the open series
	firstRow uint32 // of the open series
	minTime  int64
	maxTime  int64
	lastTime int64
	hasTimes bool

	blocks    []byte
	block     []byte
	inBlock   int
	previous  []byte // key before the open series' in its block
	directory []byte
	entries   int
}

// start closes the open series and opens the next; it gives its ordinal.
func (t *seriesTable) start(key []byte) uint32 {
	if t.count > 0 {
		t.close()
	}
	if t.inBlock == 0 {
		t.directory = binary.AppendUvarint(t.directory, uint64(t.firstRow))
		t.directory = binary.AppendUvarint(t.directory, uint64(len(key)))
		t.directory = append(t.directory, key...)
	}
	t.last = append(t.last[:0], key...)
	t.rows, t.minTime, t.maxTime, t.hasTimes = 0, 0, 0, false
	t.count++
	return t.count - 1
}

// close appends the open series to its block.
func (t *seriesTable) close() {
	shared := 0
	for shared < min(len(t.previous), len(t.last)) && t.previous[shared] == t.last[shared] {
		shared++
	}
	b := binary.AppendUvarint(t.block, uint64(shared))
	b = binary.AppendUvarint(b, uint64(len(t.last)-shared))
	b = append(b, t.last[shared:]...)
	b = binary.AppendUvarint(b, uint64(t.rows))
	b = binary.AppendVarint(b, t.minTime)
	b = binary.AppendUvarint(b, uint64(t.maxTime)-uint64(t.minTime))
	t.block = b
	t.previous = append(t.previous[:0], t.last...)
	t.firstRow += t.rows
	if t.inBlock++; t.inBlock == blockSeries {
		t.closeBlock()
	}
}

func (t *seriesTable) closeBlock() {
	if t.inBlock == 0 {
		return
	}
	// Front coding takes what keys share at their start; labels of one host or pod repeat further on, and zstd takes that: 97
	// bytes a series become some 7 on sets of 8 labels.
	stored := t.block
	if len(t.block) <= maxBlock {
		if z := t.zip(t.block, nil); len(z) < len(t.block) {
			stored = z
		}
	}
	t.directory = binary.AppendUvarint(t.directory, uint64(len(stored)))
	t.directory = binary.AppendUvarint(t.directory, uint64(len(t.block)))
	t.directory = binary.LittleEndian.AppendUint32(t.directory, sum(stored))
	t.blocks = append(t.blocks, stored...)
	t.block, t.previous, t.inBlock = t.block[:0], t.previous[:0], 0
	t.entries++
}

// finish closes what is open and gives the two sections.
func (t *seriesTable) finish() (directory, blocks []byte) {
	if t.count > 0 {
		t.close()
	}
	t.closeBlock()
	return t.directory, t.blocks
}

func (t *seriesTable) sizeBytes() int64 {
	return int64(cap(t.blocks) + cap(t.block) + cap(t.directory))
}

// sum is the checksum of everything we write.
func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
