package segment

import (
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
)

// livingRows has a bit for each row of a segment that lives. It is made of the dead ones when the first reader needs it, and kept while the same
// rows are dead: what a batch needs is then a slice of words, however many are dead and wherever they lie.
type livingRows struct {
	dead *roaring.Bitmap // nobody changes it
	rows uint32
	once sync.Once
	bits column.Bitmap
}

// manyRows is which part of a segment's rows a scan must read to be worth a pass over the bits of all: an eighth.
const manyRows = 8

// livingRows gives the rows that live, for a scan of so many of them; nil if all do, or if looking each dead row up costs less.
func (r *Reader) livingRows(dead *roaring.Bitmap, selected int64) *livingRows {
	if dead == nil || dead.IsEmpty() || dead.Maximum() >= r.meta.rows {
		return nil
	}
	if l := r.living.Load(); l != nil && l.dead == dead {
		return l
	}
	if selected < int64(r.meta.rows)/manyRows {
		return nil
	}
	l := &livingRows{dead: dead, rows: r.meta.rows}
	if r.living.Swap(l) == nil {
		r.size.Add(int64(r.meta.rows) / 8)
	}
	return l
}

func (l *livingRows) make() {
	l.bits = make(column.Bitmap, (l.rows+63)/64)
	l.dead.WriteDenseTo(l.bits)
	for i := range l.bits {
		l.bits[i] = ^l.bits[i]
	}
}

// of gives the bits of the rows of some pieces, total of them, and how many of them are set; nil if all are.
func (l *livingRows) of(pieces []piece, total int) (living column.Bitmap, n int) {
	l.once.Do(l.make)
	lo, hi := int(pieces[0].lo), int(pieces[len(pieces)-1].hi)
	if hi-lo == total {
		living = l.bits.Slice(lo, hi)
	} else {
		living = make(column.Bitmap, (total+63)/64)
		at := 0
		for _, p := range pieces {
			living.CopyBits(at, l.bits, int(p.lo), int(p.hi))
			at += int(p.hi - p.lo)
		}
	}
	if n = living.CountRange(0, total); n == total {
		return nil, total
	}
	return living, n
}
