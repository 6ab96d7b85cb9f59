package aegis

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// relation is a stored table, or a metric's logical table over prometheus.samples, under one snapshot.
type relation struct {
	name     string
	table    *meta.Table
	columns  []plan.RelationColumn
	series   []scan.SeriesFilter
	source   scan.Source
	rows     int64
	readOnly bool
}

func (r *relation) Name() string                   { return r.name }
func (r *relation) Schema() *column.Schema         { return &r.table.Columns }
func (r *relation) Columns() []plan.RelationColumn { return r.columns }
func (r *relation) Series() []scan.SeriesFilter    { return r.series }
func (r *relation) Source() scan.Source            { return r.source }
func (r *relation) Rows() int64                    { return r.rows }

// Table is the catalog's table to write to; nil if the relation is computed.
func (r *relation) Table() *meta.Table {
	if r.readOnly {
		return nil
	}
	return r.table
}

func newTableRelation(s *Snapshot, t *meta.Table) *relation {
	r := &relation{name: t.Schema + "." + t.Name, table: t, source: &tableSource{snapshot: s, table: t}}
	// Samples come in by their protocol, which keeps labels canonical.
	r.readOnly = t.Schema == meta.PrometheusSchema
	for _, f := range t.Columns.Fields {
		r.columns = append(r.columns, plan.RelationColumn{
			Name: f.Name, Type: f.Type, ID: f.ID, NotNull: f.NotNull,
			Tag: t.Columns.IsTag(f.ID), Time: f.ID == t.Columns.Time,
		})
	}
	r.rows = s.catalog.Manifest(t.ID).LiveRows()
	return r
}
