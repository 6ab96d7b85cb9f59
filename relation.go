package aegis

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// relation is a stored table, or a metric's logical table over prometheus.samples, under one snapshot.
type relation struct {
	db       *DB
	name     string
	table    *meta.Table
	columns  []plan.RelationColumn
	series   []scan.SeriesFilter
	source   scan.Source
	rows     int64
	readOnly bool
	indexes  []*meta.Index
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
	name := t.Schema + "." + t.Name
	if s.isPast {
		name = versionName(name, s.catalog.Version)
	}
	return &relation{
		db: s.db, name: name, table: t, source: &tableSource{snapshot: s, table: t}, columns: s.db.columns.of(t),
		rows:     s.storedRows(t.ID),
		indexes:  s.catalog.Indexes(t.ID),
		readOnly: t.Schema == meta.PrometheusSchema, // samples come in by their protocol, which keeps labels canonical
	}
}

// tableColumns remembers what columns the newest version of each table shows, which every statement asks for. Safe for concurrent use.
type tableColumns struct {
	mu    sync.RWMutex
	known map[meta.TableID]shownColumns
}

type shownColumns struct {
	schema  *column.Schema // each version of a table's is one object
	columns []plan.RelationColumn
}

// mostKnown bounds what is remembered: dropped tables are among it.
const mostKnown = 1 << 12

func (c *tableColumns) of(t *meta.Table) []plan.RelationColumn {
	c.mu.RLock()
	k, ok := c.known[t.ID]
	c.mu.RUnlock()
	if ok && k.schema == &t.Columns {
		return k.columns
	}
	k = shownColumns{schema: &t.Columns}
	for _, f := range t.Columns.Fields {
		k.columns = append(k.columns, plan.RelationColumn{
			Name: f.Name, Type: f.Type, ID: f.ID, NotNull: f.NotNull,
			Tag: t.Columns.IsTag(f.ID), Time: f.ID == t.Columns.Time, Mod: f.Mod,
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostKnown {
		c.known = map[meta.TableID]shownColumns{}
	}
	c.known[t.ID] = k
	return k.columns
}

// Indexes implements plan.Indexed: the indexes of the snapshot's catalog version.
func (r *relation) Indexes() []*meta.Index { return r.indexes }
