package rowindex

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Find gives the rows that may satisfy a condition: all of them, and perhaps others; nil if they are more than most, so that they are not
// worth naming. The result is the caller's.
func (r *Reader) Find(ctx context.Context, c *scan.IndexCondition, most int64) (*roaring.Bitmap, error) {
	var out *roaring.Bitmap
	for _, ranges := range c.All {
		rows, err := r.group(ctx, ranges, most)
		if err != nil {
			return nil, err
		}
		switch {
		case rows == nil:
			continue
		case out == nil:
			out = rows
		default:
			out.And(rows)
		}
		if out.IsEmpty() {
			break
		}
	}
	return out, nil
}

// group gives the rows that have a key in one of the ranges; nil if they are more than most.
func (r *Reader) group(ctx context.Context, ranges []scan.KeyRange, most int64) (*roaring.Bitmap, error) {
	if r.method == Bloom {
		return r.filtered(ctx, ranges)
	}
	f := finder{r: r, out: roaring.New()}
	least := int64(0)
	cut := make([]scan.KeyRange, 0, len(ranges))
	for _, k := range ranges {
		k = shortened(k)
		cut = append(cut, k)
		// What lies between the first and the last block is in the range whole.
		first, end := r.blocksOf(k)
		for i := first + 1; i+1 < end; i++ {
			least = max(least, r.blocks[i].rows)
		}
		if r.method == BTree { // where a row has one key
			n := int64(0)
			for i := first + 1; i+1 < end; i++ {
				n += r.blocks[i].rows
			}
			least = max(least, n)
		}
	}
	if least > most {
		return nil, nil
	}
	// Ranges in order read blocks in order, and one that they share only once.
	slices.SortFunc(cut, func(a, b scan.KeyRange) int { return bytes.Compare(a.From, b.From) })
	for _, k := range cut {
		if err := f.find(ctx, k); err != nil {
			return nil, err
		}
	}
	f.flush()
	if int64(f.out.GetCardinality()) > most {
		return nil, nil
	}
	return f.out, nil
}

// shortened cuts bounds as keys are cut, so that the range still holds every key that it held.
func shortened(k scan.KeyRange) scan.KeyRange {
	if k.To == nil {
		k.To = scan.After(k.From[:min(len(k.From), maxKey)])
	} else if len(k.To) > maxKey {
		k.To = scan.After(k.To[:maxKey])
	}
	k.From = k.From[:min(len(k.From), maxKey)]
	return k
}

// blocksOf gives the blocks that may have keys of a range, whose end is set unless there is none.
func (r *Reader) blocksOf(k scan.KeyRange) (first, end int) {
	first = max(0, sort.Search(len(r.blocks), func(i int) bool { return bytes.Compare(r.blocks[i].first, k.From) > 0 })-1)
	end = len(r.blocks)
	if k.To != nil {
		end = sort.Search(len(r.blocks), func(i int) bool { return bytes.Compare(r.blocks[i].first, k.To) >= 0 })
	}
	return first, max(first, end)
}

// finder collects the rows of ranges.
type finder struct {
	r      *Reader
	out    *roaring.Bitmap
	few    []uint32 // rows of short lists, in no order, not in out yet
	buf    []byte
	loaded int // block in buf, counted from 1
}

// fewMost is how many rows are collected before they are sorted into the bitmap.
const fewMost = 1 << 16

func (f *finder) flush() {
	slices.Sort(f.few)
	f.out.AddMany(f.few)
	f.few = f.few[:0]
}

func (f *finder) find(ctx context.Context, k scan.KeyRange) error {
	first, end := f.r.blocksOf(k)
	for i := first; i < end; i++ {
		if err := ctx.Err(); err != nil {
			return column.Errorf(column.Cancelled, "index %d: %w", f.r.ref.Index, err)
		}
		b := &f.r.blocks[i]
		if f.loaded != i+1 {
			var err error
			f.loaded = 0
			if f.buf, err = f.r.load(b, f.buf); err != nil {
				return err
			}
			f.loaded = i + 1
		}
		err := f.r.walk(b, f.buf, func(key []byte, e entry) (bool, error) {
			if bytes.Compare(key, k.From) < 0 {
				return true, nil
			}
			if k.To != nil && bytes.Compare(key, k.To) >= 0 {
				return false, nil
			}
			if e.kind == rowsOne {
				if f.few = append(f.few, e.row); len(f.few) >= fewMost {
					f.flush()
				}
				if int64(e.row) >= f.r.ref.Rows {
					return false, f.r.corrupt(b.offset, "row %d of %d", e.row, f.r.ref.Rows)
				}
				return true, nil
			}
			_, err := f.r.rows(b, e, f.out)
			return true, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// entry is the rows of a key as they are stored.
type entry struct {
	kind byte
	row  uint32 // the only one
	n    int    // of a list
	data []byte // of a list or a bitmap
}

// walk calls each with the keys of a block, until it says no more.
func (r *Reader) walk(b *block, buf []byte, each func(key []byte, e entry) (bool, error)) error {
	key := make([]byte, 0, 64)
	at := 0
	for n := range b.entries {
		shared, a := binary.Uvarint(buf[at:])
		if a <= 0 {
			return r.corrupt(b.offset, "key %d is damaged", n)
		}
		at += a
		length, a := binary.Uvarint(buf[at:])
		if a <= 0 || shared > uint64(len(key)) || length > uint64(len(buf)-at-a) {
			return r.corrupt(b.offset, "key %d is damaged", n)
		}
		at += a
		key = append(key[:shared], buf[at:at+int(length)]...)
		at += int(length)
		head, a := binary.Uvarint(buf[at:])
		if a <= 0 {
			return r.corrupt(b.offset, "the rows of key %d are damaged", n)
		}
		at += a
		e := entry{kind: byte(head & (1<<rowsBits - 1))}
		head >>= rowsBits
		switch e.kind {
		case rowsOne:
			if head > maxRows {
				return r.corrupt(b.offset, "the row of key %d is damaged", n)
			}
			e.row = uint32(head)
		case rowsList:
			e.n = int(min(head, listMost+1))
			from := at
			for range e.n {
				_, a := binary.Uvarint(buf[at:])
				if a <= 0 {
					return r.corrupt(b.offset, "the rows of key %d are damaged", n)
				}
				at += a
			}
			e.data = buf[from:at]
		case rowsRoaring:
			if head > uint64(len(buf)-at) {
				return r.corrupt(b.offset, "the rows of key %d are damaged", n)
			}
			e.data = buf[at : at+int(head)]
			at += int(head)
		default:
			return r.corrupt(b.offset, "key %d has rows of kind %d", n, e.kind)
		}
		if on, err := each(key, e); err != nil || !on {
			return err
		}
	}
	if at != len(buf) {
		return r.corrupt(b.offset, "%d bytes follow the last key", len(buf)-at)
	}
	return nil
}

// rows adds the rows of an entry to a bitmap, unless that is nil, and counts them.
func (r *Reader) rows(b *block, e entry, to *roaring.Bitmap) (int64, error) {
	switch e.kind {
	case rowsOne:
		if int64(e.row) >= r.ref.Rows {
			return 0, r.corrupt(b.offset, "row %d of %d", e.row, r.ref.Rows)
		}
		if to != nil {
			to.Add(e.row)
		}
		return 1, nil
	case rowsList:
		row := uint64(0)
		for rest := e.data; len(rest) > 0; {
			distance, n := binary.Uvarint(rest)
			if row += distance; row >= uint64(r.ref.Rows) || distance > maxRows {
				return 0, r.corrupt(b.offset, "row %d of %d", row, r.ref.Rows)
			}
			if to != nil {
				to.Add(uint32(row))
			}
			rest = rest[n:]
		}
		return int64(e.n), nil
	}
	m, ok := index.DecodeBitmap(e.data)
	if !ok || !m.IsEmpty() && int64(m.Maximum()) >= r.ref.Rows {
		return 0, r.corrupt(b.offset, "a bitmap of rows is damaged")
	}
	if to != nil {
		to.Or(m)
	}
	return int64(m.GetCardinality()), nil
}

// slice reads slice i of the filters and checks it.
func (r *Reader) slice(i int) ([]byte, error) {
	n := int64(r.stretches) * sliceBlock
	b := block{offset: int64(i) * n, length: n, sum: r.sums[i]}
	return r.load(&b, nil)
}

// filtered gives the rows of all stretches whose filter may have one of the keys; nil if those are all. A range is no question for a filter. However many
// rows they are, they are read in a row, so that each stretch that is spared is a gain.
func (r *Reader) filtered(ctx context.Context, ranges []scan.KeyRange) (*roaring.Bitmap, error) {
	found := make([]bool, r.stretches)
	for _, k := range ranges {
		if k.To != nil {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, column.Errorf(column.Cancelled, "index %d: %w", r.ref.Index, err)
		}
		hash := index.FilterHash(k.From)
		slice, err := r.slice(index.FilterBlock(hash, len(r.sums)))
		if err != nil {
			return nil, err
		}
		index.SlicedHas(slice, hash, func(i int) { found[i] = true })
	}
	out := roaring.New()
	for i, yes := range found {
		if yes {
			out.AddRange(uint64(i)*stretchRows, uint64(min(int64(i+1)*stretchRows, r.ref.Rows)))
		}
	}
	if int64(out.GetCardinality()) == r.ref.Rows {
		return nil, nil
	}
	return out, nil
}
