package query

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// tableChange is what happens to one table: rows that come, laid out as the table has them, and rows that end.
type tableChange struct {
	table    *meta.Table
	builders []*column.Builder
	ended    scan.RowSet
	changes  int             // how many changes of the statement are of the table
	seen     bool            // they are, see plan.Change
	decided  [][]column.ID   // the keys by which ON CONFLICT has decided what becomes of rows
	rekeyed  *roaring.Bitmap // rows that it has come to by giving others another key; nil = none
	held     int64           // bytes that were taken for all of it
}

func newTableChange(t *meta.Table) *tableChange {
	c := &tableChange{table: t}
	for _, f := range t.Columns.Fields {
		c.builders = append(c.builders, column.NewBuilder(f.Type, 0))
	}
	return c
}

// add adds rows, which are whole and checked.
func (c *tableChange) add(row []*column.Vector, n int) error {
	for i, v := range row {
		c.builders[i].AppendVector(v, 0, n)
		if err := c.builders[i].Err(); err != nil {
			return err
		}
	}
	return nil
}

// count is how many rows were added.
func (c *tableChange) count() int { return c.builders[0].Len() }

// rekey notes that ON CONFLICT has come to a row by giving another key to one that was there.
func (c *tableChange) rekey(row int) {
	if c.rekeyed == nil {
		c.rekeyed = roaring.New()
	}
	c.rekeyed.Add(uint32(row))
}

// account takes the memory that the change holds now from a pool.
func (c *tableChange) account(pool *mem.Pool) error {
	size := c.ended.SizeBytes()
	for _, b := range c.builders {
		size += builtBytes(b)
	}
	before := c.held
	c.held = size
	return pool.Grow(size - before)
}

// rows gives the rows that come; nothing can be added after.
func (c *tableChange) rows() meta.Rows {
	out := meta.Rows{Table: c.table}
	for _, b := range c.builders {
		out.Len = b.Len()
		out.Columns = append(out.Columns, b.Finish())
	}
	return out
}

// builtBytes is what a builder's rows take. A batch may take much less: its constants and runs are written out in a builder.
func builtBytes(b *column.Builder) int64 {
	rows := int64(b.Len())
	switch b.Type().Physical() {
	case column.PhysBool:
		return rows
	case column.PhysInterval:
		return 16 * rows
	case column.PhysBytes:
		return 4*rows + int64(b.DataLen())
	}
	return 8 * rows
}

// checkRows refuses rows that a table may not hold: those with NULL where none may be, and those for which a check is false.
func checkRows(ctx *expr.Context, t *meta.Table, checks []plan.Check, row []*column.Vector, n int) error {
	worst, name := n, ""
	for i, f := range t.Columns.Fields {
		if (f.NotNull || t.Demands(f.ID)) && row[i].HasNulls() {
			if at := firstNull(row[i], worst); at < worst {
				worst, name = at, f.Name
			}
		}
	}
	if worst < n {
		e := column.SQLErrorf(column.Invalid, "23502", "null value in column \"%s\" of relation \"%s\" violates not-null constraint", name, t.Name)
		e.Detail = "Failing row contains (" + rowText(row, worst) + ")."
		return e
	}
	for _, check := range checks {
		v, err := expr.Eval(ctx, check.Cond, row, n)
		if err != nil {
			return err
		}
		for i := range n {
			if v.IsNull(i) || v.Bool(i) {
				continue
			}
			e := column.SQLErrorf(column.Invalid, "23514", "new row for relation \"%s\" violates check constraint \"%s\"", t.Name, check.Name)
			e.Detail = "Failing row contains (" + rowText(row, i) + ")."
			return e
		}
	}
	return nil
}

func firstNull(v *column.Vector, n int) int {
	for i := range n {
		if v.IsNull(i) {
			return i
		}
	}
	return n
}

// longestValue is how much of a value an error shows, as in PostgreSQL.
const longestValue = 64

func rowText(row []*column.Vector, i int) string {
	parts := make([]string, len(row))
	for k, v := range row {
		parts[k] = "null"
		if !v.IsNull(i) {
			text := []rune(string(literal.Append(nil, v, i, literal.Options{})))
			if len(text) > longestValue {
				text = append(text[:longestValue:longestValue], []rune("...")...)
			}
			parts[k] = string(text)
		}
	}
	return strings.Join(parts, ", ")
}
