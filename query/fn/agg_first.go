package fn

import (
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
				Name: f.name, Args: types(tAnyElement, t), Result: tAnyElement, Doc: f.doc, Generic: func(v column.Type) (sorted, unsorted func() expr.State) {
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
	bits       int64 // the value of an int, bool (0, 1) or, by its bits in floats, a float column
	float      float64
	interval   column.Interval
	data       []byte
	seen, null bool
}

type edgeState struct {
	result  column.Type
	last    bool
	ordered bool // the time argument is the table's time column
	slots   []edge
	held    int64
}

func (s *edgeState) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *edgeState) better(e *edge, t int64) bool {
	return !e.seen || s.last && t > e.time || !s.last && t < e.time
}

// take makes row i of v, at time t, the best of a group.
func (s *edgeState) take(e *edge, v *column.Vector, i int, t int64) {
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
		e.bits = f.Ints[j]
	case column.PhysFloat:
		e.float = f.Floats[j]
	case column.PhysInterval:
		e.interval = f.Intervals[j]
	default:
		before := cap(e.data)
		e.data = append(e.data[:0], f.Data[f.Offsets[j]:f.Offsets[j+1]]...)
		s.held += int64(cap(e.data) - before)
	}
}

func (s *edgeState) Add(groups []uint32, args []*column.Vector, n int) error {
	valid, none := present(args[1])
	if none {
		return nil
	}
	times, mask := intsOf(args[1])
	for i, g := range groups[:n] {
		if t := times[i&mask]; s.better(&s.slots[g], t) && valid.Get(i) {
			s.take(&s.slots[g], args[0], i, t)
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
			s.take(e, args[0], i, times[i])
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
		s.take(e, args[0], best, times[best&mask])
	}
	return nil
}

func (s *edgeState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*edgeState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into first or last", other)
	}
	for i, g := range into {
		s.mergeOne(g, &o.slots[from[i]])
	}
	return nil
}

func (s *edgeState) mergeOne(g uint32, e *edge) {
	if !e.seen || !s.better(&s.slots[g], e.time) {
		return
	}
	data := append(s.slots[g].data[:0], e.data...)
	s.held += int64(cap(data) - cap(s.slots[g].data))
	s.slots[g] = *e
	s.slots[g].data = data
}

func (s *edgeState) Finish(n int) (*column.Vector, error) {
	return finishSlots(s.result, s.slots, n, s.write)
}

func (s *edgeState) write(b *column.Builder, e *edge) error {
	switch phys := s.result.Physical(); {
	case !e.seen || e.null:
		b.AppendNull()
	case phys == column.PhysBool:
		b.AppendBool(e.bits != 0)
	case phys == column.PhysInt:
		b.AppendInt(e.bits)
	case phys == column.PhysFloat:
		b.AppendFloat(e.float)
	case phys == column.PhysInterval:
		b.AppendInterval(e.interval)
	default:
		b.AppendBytes(e.data)
	}
	return nil
}

func (s *edgeState) SizeBytes() int64 {
	return int64(cap(s.slots))*int64(unsafe.Sizeof(edge{})) + s.held
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
