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

// narrow lets a scan on the probe side read only what can have a partner, where that is known before its pages are read: the
// series whose tags are keys of the build side, and the time between the first and the last key. Between the scan and the
// join there may be nothing that would notice.
func narrow(p producer, keys []expr.Expr, side *buildSide) {
	if side.index == nil {
		return
	}
	for i, k := range keys {
		if c, ok := k.(*expr.Column); ok {
			narrowColumn(p, c.Index, &side.index.columns[i])
		}
	}
}

// narrowColumn follows output column c down to the scan it comes from.
func narrowColumn(p producer, c int, keys *keyColumn) {
	switch p := p.(type) {
	case *meter:
		narrowColumn(p.producer, c, keys)
	case *withoutRuns:
		narrowColumn(p.input, c, keys)
	case *longTexts:
		narrowColumn(p.input, c, keys)
	case *filter:
		narrowColumn(p.input, c, keys)
	case *project:
		if e, ok := p.node.Exprs[c].(*expr.Column); ok {
			narrowColumn(p.input, e.Index, keys)
		}
	case *aggregate: // whole groups come or do not
		if c < len(p.node.Keys) {
			if e, ok := p.node.Keys[c].(*expr.Column); ok {
				narrowColumn(p.input, e.Index, keys)
			}
		}
	case *scanner:
		// A scan that need not give all its rows must not be told of conditions that come after it, unless they take whole series.
		if p.node.Limit == 0 && (p.node.Ends == (scan.Ends{}) || p.node.Relation.Columns()[p.node.Project[c]].Tag) {
			narrowScan(p, p.node.Project[c], keys)
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
		for _, s := range c.ints.slots {
			if s.group != 0 {
				out = append(out, key.AppendInt(nil, s.key))
			}
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
	for _, s := range c.ints.slots {
		switch {
		case s.group == 0:
		case boolean:
			out = append(out, []byte{byte(s.key)})
		default:
			out = append(out, key.AppendInt(nil, s.key)[1:])
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
