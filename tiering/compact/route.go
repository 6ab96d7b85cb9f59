package compact

import (
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/meta"
)

// route says where the rows of a merge's inputs went, so that rows that are deleted while it runs, or are known by their old
// addresses when it is over, are found in the outputs. It is the order of the merge itself: pieces of an input and a number of its live
// rows, in the order in which they were written. A piece is one number of mostly one or two bytes, and neighbours of one input are one
// piece, so that tables whose rows lie by series or by time need next to nothing; rows that alternate between inputs need
// a byte each. Row numbers follow by counting, which is done only if somebody asks.
//
// A list of (input, row, count, output, row) would be searched in logarithmic time, and take twenty times the memory.
type route struct {
	pool   *mem.Pool
	before []*roaring.Bitmap // of each input: the rows that were dead when the merge began and had no part in it; nil = none
	pieces []byte            // uvarint(rows * len(before) + input)
	input  int               // of the piece that is still growing
	rows   uint64            // of it
	ends   []uint64          // of each output: the rows of it and of all before it
	lost   bool              // there was no memory for it
}

const (
	// maxRoute is what one merge may note down. A merge that needs more and meets deletes starts over.
	maxRoute = 64 << 20
	// routeStep is how much memory is reserved at a time.
	routeStep = 64 << 10
)

// add says that the next n rows of the output come from an input.
func (r *route) add(input, n int) {
	if r.rows > 0 && input != r.input {
		r.seal()
	}
	r.input = input
	r.rows += uint64(n)
}

// seal ends the growing piece.
func (r *route) seal() {
	if r.rows == 0 || r.lost {
		return
	}
	if cap(r.pieces)-len(r.pieces) < binary.MaxVarintLen64 {
		more := max(routeStep, cap(r.pieces)/2)
		if cap(r.pieces)+more > maxRoute || r.pool.Grow(int64(more)) != nil {
			r.drop()
			return
		}
		r.pieces = append(make([]byte, 0, cap(r.pieces)+more), r.pieces...)
	}
	r.pieces = binary.AppendUvarint(r.pieces, r.rows*uint64(len(r.before))+uint64(r.input))
	r.rows = 0
}

// drop gives the memory back; the way of the rows is not known any more.
func (r *route) drop() {
	r.pool.Shrink(int64(cap(r.pieces)))
	r.pieces, r.lost = nil, true
}

// finish ends the route to these outputs.
func (r *route) finish(out []meta.Segment) {
	r.seal()
	total := uint64(0)
	for _, s := range out {
		total += uint64(s.Rows)
		r.ends = append(r.ends, total)
	}
}

// sizeBytes is what the route holds in memory.
func (r *route) sizeBytes() int64 {
	n := int64(cap(r.pieces))
	for _, dead := range r.before {
		if dead != nil {
			n += int64(dead.GetSizeInBytes())
		}
	}
	return n
}

// follow finds rows of the inputs (a set for each; nil = none) in the outputs. Rows that were dead when the merge began are nowhere.
func (r *route) follow(rows []*roaring.Bitmap) []*roaring.Bitmap {
	ways := make([]ordinals, len(rows))
	for i, set := range rows {
		ways[i] = newOrdinals(set, r.before[i])
	}
	out := make([]*roaring.Bitmap, len(r.ends))
	at, seg := uint64(0), 0 // the next row of all outputs, and the output that it is in
	for p := r.pieces; len(p) > 0; {
		v, size := binary.Uvarint(p)
		p = p[size:]
		input, n := int(v%uint64(len(r.before))), v/uint64(len(r.before))
		w := &ways[input]
		for w.more && w.next < w.seen+n {
			row := at + w.next - w.seen
			for row >= r.ends[seg] {
				seg++
			}
			if out[seg] == nil {
				out[seg] = roaring.New()
			}
			start := uint64(0)
			if seg > 0 {
				start = r.ends[seg-1]
			}
			out[seg].Add(uint32(row - start))
			w.step()
		}
		w.seen += n
		at += n
	}
	return out
}

// ordinals gives the places that rows of an input have among its live rows, ascending.
type ordinals struct {
	seen uint64 // live rows that the pieces so far took
	next uint64 // the place of the next row
	more bool

	wanted, gone buffered
	skipped      uint64 // dead rows before the next one
}

// buffered reads a set in steps.
type buffered struct {
	from roaring.ManyIntIterable
	buf  []uint32
	at   int
}

func newBuffered(set *roaring.Bitmap) buffered {
	if set == nil {
		return buffered{}
	}
	return buffered{from: set.ManyIterator()}
}

// peek gives the next number without moving on.
func (b *buffered) peek() (uint32, bool) {
	if b.at == len(b.buf) {
		if b.from == nil {
			return 0, false
		}
		b.buf = slices.Grow(b.buf[:0], 256)[:256]
		b.buf, b.at = b.buf[:b.from.NextMany(b.buf)], 0
		if len(b.buf) == 0 {
			return 0, false
		}
	}
	return b.buf[b.at], true
}

func newOrdinals(rows, dead *roaring.Bitmap) ordinals {
	o := ordinals{wanted: newBuffered(rows), gone: newBuffered(dead)}
	o.step()
	return o
}

// step moves to the next row that was live.
func (o *ordinals) step() {
	for {
		row, ok := o.wanted.peek()
		if o.more = ok; !ok {
			return
		}
		o.wanted.at++
		dead, some := o.gone.peek()
		for ; some && dead < row; dead, some = o.gone.peek() {
			o.gone.at++
			o.skipped++
		}
		if some && dead == row {
			continue // it had no part in the merge
		}
		o.next = uint64(row) - o.skipped
		return
	}
}
