package fn

import (
	"math"
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// first and last give the value beside the least or greatest time; rows without a time do not count, a NULL value does. Of rows
// with the same time the first that was seen is taken; which that is across workers is not determined.

func addFirstLast(r *Registry) {
	times := []column.Type{tInt2, tInt4, tInt8, tDate, tTimestamp, tTimestampTZ, tTimestampNS}
	for _, t := range times {
		for _, f := range []struct {
			name, doc string
			last      bool
		}{{"first", "value at the least time", false}, {"last", "value at the greatest time", true}} {
			r.aggregate(expr.Aggregate{
				Name: f.name, Args: types(tAnyElement, t), Result: tAnyElement, OfOne: true, Doc: f.doc, Generic: func(v column.Type) (sorted, unsorted func() expr.State) {
					return func() expr.State { return &edgeState{result: v, last: f.last, ordered: true} }, func() expr.State { return &edgeState{result: v, last: f.last} }
				},
			})
		}
	}
	for _, t := range []column.Type{tText} {
		r.aggregate(expr.Aggregate{Name: "string_agg", Args: types(t, t), Result: t, Ordered: true, New: func() expr.State { return &joinState{result: t} }, Doc: "the texts, in order, with the second between them"})
	}
}

// edge is the best row of a group so far.
type edge struct {
	time       int64
	bits       uint64 // the value of an int, bool (0, 1) or, as it lies in memory, a float column
	seen, null bool
}

// wideEdge is the value of an edge that has no room in it.
type wideEdge struct {
	interval column.Interval
	data     []byte
}

type edgeState struct {
	result  column.Type
	last    bool
	ordered bool // the time argument is the table's time column
	slots   []edge
	wide    []wideEdge // of intervals and texts; else nil
	held    int64
}

func (s *edgeState) Grow(n int) {
	s.slots = grown(s.slots, n)
	if phys := s.result.Physical(); phys == column.PhysInterval || phys == column.PhysBytes {
		s.wide = grown(s.wide, n)
	}
}

func (s *edgeState) better(e *edge, t int64) bool {
	return !e.seen || s.last && t > e.time || !s.last && t < e.time
}

// take makes row i of v, at time t, the best of a group.
func (s *edgeState) take(g uint32, v *column.Vector, i int, t int64) {
	e := &s.slots[g]
	e.time, e.seen = t, true
	f, j := v.At(i)
	if e.null = !f.Valid.Get(j); e.null {
		return
	}
	switch f.Type.Physical() {
	case column.PhysBool:
		e.bits = 0
		if f.Bools[j] {
			e.bits = 1
		}
	case column.PhysInt:
		e.bits = uint64(f.Ints[j])
	case column.PhysFloat:
		e.bits = math.Float64bits(f.Floats[j])
	case column.PhysInterval:
		s.wide[g].interval = f.Intervals[j]
	default:
		s.setText(g, f.Data[f.Offsets[j]:f.Offsets[j+1]])
	}
}

func (s *edgeState) setText(g uint32, text []byte) {
	w := &s.wide[g]
	before := cap(w.data)
	w.data = append(w.data[:0], text...)
	s.held += int64(cap(w.data) - before)
}

func (s *edgeState) Add(groups []uint32, args []*column.Vector, n int) error {
	valid, none := present(args[1])
	if none {
		return nil
	}
	times, mask := intsOf(args[1])
	if v := args[0]; v.Enc == column.Flat && v.Valid == nil && valid == nil && v.Type.Physical() == column.PhysInt {
		for i, g := range groups[:n] {
			if e, t := &s.slots[g], times[i&mask]; s.better(e, t) {
				*e = edge{time: t, bits: uint64(v.Ints[i]), seen: true}
			}
		}
		return nil
	}
	for i, g := range groups[:n] {
		if t := times[i&mask]; s.better(&s.slots[g], t) && valid.Get(i) {
			s.take(g, args[0], i, t)
		}
	}
	return nil
}

func (s *edgeState) AddRange(g uint32, args []*column.Vector, lo, hi int, sorted bool) error {
	valid, none := present(args[1])
	if none || lo >= hi {
		return nil
	}
	times, mask := intsOf(args[1])
	e := &s.slots[g]
	if sorted && s.ordered && valid == nil && mask != 0 {
		i := lo
		if s.last {
			for i = hi - 1; i > lo && times[i-1] == times[i]; {
				i--
			}
		}
		if s.better(e, times[i]) {
			s.take(g, args[0], i, times[i])
		}
		return nil
	}
	best := -1
	for i := lo; i < hi; i++ {
		if t := times[i&mask]; s.better(e, t) && valid.Get(i) {
			e.time, e.seen = t, true
			best = i
		}
	}
	if best >= 0 {
		s.take(g, args[0], best, times[best&mask])
	}
	return nil
}

func (s *edgeState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*edgeState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into first or last", other)
	}
	for i, g := range into {
		s.mergeOne(g, o, from[i])
	}
	return nil
}

func (s *edgeState) mergeOne(g uint32, o *edgeState, i uint32) {
	e := &o.slots[i]
	if !e.seen || !s.better(&s.slots[g], e.time) {
		return
	}
	s.slots[g] = *e
	if s.wide != nil {
		s.wide[g].interval = o.wide[i].interval
		s.setText(g, o.wide[i].data)
	}
}

func (s *edgeState) Finish(n int) (*column.Vector, error) {
	b := column.NewBuilder(s.result, n)
	for g := range n {
		s.write(b, uint32(g))
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func (s *edgeState) write(b *column.Builder, g uint32) {
	e := &s.slots[g]
	switch phys := s.result.Physical(); {
	case !e.seen || e.null:
		b.AppendNull()
	case phys == column.PhysBool:
		b.AppendBool(e.bits != 0)
	case phys == column.PhysInt:
		b.AppendInt(int64(e.bits))
	case phys == column.PhysFloat:
		b.AppendFloat(math.Float64frombits(e.bits))
	case phys == column.PhysInterval:
		b.AppendInterval(s.wide[g].interval)
	default:
		b.AppendBytes(s.wide[g].data)
	}
}

func (s *edgeState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(edge{})) + int64(cap(s.wide))*int64(unsafe.Sizeof(wideEdge{})) + s.held
}

// joinState is string_agg: rows in the order they come.
type joinState struct {
	result column.Type
	slots  []joinCell
	held   int64
}

type joinCell struct {
	text, sep []byte // sep is what stands before the first value, for merging
	seen      bool
}

func (s *joinState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *joinState) append(c *joinCell, sep, text []byte) error {
	before := cap(c.text) + cap(c.sep)
	if c.seen {
		c.text = append(c.text, sep...)
	} else {
		c.sep = append(c.sep, sep...)
	}
	c.seen = true
	c.text = append(c.text, text...)
	s.held += int64(cap(c.text) + cap(c.sep) - before)
	if len(c.text) > maxText {
		return column.ErrTooLarge
	}
	return nil
}

func (s *joinState) rows(group func(i int) uint32, args []*column.Vector, lo, hi int) error {
	for i := lo; i < hi; i++ {
		if args[0].IsNull(i) {
			continue
		}
		var sep []byte
		if !args[1].IsNull(i) {
			sep = args[1].Bytes(i)
		}
		if err := s.append(&s.slots[group(i)], sep, args[0].Bytes(i)); err != nil {
			return err
		}
	}
	return nil
}

func (s *joinState) Add(groups []uint32, args []*column.Vector, n int) error {
	return s.rows(func(i int) uint32 { return groups[i] }, args, 0, n)
}

func (s *joinState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	return s.rows(func(int) uint32 { return g }, args, lo, hi)
}

func (s *joinState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*joinState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into string_agg", other)
	}
	for i, g := range into {
		if c := &o.slots[from[i]]; c.seen {
			if err := s.append(&s.slots[g], c.sep, c.text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *joinState) Finish(n int) (*column.Vector, error) {
	return finishSlots(s.result, s.slots, n, s.write)
}

func (s *joinState) write(b *column.Builder, c *joinCell) error {
	if c.seen {
		b.AppendBytes(c.text)
	} else {
		b.AppendNull()
	}
	return nil
}

func (s *joinState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(joinCell{})) + s.held
}
