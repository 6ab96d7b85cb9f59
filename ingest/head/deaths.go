package head

import (
	"sort"
	"sync/atomic"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/meta"
)

// deaths are the rows of one stream that have ended: of a series in a part, by their positions, or of a segment, by their numbers. Each row dies
// once. Additions come in the order of seq, under the lock of whoever holds it; reading needs that lock for reading.
type deaths struct {
	rows  []uint32 // in the order of death
	steps []deathStep
	// all is the set of rows; what at has given away is not changed any more, but replaced.
	all   *roaring.Bitmap
	given atomic.Bool
}

// deathStep says that a commit ended rows[:end] that no commit before it had.
type deathStep struct {
	seq meta.Seq
	end int
}

const (
	deathsBytes  = int64(unsafe.Sizeof(deaths{})) + 200 // with a small bitmap, and its place in a map
	deathBytes   = 6                                    // in the list, and in the bitmap
	commitDeaths = int64(unsafe.Sizeof(deathStep{}))
)

// add notes the deaths of a commit and gives the bytes that they take.
func (d *deaths) add(seq meta.Seq, rows *roaring.Bitmap) int64 {
	grown := deathBytes*int64(rows.GetCardinality()) + commitDeaths
	switch {
	case d.all == nil:
		d.all = roaring.New()
		grown += deathsBytes
	case d.given.Load():
		d.all = d.all.Clone()
		d.given.Store(false)
	}
	d.all.Or(rows)
	at := len(d.rows)
	d.rows = append(d.rows, make([]uint32, rows.GetCardinality())...)
	rows.ManyIterator().NextMany(d.rows[at:])
	d.steps = append(d.steps, deathStep{seq, len(d.rows)})
	return grown
}

// upTo is how many rows had ended at a seq.
func (d *deaths) upTo(seq meta.Seq) int {
	if n := len(d.steps); n == 0 || d.steps[n-1].seq <= seq {
		return len(d.rows)
	}
	if i := sort.Search(len(d.steps), func(i int) bool { return d.steps[i].seq > seq }); i > 0 {
		return d.steps[i-1].end
	}
	return 0
}

// at gives the rows that had ended at a seq, nil if there were none. It is not to be changed.
func (d *deaths) at(seq meta.Seq) *roaring.Bitmap {
	n := d.upTo(seq)
	switch {
	case n == 0:
		return nil
	case n == len(d.rows):
		d.given.Store(true)
		return d.all
	}
	if 2*n < len(d.rows) {
		return roaring.BitmapOf(d.rows[:n]...)
	}
	b := d.all.Clone()
	for _, row := range d.rows[n:] {
		b.Remove(row)
	}
	return b
}

// after gives the rows that ended after a seq, nil if there are none.
func (d *deaths) after(seq meta.Seq) *roaring.Bitmap {
	if n := d.upTo(seq); n < len(d.rows) {
		return roaring.BitmapOf(d.rows[n:]...)
	}
	return nil
}

// since gives the deaths after a seq, nil if there are none: what is left when those before it are elsewhere.
func (d *deaths) since(seq meta.Seq) *deaths {
	rows := d.after(seq)
	if rows == nil {
		return nil
	}
	n := d.upTo(seq)
	out := &deaths{rows: append([]uint32(nil), d.rows[n:]...), all: rows}
	for _, s := range d.steps {
		if s.seq > seq {
			out.steps = append(out.steps, deathStep{s.seq, s.end - n})
		}
	}
	return out
}

// until gives the deaths up to a seq, nil if there are none.
func (d *deaths) until(seq meta.Seq) *deaths {
	n := d.upTo(seq)
	switch {
	case n == 0:
		return nil
	case n == len(d.rows):
		return d
	}
	out := &deaths{rows: d.rows[:n:n], all: roaring.BitmapOf(d.rows[:n]...)}
	for _, s := range d.steps {
		if s.seq <= seq {
			out.steps = append(out.steps, s)
		}
	}
	return out
}

// bytes is the memory that they take.
func (d *deaths) bytes() int64 {
	return deathsBytes + deathBytes*int64(len(d.rows)) + commitDeaths*int64(len(d.steps))
}

// has reports whether one of the rows has ended.
func (d *deaths) has(rows *roaring.Bitmap) bool { return d.all.Intersects(rows) }
