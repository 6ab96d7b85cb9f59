package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// An INSERT of many rows lists, as a rule, nothing but literals and parameters. They are read into vectors, a column at a time, and
// brought to the columns' types by a call for each column. What is not such a list, or has something wrong in it, is left to the way
// that binds each value, which knows what to say and where.

// constantRows is from how many rows on that is worth it.
const constantRows = 4

// insertConstants gives the rows of VALUES as vectors; nil if they must be bound one by one.
func (b *binder) insertConstants(in *insertion, v *sql.Values) (*plan.Constants, error) {
	width := len(v.Rows[0])
	if len(v.Rows) < constantRows || width > len(in.columns) || width < len(in.listed) || b.literals != nil {
		return nil, nil
	}
	for i, row := range v.Rows {
		if err := b.wanted(i); err != nil {
			return nil, err
		}
		if len(row) != width {
			return nil, nil
		}
		for _, e := range row {
			if !b.isConstant(e) {
				return nil, nil
			}
		}
	}
	out := &plan.Constants{Rows: len(v.Rows)}
	for i, c := range in.columns[:width] {
		f := &in.schema.Fields[c]
		if in.overriding == "user" && f.Identity != column.NoIdentity || in.given(c, in.overriding) != nil {
			return nil, nil
		}
		vector, err := b.constantColumn(v.Rows, i, f)
		if vector == nil || err != nil {
			return nil, err
		}
		out.Values = append(out.Values, vector)
		out.Out = append(out.Out, plan.Column{Name: f.Name, Type: f.Type, Mod: f.Mod})
	}
	in.columns = in.columns[:width]
	return out, nil
}

// isConstant reports a literal, or a parameter whose value is known.
func (b *binder) isConstant(e sql.Expr) bool {
	switch n := e.(type) {
	case *sql.Literal:
		return n.Kind != sql.LitBits && n.Kind != sql.LitHexBits
	case *sql.Param:
		return n.Index > 0 && n.Index <= len(b.ParamValues) && b.ParamValues[n.Index-1] != nil && b.ParamValues[n.Index-1].Len == 1
	}
	return false
}

// constantColumn reads column i of rows of constants as values of a field; nil if one of them does not fit as it is.
func (b *binder) constantColumn(rows [][]sql.Expr, i int, f *column.Field) (*column.Vector, error) {
	c := constantReader{b: b, to: f.Type, rows: len(rows), out: column.NewBuilder(f.Type, len(rows)), opt: b.literalOptions()}
	for r, row := range rows {
		if err := b.wanted(r); err != nil {
			return nil, err
		}
		ok := false
		switch n := row[i].(type) {
		case *sql.Literal:
			ok = c.literal(n)
		case *sql.Param:
			ok = c.param(b.paramValue(n))
		}
		if !ok {
			return nil, nil
		}
	}
	v := c.vector()
	if limit := b.Functions.Limit(f.Type, f.Mod, false); v != nil && limit != nil {
		v = b.applied(limit, v)
	}
	return v, nil
}

// paramValue gives the value of a parameter, brought to the type that it is declared to have; nil if that is not simply so.
func (b *binder) paramValue(n *sql.Param) *column.Vector {
	t := b.paramType(n.Index - 1)
	v := b.ParamValues[n.Index-1]
	if t != unknown && v.Type != t {
		return nil
	}
	return column.Flatten(v)
}

// applied computes a strict function of one vector; nil if it fails for a row or may change from row to row.
func (b *binder) applied(f *expr.Function, v *column.Vector) *column.Vector {
	if f.Volatile || f.Stable && b.fold.Now.IsZero() {
		return nil
	}
	out, err := expr.Apply(b.fold, f, []*column.Vector{v}, v.Len)
	if err != nil {
		return nil
	}
	return column.Flatten(out)
}

// constantReader makes a vector of constants. Those that are read as the column's type go into it at once. The others are kept by
// their own types until all are there, and are then cast together.
type constantReader struct {
	b     *binder
	to    column.Type
	rows  int
	opt   literal.Options
	out   *column.Builder // of the type of the column, for as long as no value is of another
	kinds []*constantKind
	of    []uint8 // of each row, which of kinds it is of; nil = all went into out
}

// constantKind are the values of one type.
type constantKind struct {
	from   column.Type
	values *column.Builder
}

// literal takes the value of the next row.
func (c *constantReader) literal(n *sql.Literal) bool {
	switch n.Kind {
	case sql.LitNull:
		c.direct().AppendNull()
		return true
	case sql.LitString:
		return literal.Parse(c.direct(), c.to, n.Text, c.opt) == nil
	case sql.LitBool:
		if c.to.Kind == column.Bool {
			c.direct().AppendBool(n.Text == "true")
			return true
		}
	case sql.LitInt:
		if v, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return c.integer(v)
		}
		return c.numeric(n.Text)
	case sql.LitNumber:
		return c.numeric(n.Text)
	}
	return false
}

// integer takes a whole number, which is an integer if it can be one, else a bigint.
func (c *constantReader) integer(v int64) bool {
	if c.to.IsInteger() {
		width := map[column.Kind]int64{column.Int16: int64(int16(v)), column.Int32: int64(int32(v)), column.Int64: v}
		if w, ok := width[c.to.Kind]; !ok || w != v {
			return false
		}
		c.direct().AppendInt(v)
		return true
	}
	from := column.T(column.Int64)
	if v == int64(int32(v)) {
		from = column.T(column.Int32)
	}
	to := c.kind(from)
	if to == nil {
		return false
	}
	to.AppendInt(v)
	return true
}

func (c *constantReader) numeric(text string) bool {
	canonical, err := literal.ParseNumeric(text)
	if err != nil {
		return false
	}
	to := c.kind(column.T(column.Numeric))
	if to == nil {
		return false
	}
	to.AppendString(canonical)
	return true
}

// param takes a parameter's value.
func (c *constantReader) param(v *column.Vector) bool {
	switch {
	case v == nil:
		return false
	case v.IsNull(0):
		if v.Type != unknown && !c.b.Functions.CanCast(v.Type, c.to, fn.Assignment) {
			return false
		}
		c.direct().AppendNull()
	case v.Type == c.to:
		c.direct().AppendRow(v, 0)
	case v.Type == unknown:
		return literal.Parse(c.direct(), c.to, string(v.Bytes(0)), c.opt) == nil
	default:
		to := c.kind(v.Type)
		if to == nil {
			return false
		}
		to.AppendRow(v, 0)
	}
	return true
}

// direct is where the next value goes if it is of the column's type.
func (c *constantReader) direct() *column.Builder {
	if c.of != nil {
		c.of = append(c.of, 0)
	}
	return c.out
}

// kind is where the next value goes if it is of another type; nil if that cannot become the column's.
func (c *constantReader) kind(from column.Type) *column.Builder {
	if from == c.to {
		return c.direct()
	}
	if c.of == nil {
		c.of = make([]uint8, c.out.Len(), c.rows)
	}
	for i, k := range c.kinds {
		if k.from == from {
			c.of = append(c.of, uint8(i+1))
			return k.values
		}
	}
	if len(c.kinds) == 255 || !c.b.Functions.CanCast(from, c.to, fn.Assignment) {
		return nil
	}
	k := &constantKind{from, column.NewBuilder(from, c.rows)}
	c.kinds = append(c.kinds, k)
	c.of = append(c.of, uint8(len(c.kinds)))
	return k.values
}

// vector casts what is of other types and puts all rows together; nil if that fails.
func (c *constantReader) vector() *column.Vector {
	own := c.out.Finish()
	if c.out.Err() != nil {
		return nil
	}
	if c.of == nil {
		return own
	}
	parts := []*column.Vector{own}
	for _, k := range c.kinds {
		cast, ok := c.b.Functions.Cast(k.from, c.to, fn.Assignment)
		if !ok || k.values.Err() != nil {
			return nil
		}
		v := c.b.applied(cast, k.values.Finish())
		if v == nil || v.Type != c.to {
			return nil
		}
		if v.Len == c.rows {
			return v
		}
		parts = append(parts, v)
	}
	all := column.NewBuilder(c.to, c.rows)
	next := make([]int, len(parts))
	for _, k := range c.of {
		all.AppendRow(parts[k], next[k])
		next[k]++
	}
	if all.Err() != nil {
		return nil
	}
	return all.Finish()
}
