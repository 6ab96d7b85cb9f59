package rowindex

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column/index"
)

// stretchRows is how many rows a filter is about: those of a page of a fresh segment.
const stretchRows = 8 << 10

// sliceBlock is the size of a filter's block in bytes.
const sliceBlock = 32

// slices32 are the filters of all stretches, of equal size, block by block: slice i holds block i of each.
type slices32 struct {
	stretches, count int
	blocks           []index.Block // slice after slice
}

func newSlices(rows int64, parts, bits int) *slices32 {
	if bits == 0 {
		bits = index.FilterBits
	}
	s := &slices32{stretches: int((rows + stretchRows - 1) / stretchRows)}
	s.count = index.FilterBlocks(min(rows, stretchRows)*int64(parts), bits)
	s.blocks = make([]index.Block, s.stretches*s.count)
	return s
}

func (s *slices32) sizeBytes() int64 { return int64(len(s.blocks)) * sliceBlock }

func (s *slices32) add(key []byte, row uint32) {
	hash := index.FilterHash(key)
	s.blocks[index.FilterBlock(hash, s.count)*s.stretches+int(row/stretchRows)].Add(hash)
}

// slice is slice i as it is stored.
func (s *slices32) slice(i int) []byte {
	out := make([]byte, 0, s.stretches*sliceBlock)
	for k := range s.stretches {
		for _, word := range s.blocks[i*s.stretches+k] {
			out = binary.LittleEndian.AppendUint32(out, word)
		}
	}
	return out
}
