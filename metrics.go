package aegis

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// metric resolves a table of schema metrics: ts, value and a column per label that any of the metric's series has,
// over prometheus.samples. nil if there is no series of that name. Stale markers (NULL values) are hidden.
func (s *Snapshot) metric(ctx context.Context, name string) (plan.Relation, error) {
	t := s.catalog.Table(s.database.ID, meta.PrometheusSchema, meta.SamplesTable)
	if t == nil {
		return nil, nil
	}
	source := &tableSource{snapshot: s, table: t}
	filter := metricFilter(&t.Columns, name)
	names, found, err := labelNames(ctx, s.db.pool, source, &t.Columns, filter)
	if err != nil || !found {
		return nil, err
	}
	r := &relation{
		db: s.db, name: meta.MetricsSchema + "." + name, table: t, readOnly: true,
		series: []scan.SeriesFilter{filter}, source: &liveSamples{inner: source, value: valueColumn(&t.Columns)},
		rows: newTableRelation(s, t).rows,
	}
	if s.isPast {
		r.name = versionName(r.name, s.catalog.Version)
	}
	for _, f := range t.Columns.Fields {
		if t.Columns.IsTag(f.ID) || f.Name != "ts" && f.Name != "value" {
			continue
		}
		r.columns = append(r.columns, plan.RelationColumn{
			Name: f.Name, Type: f.Type, ID: f.ID, NotNull: true, Time: f.ID == t.Columns.Time,
		})
	}
	for _, label := range names {
		columnName := label
		if columnName == "ts" || columnName == "value" {
			columnName = "label_" + label
		}
		for columnName != label && slices.Contains(names, columnName) {
			columnName = "label_" + columnName // a label of that very name keeps it
		}
		r.columns = append(r.columns, plan.RelationColumn{Name: columnName, Type: column.T(column.Text), Label: label, Tag: true})
	}
	return r, nil
}

// Metrics lists the names of the metrics that have series, ascending.
func (s *Snapshot) Metrics(ctx context.Context) ([]string, error) {
	t := s.catalog.Table(s.database.ID, meta.PrometheusSchema, meta.SamplesTable)
	if t == nil {
		return nil, nil
	}
	seen := map[string]bool{}
	req := &scan.Request{Columns: t.Columns.Tags[:1], Time: scan.AllTime}
	err := eachRun(ctx, s.db.pool, &tableSource{snapshot: s, table: t}, req, func(value []byte) error {
		seen[string(value)] = true
		return nil
	})
	names := make([]string, 0, len(seen))
	for n := range seen {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, err
}

func metricFilter(s *column.Schema, name string) scan.SeriesFilter {
	want := []byte(name)
	return scan.SeriesFilter{
		Tag: s.Tags[0], Equal: [][]byte{want},
		Match: func(value []byte, null bool) bool { return !null && string(value) == name },
	}
}

func valueColumn(s *column.Schema) column.ID { return s.Fields[s.Lookup("value")].ID }

// labelNames collects the names of the labels of the series that pass a filter. It reads tags only, so no page is
// touched; the cost is per series.
func labelNames(ctx context.Context, pool *mem.Pool, source scan.Source, s *column.Schema, filter scan.SeriesFilter) (names []string, found bool, err error) {
	seen := map[string]bool{}
	req := &scan.Request{Columns: s.Tags[1:2], Time: scan.AllTime, Series: []scan.SeriesFilter{filter}}
	err = eachRun(ctx, pool, source, req, func(value []byte) error {
		found = true
		return labels.Visit(value, func(name, _ []byte) {
			if !seen[string(name)] {
				seen[string(name)] = true
				names = append(names, string(name))
			}
		})
	})
	slices.Sort(names)
	return names, found, err
}

// eachRun calls f with the value of the request's one tag column, once per run.
func eachRun(ctx context.Context, pool *mem.Pool, source scan.Source, req *scan.Request, f func(value []byte) error) error {
	morsels, _, err := source.Morsels(ctx, req)
	if err != nil {
		return err
	}
	for _, m := range morsels {
		if err := eachRunOf(ctx, pool, m, f); err != nil {
			return err
		}
	}
	return nil
}

func eachRunOf(ctx context.Context, parent *mem.Pool, m scan.Morsel, f func(value []byte) error) error {
	pool := mem.NewPool("label scan", 0, parent)
	defer pool.Close()
	r, err := m.Open(ctx, pool)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		values := b.Columns[0]
		if values.Enc != column.Flat {
			values = values.Child
		}
		for i := range values.Len {
			if values.IsNull(i) {
				continue
			}
			if err := f(values.Bytes(i)); err != nil {
				return err
			}
		}
	}
}
