package aegis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// errWrong is an answer that differs from the model's, where every other error says that there is no answer.
var errWrong = errors.New("wrong answer")

// check holds everything that can be asked to the model: the newest state, and each snapshot that is open.
func (w *world) check(t rapid.TB) {
	for i, h := range w.held {
		if err := checkModels(h.session, h.models); err != nil {
			t.Fatalf("snapshot %d of %d: %v", i+1, len(w.held), err)
		}
	}
	if err := checkModels(w.db.NewSession(""), w.models); err != nil {
		t.Fatal(err)
	}
}

func checkModels(s *query.Session, models map[string]*model) error {
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if err := checkModel(s, name, models[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return checkMetrics(s, models[samples])
}

func checkModel(s *query.Session, name string, m *model) error {
	ctx := context.Background()
	got, err := read(ctx, s, "SELECT * FROM "+name)
	if err != nil {
		return err
	}
	have := model{schema: m.schema, rows: got}
	if g, w := have.texts(), m.texts(); !slices.Equal(g, w) {
		return fmt.Errorf("%w: it has %d rows\n%s\nnot %d\n%s", errWrong, len(g), strings.Join(g, "\n"), len(w), strings.Join(w, "\n"))
	}
	asked, want := []string{"count(*)"}, modelRow{int64(len(m.rows))}
	for _, f := range m.schema.Fields {
		if f.Type.Kind != column.JSON { // which has no order
			if err := checkColumn(s, name, m, f); err != nil {
				return err
			}
		}
		asked = append(asked, "count("+f.Name+")")
		want = append(want, int64(len(m.rows)-countIf(m.column(f.Name), func(c cell) bool { return c == nil })))
	}
	return expect(s, "SELECT "+strings.Join(asked, ", ")+" FROM "+name, []modelRow{want})
}

// checkColumn asks for a column alone, in order, summed, and filters by it.
func checkColumn(s *query.Session, name string, m *model, f column.Field) error {
	cells := m.column(f.Name)
	slices.SortStableFunc(cells, compareCells)
	ordered, err := read(context.Background(), s, "SELECT "+f.Name+" FROM "+name+" ORDER BY "+f.Name)
	if err != nil {
		return err
	}
	if len(ordered) != len(cells) {
		return fmt.Errorf("%w: ORDER BY %s gives %d rows, not %d", errWrong, f.Name, len(ordered), len(cells))
	}
	for i, r := range ordered {
		if compareCells(r[0], cells[i]) != 0 {
			return fmt.Errorf("%w: ORDER BY %s: row %d is %s, not %s", errWrong, f.Name, i, cellText(r[0]), cellText(cells[i]))
		}
	}
	ask := func(where string, keep func(cell) bool) error {
		return expect(s, "SELECT count(*) FROM "+name+" WHERE "+where, []modelRow{{int64(countIf(cells, keep))}})
	}
	if err := ask(f.Name+" IS NULL", func(c cell) bool { return c == nil }); err != nil {
		return err
	}
	if len(cells) == 0 {
		return nil
	}
	middle := cells[len(cells)/2]
	if middle == nil {
		return nil
	}
	for op, holds := range map[string]func(int) bool{
		"=": func(c int) bool { return c == 0 }, "<>": func(c int) bool { return c != 0 },
		"<": func(c int) bool { return c < 0 }, ">=": func(c int) bool { return c >= 0 },
	} {
		keep := func(c cell) bool { return c != nil && holds(compareCells(c, middle)) }
		if err := ask(f.Name+" "+op+" "+sqlText(f.Type, middle), keep); err != nil {
			return err
		}
	}
	if !m.schema.IsTag(f.ID) {
		return nil
	}
	return expect(s, "SELECT "+f.Name+", count(*)"+sums(m, "")+" FROM "+name+" GROUP BY "+f.Name+" ORDER BY "+f.Name, groups(m, f.Name))
}

// sums writes the aggregates that groups computes.
func sums(m *model, filter string) string {
	out := ""
	for _, f := range m.schema.Fields {
		switch {
		case m.schema.IsTag(f.ID):
		case f.Type.Kind == column.Float64:
			out += ", sum(" + f.Name + ")" + filter
		case f.Type.Kind == column.Int64:
			out += ", max(" + f.Name + ")" + filter
		}
	}
	return out
}

func groups(m *model, by string) []modelRow {
	at := m.schema.Lookup(by)
	var keys []cell
	parts := map[string]*model{}
	for _, r := range m.rows {
		k := cellText(r[at])
		if parts[k] == nil {
			parts[k] = &model{schema: m.schema}
			keys = append(keys, r[at])
		}
		parts[k].rows = append(parts[k].rows, r)
	}
	slices.SortFunc(keys, compareCells)
	var out []modelRow
	for _, k := range keys {
		p := parts[cellText(k)]
		row := modelRow{k, int64(len(p.rows))}
		for _, f := range m.schema.Fields {
			switch {
			case m.schema.IsTag(f.ID):
			case f.Type.Kind == column.Float64:
				row = append(row, sum(p.column(f.Name)))
			case f.Type.Kind == column.Int64:
				row = append(row, largest(p.column(f.Name)))
			}
		}
		out = append(out, row)
	}
	return out
}

func sum(cells []cell) cell {
	var total cell
	for _, c := range cells {
		if c != nil {
			old, _ := total.(float64)
			total = old + c.(float64)
		}
	}
	return total
}

func largest(cells []cell) cell {
	var most cell
	for _, c := range cells {
		if c != nil && (most == nil || compareCells(c, most) > 0) {
			most = c
		}
	}
	return most
}

// checkMetrics asks the logical tables: stale markers are hidden there.
func checkMetrics(s *query.Session, m *model) error {
	byName := map[string][]cell{}
	for _, r := range m.rows {
		byName[r[0].(string)] = append(byName[r[0].(string)], r[3])
	}
	for name, cells := range byName {
		live := len(cells) - countIf(cells, func(c cell) bool { return c == nil })
		if err := expect(s, "SELECT count(*), sum(value) FROM metrics."+name, []modelRow{{int64(live), sum(cells)}}); err != nil {
			return err
		}
	}
	return nil
}

func countIf(cells []cell, keep func(cell) bool) int {
	n := 0
	for _, c := range cells {
		n += b2i(keep(c))
	}
	return n
}

// expect runs a query whose rows have a known order. −0 and 0 are one sum.
func expect(s *query.Session, text string, want []modelRow) error {
	got, err := read(context.Background(), s, text)
	if err != nil {
		return err
	}
	same := func(a, b cell) bool { return (a == nil) == (b == nil) && compareCells(a, b) == 0 }
	if !slices.EqualFunc(got, want, func(a, b modelRow) bool { return slices.EqualFunc(a, b, same) }) {
		return fmt.Errorf("%w: %s:\n%v\nnot\n%v", errWrong, text, got, want)
	}
	return nil
}
