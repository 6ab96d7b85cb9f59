package aegis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// evolving is a table whose schema changes while rows are written to it, and what it should hold.
type evolving struct {
	db      *DB
	columns []*evolvingColumn
	rows    []map[*evolvingColumn]string // values as SQL prints them; absent = NULL
	named   int
	ids     int
}

type evolvingColumn struct {
	name, kind string
	byDefault  string // "" = NULL
	notNull    bool
}

// next is the type that a column can become without its values being touched.
var wider = map[string]string{"smallint": "integer", "integer": "bigint", "real": "double precision", "varchar(6)": "text", "numeric(6,2)": "numeric(9,2)"}

// evolvingValue makes a value of a type, the same in SQL as it is printed.
func evolvingValue(rng *rand.Rand, kind string) string {
	switch kind {
	case "smallint", "integer", "bigint":
		return strconv.Itoa(rng.IntN(9) - 4)
	case "real", "double precision":
		return []string{"0.5", "-1.25", "3", "1024"}[rng.IntN(4)]
	case "numeric(6,2)", "numeric(9,2)":
		return fmt.Sprintf("%d.%02d", rng.IntN(20), rng.IntN(100))
	case "boolean":
		return []string{"t", "f"}[rng.IntN(2)]
	case "timestamptz":
		return fmt.Sprintf("2026-01-0%d 00:00:00+00", 1+rng.IntN(4))
	}
	return []string{" ", "a", "bcd", "ü"}[rng.IntN(4)]
}

func (e *evolving) run(t rapid.TB, text string) []string {
	t.Helper()
	rows, err := textRows(context.Background(), e.db, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rows
}

func (e *evolving) add(t rapid.TB, rng *rand.Rand) {
	kinds := []string{"smallint", "integer", "real", "varchar(6)", "text", "numeric(6,2)", "boolean", "timestamptz"}
	c := &evolvingColumn{name: fmt.Sprintf("c%d", e.named), kind: kinds[rng.IntN(len(kinds))]}
	e.named++
	text := "ALTER TABLE t ADD COLUMN " + c.name + " " + c.kind
	if rng.IntN(3) > 0 {
		c.byDefault = evolvingValue(rng, c.kind)
		text += " DEFAULT '" + c.byDefault + "'"
		if c.notNull = rng.IntN(2) == 0; c.notNull {
			text += " NOT NULL"
		}
		for _, r := range e.rows {
			r[c] = c.byDefault
		}
	}
	e.run(t, text)
	e.columns = append(e.columns, c)
}

func (e *evolving) insert(t rapid.TB, rng *rand.Rand, layout string) {
	var some []*evolvingColumn
	for _, c := range e.columns {
		if rng.IntN(3) > 0 {
			some = append(some, c)
		}
	}
	names := []string{"id", "host", "ts"}
	for _, c := range some {
		names = append(names, c.name)
	}
	var tuples []string
	for range 1 + rng.IntN(6) {
		row := map[*evolvingColumn]string{}
		for _, c := range e.columns {
			if c.byDefault != "" {
				row[c] = c.byDefault
			}
		}
		values := []string{strconv.Itoa(e.ids), "'h" + strconv.Itoa(rng.IntN(3)) + "'", fmt.Sprintf("'2026-01-0%d 00:00:00+00'", 1+rng.IntN(3))}
		e.ids++
		for _, c := range some {
			if delete(row, c); !c.notNull && rng.IntN(4) == 0 {
				values = append(values, "NULL")
				continue
			}
			row[c] = evolvingValue(rng, c.kind)
			values = append(values, "'"+row[c]+"'")
		}
		row[nil] = values[0]
		e.rows = append(e.rows, row)
		tuples = append(tuples, "("+strings.Join(values, ", ")+")")
	}
	e.run(t, "INSERT INTO t ("+strings.Join(names, ", ")+") VALUES "+strings.Join(tuples, ", "))
}

// change is a change of a column that is there.
func (e *evolving) change(t rapid.TB, rng *rand.Rand) {
	if len(e.columns) == 0 {
		return
	}
	i := rng.IntN(len(e.columns))
	c := e.columns[i]
	switch rng.IntN(6) {
	case 0:
		e.run(t, "ALTER TABLE t DROP COLUMN "+c.name)
		e.columns = slices.Delete(e.columns, i, i+1)
	case 1:
		e.run(t, "ALTER TABLE t RENAME COLUMN "+c.name+" TO "+c.name+"x")
		c.name += "x"
	case 2, 3:
		if to := wider[c.kind]; to != "" {
			e.run(t, "ALTER TABLE t ALTER COLUMN "+c.name+" TYPE "+to)
			c.kind = to
		}
	case 4:
		if c.notNull && rng.IntN(2) == 0 {
			e.run(t, "ALTER TABLE t ALTER "+c.name+" DROP NOT NULL")
			c.notNull = false
			return
		}
		c.byDefault = evolvingValue(rng, c.kind)
		e.run(t, "ALTER TABLE t ALTER "+c.name+" SET DEFAULT '"+c.byDefault+"'")
	case 5:
		full := true
		for _, r := range e.rows {
			_, has := r[c]
			full = full && has
		}
		_, err := textRows(context.Background(), e.db, "ALTER TABLE t ALTER "+c.name+" SET NOT NULL")
		if (err == nil) != full {
			t.Fatalf("SET NOT NULL where all rows have a value = %v: %v", full, err)
		}
		c.notNull = c.notNull || full
		if c.notNull && c.byDefault == "" {
			c.byDefault = evolvingValue(rng, c.kind)
			e.run(t, "ALTER TABLE t ALTER "+c.name+" SET DEFAULT '"+c.byDefault+"'")
		}
	}
}

// modify updates or deletes some rows.
func (e *evolving) modify(t rapid.TB, rng *rand.Rand) {
	k, r := 2+rng.IntN(5), rng.IntN(2)
	where := fmt.Sprintf(" WHERE id %% %d = %d", k, r)
	hit := func(row map[*evolvingColumn]string) bool {
		id, _ := strconv.Atoi(row[nil])
		return id%k == r
	}
	if len(e.columns) == 0 || rng.IntN(2) == 0 {
		e.run(t, "DELETE FROM t"+where)
		e.rows = slices.DeleteFunc(e.rows, hit)
		return
	}
	c := e.columns[rng.IntN(len(e.columns))]
	v := evolvingValue(rng, c.kind)
	e.run(t, "UPDATE t SET "+c.name+" = '"+v+"'"+where)
	for _, row := range e.rows {
		if hit(row) {
			row[c] = v
		}
	}
}

func (e *evolving) check(t rapid.TB, rng *rand.Rand) {
	names := []string{"id"}
	for _, c := range e.columns {
		names = append(names, c.name)
	}
	var want []string
	for _, r := range e.rows {
		cells := []string{r[nil]}
		for _, c := range e.columns {
			if v, ok := r[c]; ok {
				cells = append(cells, v)
			} else {
				cells = append(cells, "NULL")
			}
		}
		want = append(want, strings.Join(cells, "|"))
	}
	got := e.run(t, "SELECT "+strings.Join(names, ", ")+" FROM t ORDER BY id")
	if !slices.Equal(got, want) {
		t.Fatalf("columns %v\n%s\nwant\n%s", names, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, c := range e.columns {
		v := evolvingValue(rng, c.kind)
		equal, null := 0, 0
		for _, r := range e.rows {
			if x, ok := r[c]; !ok {
				null++
			} else if x == v {
				equal++
			}
		}
		text := "SELECT (SELECT count(*) FROM t WHERE " + c.name + " = '" + v + "'), (SELECT count(*) FROM t WHERE " + c.name + " IS NULL)"
		if got, want := e.run(t, text)[0], fmt.Sprintf("%d|%d", equal, null); got != want {
			t.Fatalf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestSchemaEvolution writes rows while columns come, go, get other names and types, between flushes, compactions and restarts, and compares with a model.
func TestSchemaEvolution(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 3))
		w := &world{disk: newDisk()}
		w.reopen(rt)
		defer func() { w.close(rt) }()
		e := &evolving{db: w.db}
		layout := rapid.SampledFrom([]string{"", " WITH (time_column = ts)", " WITH (time_column = ts, tags = (host))"}).Draw(rt, "layout")
		e.run(rt, "CREATE TABLE t (id int NOT NULL, host text, ts timestamptz)"+layout)
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			switch op := rapid.SampledFrom([]string{"add", "insert", "insert", "insert", "change", "change", "modify", "flush", "flush", "compact", "reopen"}).Draw(rt, "op"); op {
			case "add":
				e.add(rt, rng)
			case "insert":
				e.insert(rt, rng, layout)
			case "change":
				e.change(rt, rng)
			case "modify":
				e.modify(rt, rng)
			case "flush":
				if err := w.db.Flush(context.Background()); err != nil {
					rt.Fatal(err)
				}
			case "compact":
				if err := w.db.Compact(context.Background()); err != nil {
					rt.Fatal(err)
				}
			case "reopen":
				w.close(rt)
				w.reopen(rt)
				e.db = w.db
			}
			e.check(rt, rng)
		}
	})
}

// textRows runs a statement and gives its rows as text, their values separated by bars.
func textRows(ctx context.Context, db *DB, text string) ([]string, error) {
	r, err := db.NewSession("").Run(ctx, query.Request{SQL: text})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []string
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			cells := make([]string, len(b.Columns))
			for k, v := range b.Columns {
				if cells[k] = "NULL"; !v.IsNull(i) {
					cells[k] = string(literal.Append(nil, v, i, r.Format()))
				}
			}
			out = append(out, strings.Join(cells, "|"))
		}
	}
}
