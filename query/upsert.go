package query

import (
	"bytes"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// propose runs what an INSERT … ON CONFLICT proposes, and gives the change that looks the rows up: it knows how many there are, so that the table can be asked
// for their keys alone, and compares keys as these need it.
func (r *changeRun) propose(node *plan.Change) (*plan.Change, error) {
	x, st := node.Conflict, r.st
	root, _, err := st.optimize(x.Proposed)
	if err != nil {
		return nil, err
	}
	rows := newTableChange(r.into.table)
	_, err = st.each(root, func(b *scan.Batch) error {
		if err := checkRows(&st.env.Expr, rows.table, node.Checks, b.Columns, b.Len); err != nil {
			return err
		}
		if err := rows.add(b.Columns, b.Len); err != nil {
			return err
		}
		return rows.account(st.env.Pool)
	})
	if err != nil {
		return nil, oneCommit(err)
	}
	given := rows.rows()
	batch := &scan.Batch{Len: given.Len, Columns: given.Columns}
	if len(x.Keys) > 1 {
		for i := range x.Keys { // which of several rows is the first that counts is known when the stored ones are
			r.taken = append(r.taken, newKeySet(&x.Keys[i], 0))
		}
	} else if first, err := r.firsts(batch, &x.Keys[0]); err != nil {
		return nil, err
	} else if len(first) < batch.Len {
		if x.Update {
			r.twice = newKeySet(&x.Keys[0], 0)
		} else {
			batch = batch.Compact(first)
		}
	}
	for _, k := range x.Keys {
		ids := make([]column.ID, len(k.Fields))
		for i, f := range k.Fields {
			ids[i] = r.into.table.Columns.Fields[f].ID
		}
		r.into.decided = append(r.into.decided, ids)
	}
	return r.lookUp(node, batch)
}

// firsts lists the rows whose key no row before them has.
func (r *changeRun) firsts(b *scan.Batch, x *plan.ConflictKey) ([]int32, error) {
	pool := mem.NewPool("keys", 0, r.st.env.Pool)
	defer pool.Close()
	set := newKeySet(x, b.Len)
	out := make([]int32, 0, b.Len)
	for i := range b.Len {
		if set.add(b.Columns, i) {
			out = append(out, int32(i))
		}
		if i%scan.BatchRows == 0 {
			if err := pool.Grow(set.sizeBytes() - pool.Used()); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// lookUp gives the change over the rows that are proposed.
func (r *changeRun) lookUp(node *plan.Change, b *scan.Batch) (*plan.Change, error) {
	x := node.Conflict
	numbers := make([]int64, b.Len)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	whole := &scan.Batch{Len: b.Len, Columns: append(b.Columns[:len(b.Columns):len(b.Columns)], column.NewInts(column.T(column.Int64), numbers, nil))}
	var list []*scan.Batch
	for lo := 0; lo < whole.Len; lo += scan.BatchRows {
		list = append(list, whole.Slice(lo, min(lo+scan.BatchRows, whole.Len)))
	}
	r.st.hand(x.Rows, list)
	out := *node
	out.Conflict = nil
	out.Input = lookingUp(node.Input, x, b)
	return &out, nil
}

// lookingUp gives a plan that knows how many rows are proposed, and in which of their keys there are NULLs.
func lookingUp(n plan.Node, x *plan.Conflict, b *scan.Batch) plan.Node {
	if g, ok := n.(*plan.Given); ok && g.ID == x.Rows {
		given := *g
		given.Rows = int64(max(b.Len, 1))
		return &given
	}
	inputs := n.Inputs()
	if len(inputs) == 0 {
		return n
	}
	next := make([]plan.Node, len(inputs))
	for i, in := range inputs {
		next[i] = lookingUp(in, x, b)
	}
	out := n.With(next)
	for i := range x.Keys {
		if k := &x.Keys[i]; n == plan.Node(k.Join) {
			out.(*plan.Join).Cond = keyCondition(k, b)
		}
	}
	return out
}

// keyCondition says when a stored row has the key of a proposed one.
func keyCondition(k *plan.ConflictKey, b *scan.Batch) expr.Expr {
	conds := make([]expr.Expr, len(k.Fields))
	for i, f := range k.Fields {
		conds[i] = k.Equal[i]
		if b.Columns[f].HasNulls() {
			conds[i] = k.Same[i]
		}
	}
	if len(conds) == 1 {
		return conds[0]
	}
	return &expr.Logic{Args: conds}
}

// keySet is a set of keys, NULL being equal to NULL unless the key says otherwise: open addressing over the keys' encodings, which lie one behind the other.
type keySet struct {
	fields   []int
	distinct bool     // a key with a NULL is never there
	slots    []uint32 // 1 + number of the key; 0 = free
	hashes   []uint64
	ends     []int
	data     []byte
}

func newKeySet(x *plan.ConflictKey, rows int) *keySet {
	size := 16
	for size < 2*rows {
		size *= 2
	}
	return &keySet{fields: x.Fields, distinct: x.Distinct, slots: make([]uint32, size)}
}

func (s *keySet) sizeBytes() int64 {
	return int64(4*len(s.slots) + 8*cap(s.hashes) + 8*cap(s.ends) + cap(s.data))
}

// add adds the key of a row and reports whether it is new.
func (s *keySet) add(row []*column.Vector, i int) bool {
	from := len(s.data)
	if !s.encode(row, i) {
		return true
	}
	at, hash, there := s.find(from)
	if there {
		s.data = s.data[:from]
		return false
	}
	s.hashes, s.ends = append(s.hashes, hash), append(s.ends, len(s.data))
	s.slots[at] = uint32(len(s.hashes))
	s.widen()
	return true
}

// has reports whether the key of a row is there.
func (s *keySet) has(row []*column.Vector, i int) bool {
	from := len(s.data)
	if !s.encode(row, i) {
		return false
	}
	_, _, there := s.find(from)
	s.data = s.data[:from]
	return there
}

// encode puts the key of a row behind the others; false if it equals none.
func (s *keySet) encode(row []*column.Vector, i int) bool {
	from := len(s.data)
	for _, f := range s.fields {
		if s.distinct && row[f].IsNull(i) {
			s.data = s.data[:from]
			return false
		}
		s.data = key.AppendValue(s.data, row[f], i)
	}
	return true
}

// find looks for the key that stands behind the others, and gives the slot that it has or could have.
func (s *keySet) find(from int) (at, hash uint64, there bool) {
	this := s.data[from:]
	hash = xxh3.Hash(this)
	mask := uint64(len(s.slots) - 1)
	for at = hash & mask; ; at = (at + 1) & mask {
		slot := s.slots[at]
		if slot == 0 {
			return at, hash, false
		}
		if s.hashes[slot-1] == hash && bytes.Equal(s.key(int(slot-1)), this) {
			return at, hash, true
		}
	}
}

func (s *keySet) key(n int) []byte {
	from := 0
	if n > 0 {
		from = s.ends[n-1]
	}
	return s.data[from:s.ends[n]]
}

// widen doubles the slots when half of them are taken.
func (s *keySet) widen() {
	if 2*len(s.hashes) <= len(s.slots) {
		return
	}
	s.slots = make([]uint32, 2*len(s.slots))
	mask := uint64(len(s.slots) - 1)
	for n, hash := range s.hashes {
		at := hash & mask
		for s.slots[at] != 0 {
			at = (at + 1) & mask
		}
		s.slots[at] = uint32(n + 1)
	}
}
