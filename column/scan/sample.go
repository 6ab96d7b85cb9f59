package scan

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
)

// Sample is a part of the rows of a table, by chance. Which rows it has follows from their addresses and the seed alone, so that it is the same as
// long as they stay where they are.
type Sample struct {
	// Below is how many of the 2³² values that a hash can have mean that a row, or a block of rows, is in it.
	Below uint64
	Seed  uint64
}

// SampleBlock is how many rows TABLESAMPLE SYSTEM takes or leaves together: those of a place whose numbers are the same but for the last bits. So
// many are worth a page of their own.
const SampleBlock = 4096

// SampleOf makes a sample of row i of two vectors: how many rows of a hundred, a real, and the seed, a double precision.
func SampleOf(percent, seed *column.Vector, i int) (Sample, error) {
	if percent.IsNull(i) {
		return Sample{}, column.SQLErrorf(column.Invalid, "2202H", "TABLESAMPLE parameter cannot be null")
	}
	if seed.IsNull(i) {
		return Sample{}, column.SQLErrorf(column.Invalid, "2202G", "TABLESAMPLE REPEATABLE parameter cannot be null")
	}
	p := percent.Float(i)
	if !(p >= 0 && p <= 100) { // NaN is not
		return Sample{}, column.SQLErrorf(column.Invalid, "2202H", "sample percentage must be between 0 and 100")
	}
	s := seed.Float(i)
	if s == 0 {
		s = 0 // minus zero is the same seed
	}
	return Sample{Below: uint64(math.RoundToEven((math.MaxUint32 + 1) * p / 100)), Seed: math.Float64bits(s)}, nil
}

// Has reports whether a row, or a block, of a place is in the sample.
func (s Sample) Has(place, number int64) bool {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(place))
	binary.LittleEndian.PutUint64(b[8:], uint64(number))
	return xxh3.HashSeed(b[:], s.Seed)>>32 < s.Below
}

// HasBlock reports whether the block of a row is in the sample.
func (s Sample) HasBlock(place, row int64) bool { return s.Has(place, row/SampleBlock) }
