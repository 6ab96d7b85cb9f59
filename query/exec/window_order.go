package exec

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// windowKey is a row in the order of a window: its key, or the first eight bytes of it, and its place in the part.
type windowKey struct {
	prefix uint64
	row    int32
	null   int8 // of a key that is one number: -1 = NULLs that come first, 1 = NULLs that come last
}

// windowKeys are the keys of a part's rows.
type windowKeys struct {
	list []windowKey
	// Where prefixes are not all there is: the encoded keys.
	arena   []byte
	offsets []int
	looks   expr.Looks
}

// makeKeys encodes the order of the part's rows. One number is its own key; anything else is bytes.
func (r *windowRun) makeKeys() (*windowKeys, error) {
	n := len(r.refs)
	columns := make([]*column.Vector, len(r.in.plan.order))
	for i, c := range r.in.plan.order {
		v, err := r.column(c)
		if err != nil {
			return nil, err
		}
		columns[i] = v
	}
	k := newWindowKeys(r.ctx, columns, r.node.Order, n)
	if k.looks.Err() != nil {
		return nil, k.looks.Err()
	}
	return k, r.pool.Grow(int64(cap(k.arena) + 8*len(k.offsets)))
}

// newWindowKeys encodes the keys of n rows. Where the statement was cancelled looks has the error.
func newWindowKeys(ctx context.Context, columns []*column.Vector, by []plan.SortKey, n int) *windowKeys {
	k := &windowKeys{list: make([]windowKey, n), looks: expr.Looks{Ctx: ctx}}
	if len(columns) == 1 {
		if phys := columns[0].Type.Physical(); phys == column.PhysInt || phys == column.PhysFloat || phys == column.PhysBool {
			k.numbers(columns[0], by[0].Desc, by[0].NullsFirst)
			return k
		}
	}
	k.arena = make([]byte, 0, n*windowKeyBytes*len(columns))
	k.offsets = make([]int, n+1)
	for i := range n {
		if k.looks.Over() {
			break
		}
		start := len(k.arena)
		k.arena = sortKeys(by).append(k.arena, columns, i)
		k.offsets[i+1] = len(k.arena)
		var b [8]byte
		copy(b[:], k.arena[start:])
		k.list[i] = windowKey{prefix: binary.BigEndian.Uint64(b[:]), row: int32(i)}
	}
	return k
}

// windowKeyBytes is about what an encoded key takes for each of its parts.
const windowKeyBytes = 10

func (k *windowKeys) numbers(v *column.Vector, desc, nullsFirst bool) {
	null := int8(1)
	if nullsFirst {
		null = -1
	}
	for i := range k.list {
		if k.looks.Over() {
			break
		}
		key := windowKey{row: int32(i)}
		if v.Valid != nil && !v.Valid.Get(i) {
			key.null = null
		} else {
			switch v.Type.Physical() {
			case column.PhysInt:
				key.prefix = uint64(v.Ints[i]) ^ 1<<63
			case column.PhysFloat:
				key.prefix = floatKey(v.Floats[i])
			default:
				if v.Bools[i] {
					key.prefix = 1
				}
			}
			if desc {
				key.prefix = ^key.prefix
			}
		}
		k.list[i] = key
	}
}

// floatKey orders as SQL orders floats: −0 equals 0, and every NaN is equal and greater than infinity.
func floatKey(v float64) uint64 {
	switch {
	case v != v:
		return math.MaxUint64
	case v == 0:
		return 1 << 63
	}
	b := math.Float64bits(v)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

func (k *windowKeys) bytes(row int32) []byte { return k.arena[k.offsets[row]:k.offsets[row+1]] }

// compare orders by key alone.
func (k *windowKeys) compare(a, b windowKey) int {
	switch {
	case a.null != b.null:
		return int(a.null) - int(b.null)
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	case k.offsets == nil:
		return 0
	}
	return bytes.Compare(k.bytes(a.row), k.bytes(b.row))
}

// sort orders a partition; rows of equal keys stay in order. Where the statement was cancelled they are in any order.
func (k *windowKeys) sort(list []windowKey) {
	ascending := true
	for i := 1; i < len(list) && ascending; i++ {
		if k.looks.Over() {
			return
		}
		ascending = k.compare(list[i-1], list[i]) <= 0
	}
	if ascending {
		return
	}
	if k.offsets == nil && len(list) >= radixRows {
		radixSort(list, &k.looks)
		return
	}
	slices.SortFunc(list, func(a, b windowKey) int {
		if k.looks.Over() {
			return 0
		}
		if c := k.compare(a, b); c != 0 {
			return c
		}
		return int(a.row) - int(b.row)
	})
}

// radixRows is from where on sorting byte by byte is faster than comparing: measured.
const radixRows = 1 << 10

// radixSort orders keys that are numbers: byte by byte from the least, leaving out the bytes that are the same everywhere; NULLs last.
func radixSort(list []windowKey, end *expr.Looks) {
	differ := uint64(0)
	nulls := false
	for i := range list {
		differ |= list[i].prefix ^ list[0].prefix
		nulls = nulls || list[i].null != 0
	}
	from, to := list, make([]windowKey, len(list))
	pass := func(digit func(*windowKey) int) {
		if end.Look() {
			return
		}
		var count [257]int
		for i := range from {
			count[digit(&from[i])+1]++
		}
		for d := range 256 {
			count[d+1] += count[d]
		}
		for i := range from {
			if end.Over() {
				return
			}
			d := digit(&from[i])
			to[count[d]] = from[i]
			count[d]++
		}
		from, to = to, from
	}
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff != 0 {
			pass(func(k *windowKey) int { return int(k.prefix >> shift & 0xff) })
		}
	}
	if nulls {
		pass(func(k *windowKey) int { return int(k.null) + 1 })
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
}

// leading keeps the first rows of a partition: so many, and with ties the peers of the last of them.
func (k *windowKeys) leading(list []windowKey, n int, ties bool) []windowKey {
	if len(list) <= n {
		k.sort(list)
		return list
	}
	// heap holds the n least rows, the greatest of them on top.
	less := func(a, b windowKey) bool {
		c := k.compare(a, b)
		return c < 0 || c == 0 && a.row < b.row
	}
	heap := slices.Clone(list[:n])
	down := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && less(heap[c], heap[c+1]) {
				c++
			}
			if !less(heap[i], heap[c]) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for i := n/2 - 1; i >= 0; i-- {
		down(i)
	}
	for _, x := range list[n:] {
		if k.looks.Over() {
			break
		}
		if less(x, heap[0]) {
			heap[0] = x
			down(0)
		}
	}
	last := heap[0]
	if ties {
		for _, x := range list {
			if k.compare(x, last) == 0 && x.row > last.row {
				heap = append(heap, x)
			}
		}
	}
	k.sort(heap)
	return heap
}

// sort puts every partition of the part into order, finds peers, and leaves out the rows that are not wanted.
func (r *windowRun) sort() error {
	n := len(r.refs)
	limit := r.node.Limit
	if len(r.node.Order) == 0 {
		if limit > 0 && !r.node.LimitByRank {
			r.cut(limit)
			n = len(r.refs)
		}
		r.p.First, r.p.End = make([]int32, n), make([]int32, n)
		for k := range r.p.Bounds[1:] {
			lo, hi := r.p.Bounds[k], r.p.Bounds[k+1]
			for i := lo; i < hi; i++ {
				r.p.First[i], r.p.End[i] = lo, hi
			}
		}
		return nil
	}
	keys, err := r.makeKeys()
	if err != nil {
		return err
	}
	sorted := keys.list[:0]
	bounds := slices.Clone(r.p.Bounds)
	for k := range bounds[1:] {
		list := keys.list[bounds[k]:bounds[k+1]]
		if limit > 0 && limit < int64(len(list)) {
			list = keys.leading(list, int(limit), r.node.LimitByRank)
		} else {
			keys.sort(list)
		}
		r.p.Bounds[k] = int32(len(sorted))
		sorted = append(sorted, list...)
		if keys.looks.Err() != nil {
			return keys.looks.Err()
		}
	}
	if keys.looks.Look() {
		return keys.looks.Err()
	}
	r.p.Bounds[len(bounds)-1] = int32(len(sorted))
	r.reorder(sorted, &keys.looks)
	r.peers(keys, sorted)
	return keys.looks.Err()
}

// cut keeps the first rows of each partition, whatever they are.
func (r *windowRun) cut(limit int64) {
	var kept []rowRef
	bounds := slices.Clone(r.p.Bounds)
	for k := range bounds[1:] {
		lo, hi := bounds[k], bounds[k+1]
		r.p.Bounds[k] = int32(len(kept))
		kept = append(kept, r.refs[lo:min(int64(hi), int64(lo)+limit)]...)
	}
	r.p.Bounds[len(bounds)-1] = int32(len(kept))
	r.refs = kept
}

// reorder puts the rows into the order of keys, unless the statement is cancelled meanwhile.
func (r *windowRun) reorder(sorted []windowKey, looks *expr.Looks) {
	same := len(sorted) == len(r.refs)
	for i := range sorted {
		same = same && sorted[i].row == int32(i)
	}
	if same {
		return
	}
	refs := make([]rowRef, len(sorted))
	for i := range sorted {
		if looks.Over() {
			return
		}
		refs[i] = r.refs[sorted[i].row]
	}
	r.refs = refs
	clear(r.gathered)
}

// peers finds the rows with equal keys.
func (r *windowRun) peers(keys *windowKeys, sorted []windowKey) {
	r.p.First, r.p.End = make([]int32, len(sorted)), make([]int32, len(sorted))
	for k := range r.p.Bounds[1:] {
		lo, hi := r.p.Bounds[k], r.p.Bounds[k+1]
		for first := lo; first < hi; {
			if keys.looks.Over() {
				return
			}
			end := first + 1
			for end < hi && keys.compare(sorted[first], sorted[end]) == 0 {
				end++
			}
			for i := first; i < end; i++ {
				r.p.First[i], r.p.End[i] = first, end
			}
			first = end
		}
	}
}
