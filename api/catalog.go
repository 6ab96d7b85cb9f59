package api

import (
	"net/http"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// columnAnswer describes a column.
type columnAnswer struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	Tag      bool   `json:"tag"`
	Time     bool   `json:"time"`
}

// tableAnswer describes a table. Rows, Segments and Bytes are of what was flushed.
type tableAnswer struct {
	Database string         `json:"database"`
	Schema   string         `json:"schema"`
	Name     string         `json:"name"`
	Columns  []columnAnswer `json:"columns"`
	Rows     int64          `json:"flushed_rows"`
	Segments int            `json:"segments"`
	Bytes    int64          `json:"bytes"`
}

type databaseAnswer struct {
	Name   string `json:"name"`
	Tables int    `json:"tables"`
}

// databases lists the databases.
func (s *Server) databases(w http.ResponseWriter, _ *http.Request) {
	catalog := s.db.Catalog()
	list := []databaseAnswer{}
	for _, d := range catalog.Databases() {
		list = append(list, databaseAnswer{d.Name, len(catalog.Tables(d.ID))})
	}
	writeJSON(w, http.StatusOK, struct {
		Success   bool             `json:"success"`
		Databases []databaseAnswer `json:"databases"`
	}{true, list})
}

// tables lists the stored tables of a database and, where ?schema=metrics asks for them, its metrics.
func (s *Server) tables(w http.ResponseWriter, r *http.Request) {
	schema := r.URL.Query().Get("schema")
	snap, err := s.db.Snapshot(r.URL.Query().Get("database"))
	if err != nil {
		s.fail(w, err)
		return
	}
	defer snap.Close()
	database, catalog := snap.Database(), snap.Catalog()
	list := []tableAnswer{}
	for _, t := range catalog.Tables(database.ID) {
		if schema != "" && schema != t.Schema {
			continue
		}
		a := tableAnswer{Database: database.Name, Schema: t.Schema, Name: t.Name, Columns: columnsOf(t)}
		a.measure(catalog, t)
		list = append(list, a)
	}
	if schema == meta.MetricsSchema {
		names, err := snap.Metrics(r.Context())
		if err != nil {
			s.fail(w, err)
			return
		}
		for _, n := range names {
			list = append(list, tableAnswer{Database: database.Name, Schema: meta.MetricsSchema, Name: n, Columns: []columnAnswer{}})
		}
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool          `json:"success"`
		Tables  []tableAnswer `json:"tables"`
	}{true, list})
}

func columnsOf(t *meta.Table) []columnAnswer {
	out := []columnAnswer{}
	for _, f := range t.Columns.Fields {
		out = append(out, columnAnswer{
			Name: f.Name, Type: f.Type.Format(f.Mod), Nullable: !f.NotNull, Tag: t.Columns.IsTag(f.ID), Time: f.ID == t.Columns.Time,
		})
	}
	return out
}

func (a *tableAnswer) measure(catalog *meta.Snapshot, t *meta.Table) {
	m := catalog.Manifest(t.ID)
	a.Rows, a.Segments, a.Bytes = m.LiveRows(), m.Len(), m.Bytes()
}

// table describes one table, by name or schema.name, as a statement would find it.
func (s *Server) table(w http.ResponseWriter, r *http.Request) {
	snap, err := s.db.Snapshot(r.URL.Query().Get("database"))
	if err != nil {
		s.fail(w, err)
		return
	}
	defer snap.Close()
	name := r.PathValue("name")
	schema, rest, qualified := strings.Cut(name, ".")
	if !qualified {
		schema, rest = "", name
	}
	relation, err := snap.Resolve(r.Context(), schema, rest)
	if err != nil && qualified && column.ClassOf(err) == column.NotFound {
		relation, err = snap.Resolve(r.Context(), "", name) // a metric may have a point in its name
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	a := tableAnswer{Database: snap.Database().Name, Columns: []columnAnswer{}}
	a.Schema, a.Name, _ = strings.Cut(relation.Name(), ".")
	for _, c := range relation.Columns() {
		a.Columns = append(a.Columns, columnAnswer{Name: c.Name, Type: c.Type.Format(c.Mod), Nullable: !c.NotNull, Tag: c.Tag, Time: c.Time})
	}
	if t := snap.Catalog().Table(snap.Database().ID, a.Schema, a.Name); t != nil {
		a.measure(snap.Catalog(), t)
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool `json:"success"`
		tableAnswer
	}{true, a})
}
