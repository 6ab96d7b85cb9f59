package scan

import (
	"maps"
	"math/bits"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/automatanexus/aegis-db/column"
)

// An address says where a row lies: in which place, and which row of the place it is. Places above 0 are segments, by their id, and rows of them
// count from 0; places below 0 are generations of the head, whose rows are numbered as the head likes; place OwnRows is the rows that the
// reader's own transaction has written, in the order in which it wrote them, from 0.
//
// An address means one row for as long as its place lasts: flushes and compactions end places, so whoever keeps addresses beyond his
// snapshot hands them to the writer, which refuses those whose place is gone.

// OwnRows is the place of the rows that the reader's transaction has written.
const OwnRows int64 = 0

// RowSet is a set of rows of one table, by address. The zero value is empty. Not safe for concurrent changes.
type RowSet struct {
	Segments map[uint64]*roaring.Bitmap  // by id of the segment
	Others   map[int64]*roaring64.Bitmap // by place: generations of the head, and OwnRows
	rows     int64
}

// Add adds a row and reports whether it was not there yet.
func (s *RowSet) Add(place, row int64) bool {
	added := false
	if place > 0 {
		added = s.segment(uint64(place)).CheckedAdd(uint32(row))
	} else {
		added = s.other(place).CheckedAdd(uint64(row))
	}
	if added {
		s.rows++
	}
	return added
}

// AddAll adds the rows of a batch by the two columns that say where they lie.
func (s *RowSet) AddAll(place, row *column.Vector) {
	var numbers []uint32
	for lo := 0; lo < place.Len; {
		at := place.Int(lo)
		hi := lo + 1
		if place.Enc == column.Const {
			hi = place.Len
		}
		for hi < place.Len && place.Int(hi) == at {
			hi++
		}
		if at <= 0 {
			for i := lo; i < hi; i++ {
				s.Add(at, row.Int(i))
			}
		} else {
			numbers = numbers[:0]
			for i := lo; i < hi; i++ {
				numbers = append(numbers, uint32(row.Int(i)))
			}
			b := s.segment(uint64(at))
			before := b.GetCardinality()
			b.AddMany(numbers)
			s.rows += int64(b.GetCardinality() - before)
		}
		lo = hi
	}
}

func (s *RowSet) segment(id uint64) *roaring.Bitmap {
	b := s.Segments[id]
	if b == nil {
		if s.Segments == nil {
			s.Segments = map[uint64]*roaring.Bitmap{}
		}
		b = roaring.New()
		s.Segments[id] = b
	}
	return b
}

func (s *RowSet) other(place int64) *roaring64.Bitmap {
	b := s.Others[place]
	if b == nil {
		if s.Others == nil {
			s.Others = map[int64]*roaring64.Bitmap{}
		}
		b = roaring64.New()
		s.Others[place] = b
	}
	return b
}

// AddSegment adds rows of a segment, which are copied.
func (s *RowSet) AddSegment(id uint64, rows *roaring.Bitmap) {
	b := s.segment(id)
	s.rows -= int64(b.GetCardinality())
	b.Or(rows)
	s.rows += int64(b.GetCardinality())
}

// Without gives the set without the rows of one place, below or at 0. It shares the others with s.
func (s *RowSet) Without(place int64) *RowSet {
	out := &RowSet{Segments: s.Segments, Others: maps.Clone(s.Others), rows: s.rows}
	if b := out.Others[place]; b != nil {
		out.rows -= int64(b.GetCardinality())
		delete(out.Others, place)
	}
	return out
}

// Contains reports whether a row is in the set.
func (s *RowSet) Contains(place, row int64) bool {
	if place > 0 {
		b := s.Segments[uint64(place)]
		return b != nil && b.Contains(uint32(row))
	}
	b := s.Others[place]
	return b != nil && b.Contains(uint64(row))
}

// Union adds all rows of o, which stays as it is.
func (s *RowSet) Union(o *RowSet) {
	for id, b := range o.Segments {
		s.segment(id).Or(b)
	}
	for place, b := range o.Others {
		s.other(place).Or(b)
	}
	s.rows = 0
	for _, b := range s.Segments {
		s.rows += int64(b.GetCardinality())
	}
	for _, b := range s.Others {
		s.rows += int64(b.GetCardinality())
	}
}

// Len is the number of rows.
func (s *RowSet) Len() int64 { return s.rows }

// SizeBytes is about what the set takes in memory.
func (s *RowSet) SizeBytes() int64 {
	n := int64(0)
	for _, b := range s.Segments {
		n += int64(b.GetSizeInBytes()) + bits.UintSize
	}
	for _, b := range s.Others {
		n += int64(b.GetSizeInBytes()) + bits.UintSize
	}
	return n
}
