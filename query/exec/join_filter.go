package exec

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// narrowKeys is how many keys are handed to a scan at most: as many look-ups in its postings are cheap against reading
// pages; with more, most series have a partner anyhow.
const narrowKeys = 1024

// narrow lets the scans on the probe side read only what can have a partner: where that is known before their pages are read, the series
// whose tags are keys of the build side, and the time between the first and the last key; and of what is read the rows whose keys are among
// those of the build side. Between a scan and the join there may be nothing that would notice.
func narrow(p producer, keys []expr.Expr, side *buildSide) {
	if side.index == nil {
		return
	}
	for i, k := range keys {
		if c, ok := k.(*expr.Column); ok {
			narrowColumn(p, c.Index, &side.index.columns[i], false)
		}
	}
}

// narrowColumn follows output column c down to the scans that it comes from, or is equal to. far says that there is work in between that rows
// without a partner should be spared.
func narrowColumn(p producer, c int, keys *keyColumn, far bool) {
	switch p := p.(type) {
	case *meter:
		narrowColumn(p.producer, c, keys, far)
	case *withoutRuns:
		narrowColumn(p.input, c, keys, far)
	case *longTexts:
		narrowColumn(p.input, c, keys, far)
	case *filter:
		if !expr.Volatile(p.node.Cond) {
			narrowColumn(p.input, c, keys, true)
		}
	case *project:
		if e, ok := p.node.Exprs[c].(*expr.Column); ok && !slices.ContainsFunc(p.node.Exprs, expr.Volatile) {
			narrowColumn(p.input, e.Index, keys, far)
		}
	case *aggregate: // whole groups come or do not
		if c < len(p.node.Keys) {
			if e, ok := p.node.Keys[c].(*expr.Column); ok && !slices.ContainsFunc(plan.Expressions(p.node), expr.Volatile) {
				narrowColumn(p.input, e.Index, keys, true)
			}
		}
	case *union:
		for _, in := range p.inputs {
			narrowColumn(in, c, keys, far)
		}
	case *hashJoin:
		narrowJoin(p, c, keys)
	case *scanner:
		// A scan that need not give all its rows must not be told of conditions that come after it, unless they take whole series.
		if p.node.Limit == 0 && (p.node.Ends == (scan.Ends{}) || p.node.Relation.Columns()[p.node.Project[c]].Tag) {
			narrowScan(p, p.node.Project[c], keys)
		}
		// Rows that are copied without those that another join leaves out are better copied without these, too.
		if (far || len(p.among) > 0) && p.node.Limit == 0 && p.node.Ends == (scan.Ends{}) && !p.env.Plain {
			p.among = append(p.among, &keyFilter{column: c, keys: keys})
			p.stats.note("only rows with the keys of a join")
		}
	}
}

// narrowJoin follows output column c of a join that has not begun into its sides. Rows of one side may only be left out where none of the
// other changes its lot by that, unless it has no partner above either: so what is left out on the left is left out on the right where the
// two are compared.
func narrowJoin(j *hashJoin, c int, keys *keyColumn) {
	n := j.node
	left, right := j.probe, j.build
	if n.BuildLeft {
		left, right = right, left
	}
	if n.Cond != nil && expr.Volatile(n.Cond) {
		return
	}
	here, there, in, other := n.LeftKeys, n.RightKeys, left, right
	switch width := len(n.Left.Columns()); {
	case c < width:
		if k := n.Kind; k != plan.InnerJoin && k != plan.LeftJoin && k != plan.SemiJoin && k != plan.AntiJoin {
			return
		}
	case n.Kind == plan.InnerJoin || n.Kind == plan.RightJoin:
		here, there, in, other = there, here, other, in
		c -= width
	default:
		return
	}
	narrowColumn(in, c, keys, true)
	for i, k := range here {
		if e, ok := k.(*expr.Column); !ok || e.Index != c {
			continue
		}
		if e, ok := there[i].(*expr.Column); ok {
			narrowColumn(other, e.Index, keys, true)
		}
	}
}

// narrowScan gives a scan a condition on a column of its relation.
func narrowScan(p *scanner, c int, keys *keyColumn) {
	of := p.node.Relation.Columns()[c]
	switch {
	case of.Type != keys.typ:
	case of.Time:
		node := *p.node // plans are shared
		node.Time = node.Time.Intersect(keys.ints.span())
		p.node = &node
		p.stats.note("only the time of the join's keys")
	case of.Tag && keys.count() <= narrowKeys && (of.Type.Kind == column.Text || keys.ints != nil && !of.Type.IsFloat()):
		f := filterOn(p.node.Relation, c)
		f.Equal, f.Match = keys.stored(), keys.hasStored
		p.partners = append(p.partners, f)
		p.stats.note(fmt.Sprintf("only series of the join's %d keys", keys.count()))
	case keys.areKeysOf(p.node.Relation.Schema(), of.ID):
		p.keys = keys.tuples()
		p.stats.note(fmt.Sprintf("only rows of the join's %d keys", keys.count()))
	case of.ID != 0 && !of.Tag:
		if f, ok := keys.between(); ok {
			f.Column = of.ID
			node := *p.node
			node.Filters = append(slices.Clip(slices.Clone(node.Filters)), f)
			p.node = &node
			p.stats.note("pages between the join's keys")
		}
	}
}

// mostLookUps bounds the keys that are looked up: they are listed, sorted and looked for one by one.
const mostLookUps = 1 << 17

// areKeysOf reports whether a column is a table's whole primary key, by which its rows can be found.
func (c *keyColumn) areKeysOf(s *column.Schema, id column.ID) bool {
	return s != nil && s.Enforced && len(s.Key) == 1 && s.Key[0] == id && c.count() <= mostLookUps &&
		(c.ints != nil && c.typ.Physical() == column.PhysInt || c.bytes != nil && c.typ.Bytewise())
}

// tuples lists the keys as tuples of one column, ascending.
func (c *keyColumn) tuples() [][]byte {
	out := make([][]byte, 0, c.count())
	if c.ints != nil {
		for _, k := range c.ints.keys() {
			out = append(out, key.AppendInt(nil, k))
		}
	} else {
		for _, v := range c.stored() {
			out = append(out, key.AppendBytes(nil, v))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return out
}

// between gives the range of the keys, as zone maps are asked for it; false where they have none, or it is not worth looking for.
func (c *keyColumn) between() (scan.ColumnFilter, bool) {
	f := plan.AnyValue()
	switch {
	case c.count() == 0:
		return f, false
	case c.ints != nil && c.typ.Physical() == column.PhysInt:
		span := c.ints.span()
		f.IntMin, f.IntMax = span.Min, span.Max
		return f, true
	case c.bytes != nil && c.typ.Kind == column.Text && c.count() <= narrowKeys:
		for _, v := range c.stored() {
			if f.TextMin == nil || bytes.Compare(v, f.TextMin) < 0 {
				f.TextMin = v
			}
			if f.TextMax == nil || bytes.Compare(v, f.TextMax) > 0 {
				f.TextMax = v
			}
		}
		return f, len(f.TextMin) > 0
	}
	return f, false
}

// stored lists the distinct values as tags are stored.
func (c *keyColumn) stored() [][]byte {
	out := make([][]byte, 0, c.count())
	if c.bytes != nil {
		for g := range c.bytes.hashes {
			out = append(out, c.bytes.data[c.bytes.offsets[g]:c.bytes.offsets[g+1]])
		}
		return out
	}
	boolean := c.typ.Physical() == column.PhysBool
	for _, k := range c.ints.keys() {
		if boolean {
			out = append(out, []byte{byte(k)})
		} else {
			out = append(out, key.AppendInt(nil, k)[1:])
		}
	}
	return out
}

// hasStored reports whether a value as tags are stored is among the keys.
func (c *keyColumn) hasStored(value []byte, null bool) bool {
	if null {
		return false
	}
	if c.bytes != nil {
		return c.bytes.lookup(xxh3.Hash(value), value) != 0
	}
	v := int64(0)
	if c.typ.Physical() == column.PhysBool {
		v = int64(value[0])
	} else {
		v = key.Int(value)
	}
	var group [1]uint32
	c.ints.find([]int64{v}, group[:])
	return group[0] != 0
}
