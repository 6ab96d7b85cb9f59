package catalog

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// IndexFigures are what an index takes and does.
type IndexFigures struct {
	Segments, Built int   // of the table, and those that have their file
	Rows, Done      int64 // of the table's segments, and those that are in files or in one that is being made
	Bytes           int64
	Scans, Named    int64 // that used it since the start, and the rows it named to them
	Building        bool  // a file is being made now
}

// anIndex is an index to those who look for indexes: one that CREATE INDEX made, or that of a unique key.
type anIndex struct {
	uniqueKey
	made *meta.Index // nil = of the key
}

func indexOID(id meta.IndexID) int64 { return oidIndexes + int64(id) }

// madeIndex describes an index of CREATE INDEX.
func madeIndex(t *meta.Table, x *meta.Index) anIndex {
	k := uniqueKey{table: t, name: x.Name}
	for _, c := range x.Columns {
		k.columns = append(k.columns, c.Column)
	}
	return anIndex{k, x}
}

// indexesOf lists the indexes of a table.
func (v *View) indexesOf(t *meta.Table) []anIndex {
	var out []anIndex
	for _, k := range keysOf(t) {
		out = append(out, anIndex{uniqueKey: k})
	}
	for _, x := range v.Catalog.Indexes(t.ID) {
		out = append(out, madeIndex(t, x))
	}
	return out
}

func (v *View) indexes() []anIndex {
	var out []anIndex
	for _, t := range v.Catalog.Tables(v.Database.ID) {
		out = append(out, v.indexesOf(t)...)
	}
	return out
}

func (x anIndex) oid() int64 {
	if x.made != nil {
		return indexOID(x.made.ID)
	}
	return x.index()
}

func (x anIndex) class() *class {
	return &class{oid: x.oid(), schema: x.table.Schema, name: x.name, kind: "i", table: x.table, columns: x.columns, index: x.made}
}

// methodOIDs are PostgreSQL's numbers of access methods, and ours of those that it does not have.
var methodOIDs = map[string]int64{
	meta.IndexBTree: 403, meta.IndexGIN: 2742, meta.IndexBitmap: hashOID("access method", meta.IndexBitmap), meta.IndexBloom: hashOID("access method", meta.IndexBloom),
}

// method is a way in which tables or indexes are kept, or a language.
type method struct {
	oid        int64
	name, kind string
}

// accessMethods lists how tables are kept, aegis, and indexes; keys are called btree, as clients know that one.
func accessMethods() []method {
	out := []method{{oidHeapAM, "aegis", "t"}}
	for _, name := range []string{meta.IndexBTree, meta.IndexGIN, meta.IndexBitmap, meta.IndexBloom} {
		out = append(out, method{methodOIDs[name], name, "i"})
	}
	return out
}

// part writes a column of the index as SQL, by its place from 0.
func (x anIndex) part(i int) string {
	f := x.table.Columns.Fields[x.table.Columns.Index(x.columns[i])]
	return setting.QuoteIdent(f.Name)
}

func (x anIndex) partWithOptions(i int) string {
	c := x.made.Columns[i]
	text := x.part(i)
	if c.Class != "" {
		text += " " + c.Class
	}
	switch {
	case c.Desc && !c.NullsFirst:
		text += " DESC NULLS LAST"
	case c.Desc:
		text += " DESC"
	case c.NullsFirst:
		text += " NULLS FIRST"
	}
	return text
}

// text is the statement that would make the index.
func (x anIndex) text() string {
	if x.made == nil {
		return x.definition()
	}
	parts := make([]string, len(x.columns))
	for i := range parts {
		parts[i] = x.partWithOptions(i)
	}
	out := "CREATE INDEX " + setting.QuoteIdent(x.name) + " ON " + setting.QuoteIdent(x.table.Schema) + "." + setting.QuoteIdent(x.table.Name) +
		" USING " + x.made.Method + " (" + strings.Join(parts, ", ") + ")"
	if x.made.Bits != 0 {
		out += " WITH (bits='" + strconv.Itoa(x.made.Bits) + "')"
	}
	return out
}

// option is pg_index's flags of a column: 1 descending, 2 NULLs first.
func (x anIndex) option(i int) int64 {
	if x.made == nil {
		return 0
	}
	n := int64(0)
	if x.made.Columns[i].Desc {
		n |= 1
	}
	if x.made.Columns[i].NullsFirst {
		n |= 2
	}
	return n
}

// operatorClass is PostgreSQL's number of the class of a GIN index's column; 0 for others, whose class is that of their type.
func (x anIndex) operatorClass(i int) int64 {
	if x.made == nil || x.made.Method != meta.IndexGIN {
		return 0
	}
	switch f := x.fields()[i]; {
	case x.made.Columns[i].Class == rowindex.JSONPaths:
		return 10091
	case f.Type.Kind == column.JSONB:
		return 10090
	case f.Type.IsArray():
		return 10064
	}
	return 0
}

// indexFigures are what an index takes and does; nothing is counted of those of keys.
func (v *View) indexFigures(x anIndex) (IndexFigures, bool) {
	if x.made == nil {
		return IndexFigures{}, false
	}
	return v.Store.Indexed(x.made), true
}

func init() {
	type x = anIndex
	perColumn := func(f func(x x, i int) int64) func(*View, x) any {
		return func(_ *View, x x) any {
			out := numbered{}
			for i := range x.columns {
				out = append(out, f(x, i))
			}
			return out
		}
	}
	made := func(yes bool) func(*View, x) any { return func(_ *View, x x) any { return (x.made != nil) == yes } }
	register("pg_catalog.pg_index", eachOf((*View).indexes), columns[x]{
		"indexrelid": func(_ *View, x x) any { return x.oid() }, "indrelid": func(_ *View, x x) any { return tableOID(x.table.ID) },
		"indnatts": func(_ *View, x x) any { return len(x.columns) }, "indnkeyatts": func(_ *View, x x) any { return len(x.columns) },
		"indisunique": made(false), "indnullsnotdistinct": func(_ *View, x x) any { return x.nullsNotDistinct },
		"indisprimary": func(_ *View, x x) any { return x.primary }, "indisexclusion": fixed[x](false),
		"indimmediate": fixed[x](true), "indisclustered": fixed[x](false), "indisvalid": fixed[x](true), "indcheckxmin": fixed[x](false), "indisready": fixed[x](true),
		"indislive": fixed[x](true), "indisreplident": fixed[x](false),
		"indkey":       perColumn(func(x x, i int) int64 { return int64(x.fields()[i].Place()) }),
		"indcollation": perColumn(func(x x, i int) int64 { return factsOf(x.fields()[i].Type).collation }),
		"indclass":     perColumn(anIndex.operatorClass), "indoption": perColumn(anIndex.option),
	})
	register("pg_catalog.pg_indexes", eachOf((*View).indexes), columns[x]{
		"schemaname": func(_ *View, x x) any { return x.table.Schema }, "tablename": func(_ *View, x x) any { return x.table.Name },
		"indexname": func(_ *View, x x) any { return x.name }, "indexdef": func(_ *View, x x) any { return x.text() },
	})
	counted := func(f func(IndexFigures) int64) func(*View, x) any {
		return func(v *View, x x) any {
			figures, ok := v.indexFigures(x)
			if !ok {
				return nil
			}
			return f(figures)
		}
	}
	for _, name := range []string{"pg_catalog.pg_stat_all_indexes", "pg_catalog.pg_stat_user_indexes"} {
		register(name, eachOf((*View).indexes), columns[x]{
			"relid": func(_ *View, x x) any { return tableOID(x.table.ID) }, "indexrelid": func(_ *View, x x) any { return x.oid() },
			"schemaname": func(_ *View, x x) any { return x.table.Schema }, "relname": func(_ *View, x x) any { return x.table.Name },
			"indexrelname": func(_ *View, x x) any { return x.name },
			"idx_scan":     counted(func(f IndexFigures) int64 { return f.Scans }), "idx_tup_read": counted(func(f IndexFigures) int64 { return f.Named }),
		})
	}
	// An index is listed until each segment has its file.
	register("pg_catalog.pg_stat_progress_create_index", func(v *View, w *rows, yield func(x) error) error {
		for _, x := range v.indexes() {
			if f, ok := v.indexFigures(x); ok && f.Built < f.Segments {
				if err := yield(x); err != nil {
					return err
				}
			}
		}
		return nil
	}, columns[x]{
		"datid": func(v *View, _ x) any { return databaseOID(v.Database) }, "datname": func(v *View, _ x) any { return v.Database.Name },
		"relid": func(_ *View, x x) any { return tableOID(x.table.ID) }, "index_relid": func(_ *View, x x) any { return x.oid() },
		"command": fixed[x]("CREATE INDEX CONCURRENTLY"),
		"phase": func(v *View, x x) any {
			if f, _ := v.indexFigures(x); f.Building {
				return "building index: scanning table"
			}
			return "initializing"
		},
		"lockers_total": fixed[x](0), "lockers_done": fixed[x](0), "current_locker_pid": fixed[x](0),
		"tuples_total": counted(func(f IndexFigures) int64 { return f.Rows }), "tuples_done": counted(func(f IndexFigures) int64 { return f.Done }),
		"partitions_total": counted(func(f IndexFigures) int64 { return int64(f.Segments) }),
		"partitions_done":  counted(func(f IndexFigures) int64 { return int64(f.Built) }),
	})
}
