package plan

import (
	"bytes"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/jsontext"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// IndexCond is what an index is asked for a scan. It is a hint: the conditions stay in the filter above.
type IndexCond struct {
	Index *meta.Index
	Tests []IndexTest
}

// IndexOp is what a test asks of a column.
type IndexOp uint8

// The operators. Each takes one value but OpIn, which takes a list, and the last two of the ordinary ones, which take none.
const (
	OpEqual IndexOp = iota
	OpIn
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpLike // of a btree: the texts that begin with what stands before the first wildcard
	OpNull
	OpNotNull
	// Of gin.
	OpHasLike     // LIKE and ILIKE, by trigrams
	OpContains    // @> of documents and arrays
	OpOverlaps    // && of arrays
	OpElement     // = ANY (column)
	OpExists      // ?
	OpExistsAny   // ?|
	OpExistsAll   // ?&
	OpMemberEqual // the text of a member at Path equals a value
)

// IndexTest is a condition on one column of an index.
type IndexTest struct {
	Part int // of Index.Columns
	Op   IndexOp
	// Value is one row, or of OpIn a row for each; nil where Param has it, or there is none.
	Value *column.Vector
	Param *expr.Param
	List  *expr.In // of OpIn, where parameters stand in the list; else nil
	Path  [][]byte
	Cond  expr.Expr // as it stands in the filter, over the scan's output
}

// mostKeys is how many keys one condition asks for: more say little, and cost a look-up each.
const mostKeys = 1000

// Settle gives the condition as the files of the index understand it; false if they can say nothing about it.
func (c *IndexCond) Settle(ctx *expr.Context) (scan.IndexCondition, bool, error) {
	out := scan.IndexCondition{Index: uint64(c.Index.File)}
	values := make([]*column.Vector, len(c.Tests))
	for i := range c.Tests {
		t := &c.Tests[i]
		values[i] = t.Value
		if t.List != nil {
			given := t.List.Given(ctx)
			if len(given.Params) > 0 {
				return out, false, column.Errorf(column.Internal, "plan: a parameter of a list, which an index is asked for, has no value")
			}
			values[i] = given.List
		}
		if t.Param == nil {
			continue
		}
		if err := ctx.Failed[t.Param.Index]; err != nil {
			return out, false, err
		}
		if values[i] = ctx.Param(t.Param.Index); values[i] == nil {
			return out, false, column.Errorf(column.Internal, "plan: parameter $%d, which an index is asked for, has no value", t.Param.Index+1)
		}
	}
	if c.Index.Method == meta.IndexBTree {
		out.All = [][]scan.KeyRange{c.tuples(values)}
		if len(out.All[0]) == 1 && len(out.All[0][0].From) == 0 && out.All[0][0].To == nil {
			return out, false, nil // all rows
		}
		return out, true, nil
	}
	for i := range c.Tests {
		out.All = append(out.All, c.Tests[i].groups(values[i], c.Index.Method)...)
	}
	return out, len(out.All) > 0, nil
}

// tuples gives the ranges of keys of several columns: equalities with the first ones, then a range of the next.
func (c *IndexCond) tuples(values []*column.Vector) []scan.KeyRange {
	prefixes := [][]byte{nil}
	for part := range c.Index.Columns {
		var points [][]byte
		whole := scan.KeyRange{From: []byte{firstValue}, To: []byte{nullValue}}
		equal, ranged := false, false
		for i := range c.Tests {
			t := &c.Tests[i]
			if t.Part != part {
				continue
			}
			if p, ok := t.points(values[i]); ok {
				if !equal { // another one only leaves fewer rows
					points, equal = p, true
				}
				continue
			}
			ranged = true
			r := t.keyRange(values[i])
			if bytes.Compare(r.From, whole.From) > 0 {
				whole.From = r.From
			}
			if bytes.Compare(r.To, whole.To) < 0 {
				whole.To = r.To
			}
		}
		switch {
		case equal && len(points)*len(prefixes) <= mostKeys:
			next := make([][]byte, 0, len(points)*len(prefixes))
			for _, a := range prefixes {
				for _, b := range points {
					next = append(next, append(a[:len(a):len(a)], b...))
				}
			}
			prefixes = next
			continue
		case ranged && bytes.Compare(whole.From, whole.To) >= 0:
			return nil
		case ranged:
			var out []scan.KeyRange
			for _, a := range prefixes {
				out = append(out, scan.KeyRange{From: append(a[:len(a):len(a)], whole.From...), To: append(a[:len(a):len(a)], whole.To...)})
			}
			return out
		}
		break
	}
	out := make([]scan.KeyRange, 0, len(prefixes))
	for _, a := range prefixes {
		out = append(out, scan.KeyRange{From: a})
	}
	return out
}

// The first bytes of keys: of values, which come before NULL.
var (
	nullValue  = key.AppendNull(nil)[0]
	firstValue = key.AppendBool(nil, false)[0]
)

// points gives the keys that an equality asks for: none where a NULL is compared; false for other tests.
func (t *IndexTest) points(v *column.Vector) ([][]byte, bool) {
	switch t.Op {
	case OpNull:
		return [][]byte{{nullValue}}, true
	case OpEqual, OpIn:
		var out [][]byte
		for i := range v.Len {
			if !v.IsNull(i) {
				out = append(out, key.AppendValue(nil, v, i))
			}
		}
		return out, true
	}
	return nil, false
}

// keyRange gives the keys [From, To) that a comparison asks for, NULL left out.
func (t *IndexTest) keyRange(v *column.Vector) scan.KeyRange {
	r := scan.KeyRange{From: []byte{firstValue}, To: []byte{nullValue}}
	if t.Op == OpNotNull {
		return r
	}
	if v.IsNull(0) {
		r.To = r.From
		return r
	}
	if t.Op == OpLike {
		pieces, ok := likePieces(v.Bytes(0))
		if !ok || len(pieces[0]) == 0 {
			return r
		}
		encoded := key.AppendBytes(nil, pieces[0])
		r.From = encoded[:len(encoded)-2] // without what ends it
		r.To = scan.After(r.From)
		return r
	}
	encoded := key.AppendValue(nil, v, 0)
	switch t.Op {
	case OpLess:
		r.To = encoded
	case OpLessEqual:
		r.To = scan.After(encoded)
	case OpGreater:
		r.From = scan.After(encoded)
	case OpGreaterEqual:
		r.From = encoded
	}
	return r
}

// groups gives what each row must have of a method that looks at columns one by one; nothing where the index cannot say.
func (t *IndexTest) groups(v *column.Vector, method string) [][]scan.KeyRange {
	column := byte(t.Part)
	if points, ok := t.points(v); ok {
		if len(points) > mostKeys {
			return nil
		}
		group := make([]scan.KeyRange, 0, len(points))
		for _, p := range points {
			group = append(group, scan.KeyRange{From: append([]byte{column}, p...)})
		}
		return [][]scan.KeyRange{group}
	}
	if method != meta.IndexGIN {
		r := t.keyRange(v)
		if method == meta.IndexBloom {
			return nil
		}
		if bytes.Compare(r.From, r.To) >= 0 {
			return [][]scan.KeyRange{{}}
		}
		return [][]scan.KeyRange{{{From: append([]byte{column}, r.From...), To: append([]byte{column}, r.To...)}}}
	}
	if v.IsNull(0) {
		return [][]scan.KeyRange{{}}
	}
	keys, any := t.ginKeys(v)
	if len(keys) == 0 || len(keys) > mostKeys {
		return nil
	}
	var out [][]scan.KeyRange
	var one []scan.KeyRange
	for _, k := range keys {
		if any {
			one = append(one, scan.KeyRange{From: k})
		} else {
			out = append(out, []scan.KeyRange{{From: k}})
		}
	}
	if any {
		return [][]scan.KeyRange{one}
	}
	return out
}

// ginKeys gives keys that a row must have, or, with any, one of which.
func (t *IndexTest) ginKeys(v *column.Vector) (keys [][]byte, any bool) {
	if t.Op == OpElement {
		return [][]byte{key.AppendValue([]byte{byte(t.Part)}, v, 0)}, true
	}
	value := v.Bytes(0)
	switch t.Op {
	case OpHasLike:
		pieces, ok := likePieces(value)
		if !ok {
			return nil, false
		}
		for _, p := range pieces {
			for _, g := range rowindex.TrigramsOf(p) {
				keys = append(keys, append([]byte{byte(t.Part)}, g...))
			}
		}
		return keys, false
	case OpExists:
		return [][]byte{rowindex.JSONExists(value).Key(t.Part)}, true
	case OpMemberEqual:
		keys = append(keys, rowindex.JSONValue(t.Path, jsontext.AppendQuoted(nil, value)).Key(t.Part))
		switch {
		case len(value) == 0:
		case value[0] == '{' || value[0] == '[': // the text of an object or array
			return nil, false
		case value[0] == '-' || value[0] >= '0' && value[0] <= '9' || string(value) == "true" || string(value) == "false":
			keys = append(keys, rowindex.JSONValue(t.Path, value).Key(t.Part))
		}
		return keys, true
	case OpContains:
		if v.Type.Kind == column.JSONB {
			for _, term := range rowindex.JSONContained(value) {
				keys = append(keys, term.Key(t.Part))
			}
			return keys, false
		}
	}
	return t.elementKeys(v)
}

// elementKeys gives the keys of an array's elements.
func (t *IndexTest) elementKeys(v *column.Vector) (keys [][]byte, any bool) {
	a, err := array.Decode(v.Bytes(0), v.Type.Element())
	if err != nil {
		return nil, false
	}
	for i := range a.Elements.Len {
		switch {
		case a.Elements.IsNull(i):
			if t.Op == OpContains || t.Op == OpExistsAll { // nothing has it, or it does not matter: leave it to the filter
				return nil, false
			}
		case t.Op == OpExistsAny || t.Op == OpExistsAll:
			keys = append(keys, rowindex.JSONExists(a.Elements.Bytes(i)).Key(t.Part))
		default:
			keys = append(keys, key.AppendValue([]byte{byte(t.Part)}, a.Elements, i))
		}
	}
	return keys, t.Op == OpOverlaps || t.Op == OpExistsAny
}

// likePieces cuts a LIKE pattern into the texts that stand between its wildcards, the first being that before the first; false for a pattern that is
// refused.
func likePieces(pattern []byte) ([][]byte, bool) {
	out := [][]byte{nil}
	for i := 0; i < len(pattern); {
		switch c := pattern[i]; c {
		case '%', '_':
			out = append(out, nil)
			i++
			continue
		case '\\':
			if i++; i == len(pattern) {
				return nil, false
			}
		}
		_, size := utf8.DecodeRune(pattern[i:])
		out[len(out)-1] = append(out[len(out)-1], pattern[i:i+size]...)
		i += size
	}
	return out, true
}

// Take makes a constant the test's value, or a parameter; false for anything else.
func (t *IndexTest) Take(e expr.Expr) bool {
	if p, ok := e.(*expr.Param); ok {
		t.Param = p
		return true
	}
	t.Value = Literal(e)
	return t.Value != nil && !t.Value.IsNull(0)
}
