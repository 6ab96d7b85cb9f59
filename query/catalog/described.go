package catalog

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/stats"
)

// described is a column of a table and what its segments say of it.
type described struct {
	*attribute
	stats *stats.Column
}

// few is the share of a table's rows up to which different values are a number in pg_stats; more of them are expected to grow with the table, and are a
// share of its rows, less than 0.
const few = 0.1

func init() {
	type d = *described
	register("pg_catalog.pg_stats", func(v *View, w *rows, yield func(d) error) error {
		return v.eachClass(w, "", "tablename", "schemaname", func(c *class) error {
			if c.kind != "r" || c.table == nil {
				return nil
			}
			return v.eachDescribed(w, c, yield)
		})
	}, columns[d]{
		"schemaname": func(_ *View, d d) any { return d.class.schema }, "tablename": func(_ *View, d d) any { return d.class.name },
		"attname": func(_ *View, d d) any { return d.name }, "inherited": fixed[d](false),
		"null_frac": func(_ *View, d d) any { return float64(float32(d.stats.Nulls / d.stats.Rows)) },
		"avg_width": func(_ *View, d d) any { return d.width() },
		"n_distinct": func(_ *View, d d) any {
			n := d.stats.Distinct()
			if n > few*d.stats.Rows {
				n = -n / d.stats.Rows
			}
			return float64(float32(n))
		},
		"most_common_vals": func(v *View, d d) any { return v.valuesText(d.stats.Common) },
		"most_common_freqs": func(_ *View, d d) any {
			var out []float64
			for _, n := range d.stats.Counts {
				out = append(out, float64(float32(n/d.stats.Rows)))
			}
			return out
		},
		"histogram_bounds": func(v *View, d d) any {
			if d.stats.Bounds.Len() < 2 {
				return nil
			}
			return v.valuesText(d.stats.Bounds)
		},
	})
}

// eachDescribed gives the columns of a table of which something is known; the tables that a reading asks for are looked at only.
func (v *View) eachDescribed(w *rows, c *class, yield func(*described) error) error {
	if names, some := w.texts("tablename"); some && !slices.Contains(names, c.name) {
		return nil
	}
	list, err := v.attributes(c)
	if err != nil {
		return err
	}
	for _, a := range list {
		f := a.field()
		if f == nil {
			continue
		}
		s, err := v.Store.Statistics(v.Ctx, c.table, f.ID)
		if err != nil {
			return err
		}
		if s == nil || s.Rows <= 0 {
			continue
		}
		if err := yield(&described{a, s}); err != nil {
			return err
		}
	}
	return nil
}

// width is how many bytes a value takes to PostgreSQL, on the average: that of its type, or of its text and a byte for the length.
func (d *described) width() any {
	if n := factsOf(d.typ).length; n > 0 {
		return n
	}
	if d.stats.Present() == 0 {
		return 0
	}
	width := d.stats.Width
	if width == 0 { // of numbers of a fixed scale, which are stored as integers
		width = meanLength(d.stats.Common, d.stats.Bounds)
	}
	return int64(math.Round(width)) + 1
}

// meanLength is how long the texts of values are, on the average.
func meanLength(lists ...stats.Values) float64 {
	sum, n := 0, 0
	for _, v := range lists {
		for i := range v.Len() {
			sum, n = sum+len(v.Vector.Bytes(i)), n+1
		}
	}
	return float64(sum) / float64(max(n, 1))
}

// valuesText is an array of values as text; NULL where there are none.
func (v *View) valuesText(values stats.Values) any {
	if values.Len() == 0 {
		return nil
	}
	elements := values.Vector
	b := column.NewBuilder(column.ArrayOf(elements.Type), 1)
	b.AppendBytes(array.Append(nil, array.OneDim(elements.Len), elements, 0))
	return string(literal.Append(nil, b.Finish(), 0, literal.Options{Location: v.Settings.Location, Style: v.Settings.Style}))
}
