package exec

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/query/expr"
)

// distinct wraps an aggregate for AGG(DISTINCT …): it collects the distinct (group, arguments) and feeds them to
// the aggregate when everything, other workers' share included, is there.
type distinct struct {
	inner   expr.State
	seen    *groupTable
	groups  []uint32          // by pair
	rows    []*column.Builder // the arguments, by pair
	scratch []byte
}

func newDistinct(inner expr.State, call *expr.AggregateCall) *distinct {
	d := &distinct{inner: inner, seen: newGroupTable()}
	for _, a := range call.Args {
		d.rows = append(d.rows, column.NewBuilder(a.Type(), 0))
	}
	return d
}

func (d *distinct) Grow(int) {}

func (d *distinct) Add(groups []uint32, args []*column.Vector, n int) error {
	for i := range n {
		d.add(groups[i], args, i)
	}
	return nil
}

func (d *distinct) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	for i := lo; i < hi; i++ {
		d.add(g, args, i)
	}
	return nil
}

func (d *distinct) add(g uint32, args []*column.Vector, i int) {
	d.scratch = binary.LittleEndian.AppendUint32(d.scratch[:0], g)
	for _, v := range args {
		d.scratch = key.AppendValue(d.scratch, v, i)
	}
	if _, isNew := d.seen.find(d.scratch); !isNew {
		return
	}
	d.groups = append(d.groups, g)
	for k, v := range args {
		d.rows[k].AppendRow(v, i)
	}
}

func (d *distinct) Merge(other expr.State, from, into []uint32) error {
	o := other.(*distinct)
	args, err := finishAll(o.rows)
	if err != nil {
		return err
	}
	mapping := make(map[uint32]uint32, len(from))
	for i, g := range from {
		mapping[g] = into[i]
	}
	for i, g := range o.groups {
		if to, ok := mapping[g]; ok {
			d.add(to, args, i)
		}
	}
	return nil
}

func (d *distinct) Finish(n int) (*column.Vector, error) {
	args, err := finishAll(d.rows)
	if err != nil {
		return nil, err
	}
	d.inner.Grow(n)
	if err := d.inner.Add(d.groups, args, len(d.groups)); err != nil {
		return nil, err
	}
	return d.inner.Finish(n)
}

func (d *distinct) SizeBytes() int64 {
	return 2*d.seen.sizeBytes() + int64(4*cap(d.groups)) + d.inner.SizeBytes()
}

func finishAll(builders []*column.Builder) ([]*column.Vector, error) {
	out := make([]*column.Vector, len(builders))
	for i, b := range builders {
		if err := b.Err(); err != nil {
			return nil, err
		}
		out[i] = b.Finish()
	}
	return out, nil
}
