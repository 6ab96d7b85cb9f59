package fn

import (
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// fold describes an aggregate of one argument of a fixed-width layout: V is a value, C what is kept per group. NULLs are
// skipped by foldState; the loops see values only.
type fold[V, C any] struct {
	result column.Type
	values func(v *column.Vector) ([]V, int)
	// groups and run are the loops over columns without NULLs, row i of v being v[i&mask]; nil = one row at a time by one.
	groups func(slots []C, groups []uint32, v []V, mask int) error
	run    func(c *C, v []V) error
	one    func(c *C, v V) error
	merge  func(c, other *C) error
	finish func(b *column.Builder, c *C) error
	whole  func(slots []C) *column.Vector         // all results at once; nil = by finish, as where it gives nil
	narrow func(c *C, base int64, v []byte) error // run over a Narrow vector of at least one row; of folds over integers only
	// runSome is run over those of rows [lo, hi) whose bits are set, which are far from all; nil = by run.
	runSome func(c *C, v []V, some column.Bitmap, lo, hi int) error
	// narrowSome is narrow over those of rows [lo, hi) whose bits are set; nil = by narrow.
	narrowSome func(c *C, base int64, v []byte, some column.Bitmap, lo, hi int) error

	// anyOrder says that the same bits come of rows in any order, however they are parted.
	anyOrder bool

	spare spareSlots[C]
}

type foldState[V, C any] struct {
	*fold[V, C]
	slots  []C
	room   someValues[V]
	bytes  someValues[byte]
	listed []V // scratch
}

func (f *fold[V, C]) state() expr.State { return &foldState[V, C]{fold: f} }

// grown gives s with n elements, new ones zero, doubling what is allocated so that growing group by group stays cheap.
func grown[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n]
	}
	out := make([]T, n, max(n, 2*cap(s)))
	copy(out, s)
	return out
}

func (s *foldState[V, C]) Grow(n int) { s.slots = s.spare.grown(s.slots, n) }

// Release implements expr.ReleasedState.
func (s *foldState[V, C]) Release() {
	s.spare.put(s.slots)
	s.slots = nil
}

// present gives the validity of an argument; none says that every row is NULL.
func present(v *column.Vector) (valid column.Bitmap, none bool) {
	if v.Enc == column.Const {
		return nil, !v.Child.Valid.Get(0)
	}
	return v.Valid, false
}

func (s *foldState[V, C]) Add(groups []uint32, args []*column.Vector, n int) error {
	valid, none := present(args[0])
	if none {
		return nil
	}
	v, mask := s.values(args[0])
	if valid == nil && s.groups != nil {
		return s.groups(s.slots, groups[:n], v, mask)
	}
	for i, g := range groups[:n] {
		if valid.Get(i) {
			if err := s.one(&s.slots[g], v[i&mask]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *foldState[V, C]) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	valid, none := present(args[0])
	if none || lo >= hi {
		return nil
	}
	return s.addSome(&s.slots[g], args[0], valid, lo, hi)
}

// AnyOrder implements expr.RowsState.
func (s *foldState[V, C]) AnyOrder() bool { return s.anyOrder && s.run != nil }

// AddRows implements expr.RowsState: the values of the rows are put one after the other, for the loop over all values of a stretch.
func (s *foldState[V, C]) AddRows(g uint32, args []*column.Vector, rows []int32) error {
	arg := args[0]
	if arg.Enc == column.Narrow {
		arg = column.Flatten(arg)
	}
	valid, none := present(arg)
	if none {
		return nil
	}
	v, mask := s.values(arg)
	if cap(s.listed) < len(rows) {
		s.listed = make([]V, len(rows))
	}
	listed, n := s.listed[:len(rows)], 0
	if valid == nil {
		for i, r := range rows {
			listed[i] = v[int(r)&mask]
		}
		n = len(rows)
	} else {
		for _, r := range rows {
			listed[n] = v[int(r)&mask]
			n += int(valid[r>>6] >> (r & 63) & 1)
		}
	}
	if n == 0 {
		return nil
	}
	return s.run(&s.slots[g], listed[:n])
}

// AddLiving implements expr.LivingState: what is dead counts as little as what is NULL.
func (s *foldState[V, C]) AddLiving(g uint32, args []*column.Vector, living column.Bitmap, lo, hi int) error {
	valid, none := present(args[0])
	if none {
		return nil
	}
	return s.addSome(&s.slots[g], args[0], valid.And(living, hi), lo, hi)
}

// addSome adds those of rows [lo, hi) whose bits are set.
func (s *foldState[V, C]) addSome(c *C, arg *column.Vector, some column.Bitmap, lo, hi int) error {
	if arg.Enc == column.Narrow {
		return s.addNarrow(c, arg, some, lo, hi)
	}
	v, mask := s.values(arg)
	if mask != 0 && s.run != nil {
		if some == nil {
			return s.run(c, v[lo:hi])
		}
		run := func(v []V) error { return s.run(c, v) }
		if s.runSome == nil {
			return s.room.each(v, some, lo, hi, run, nil)
		}
		return s.room.each(v, some, lo, hi, run, func(lo, hi int) error { return s.runSome(c, v, some, lo, hi) })
	}
	for i := lo; i < hi; i++ {
		if some.Get(i) {
			if err := s.one(c, v[i&mask]); err != nil {
				return err
			}
		}
	}
	return nil
}

// addNarrow is addSome over a Narrow vector.
func (s *foldState[V, C]) addNarrow(c *C, v *column.Vector, some column.Bitmap, lo, hi int) error {
	if some == nil {
		return s.narrow(c, v.Base, v.Data[lo:hi])
	}
	if s.narrowSome != nil {
		return s.narrowSome(c, v.Base, v.Data, some, lo, hi)
	}
	return s.bytes.each(v.Data, some, lo, hi, func(data []byte) error { return s.narrow(c, v.Base, data) }, nil)
}

func (s *foldState[V, C]) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*foldState[V, C])
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into %T", other, s)
	}
	for i, g := range into {
		if err := s.merge(&s.slots[g], &o.slots[from[i]]); err != nil {
			return err
		}
	}
	return nil
}

func (s *foldState[V, C]) Finish(n int) (*column.Vector, error) {
	if s.whole != nil {
		if v := s.whole(s.slots[:n]); v != nil {
			return v, nil
		}
	}
	return finishSlots(s.result, s.slots, n, s.finish)
}

func finishSlots[C any](t column.Type, slots []C, n int, finish func(b *column.Builder, c *C) error) (*column.Vector, error) {
	b := column.NewBuilder(t, n)
	for i := range n {
		if err := finish(b, &slots[i]); err != nil {
			return nil, err
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func (s *foldState[V, C]) SizeBytes() int64 {
	var c C
	return int64(cap(s.slots)) * int64(unsafe.Sizeof(c))
}

// bytesFold is a fold over a bytes layout. one gives by how many bytes what hangs off the slot has grown.
type bytesFold[C any] struct {
	result column.Type
	one    func(c *C, v []byte) (grown int, err error)
	merge  func(c, other *C) (grown int, err error)
	finish func(b *column.Builder, c *C) error
	size   func(c *C) int // what hangs off a slot, in bytes; nil = nothing that is counted
}

type bytesState[C any] struct {
	*bytesFold[C]
	slots []C
	held  int64 // bytes that hang off the slots
}

func (f *bytesFold[C]) state() expr.State { return &bytesState[C]{bytesFold: f} }

func (s *bytesState[C]) Grow(n int) { s.slots = grown(s.slots, n) }

func (s *bytesState[C]) Add(groups []uint32, args []*column.Vector, n int) error {
	valid, none := present(args[0])
	if none {
		return nil
	}
	v := textsOf(args[0])
	for i, g := range groups[:n] {
		if valid.Get(i) {
			more, err := s.one(&s.slots[g], v.at(i))
			if err != nil {
				return err
			}
			s.held += int64(more)
		}
	}
	return nil
}

func (s *bytesState[C]) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	valid, none := present(args[0])
	if none {
		return nil
	}
	v, c := textsOf(args[0]), &s.slots[g]
	for i := lo; i < hi; i++ {
		if valid.Get(i) {
			more, err := s.one(c, v.at(i))
			if err != nil {
				return err
			}
			s.held += int64(more)
		}
	}
	return nil
}

func (s *bytesState[C]) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*bytesState[C])
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into %T", other, s)
	}
	for i, g := range into {
		more, err := s.merge(&s.slots[g], &o.slots[from[i]])
		if err != nil {
			return err
		}
		s.held += int64(more)
	}
	return nil
}

func (s *bytesState[C]) Finish(n int) (*column.Vector, error) {
	return finishSlots(s.result, s.slots, n, s.finish)
}

func (s *bytesState[C]) SizeBytes() int64 {
	var c C
	return int64(cap(s.slots))*int64(unsafe.Sizeof(c)) + s.held
}
