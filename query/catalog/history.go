package catalog

import (
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// AegisSchema holds the system relations that PostgreSQL does not have. Clients that list the catalog are not told of them.
const AegisSchema = "aegis"

// ownShapes are the relations of AegisSchema.
var ownShapes = sync.OnceValue(func() map[string]*shape {
	timestamp := column.T(column.TimestampTZ)
	out := map[string]*shape{}
	for i, s := range []*shape{
		{name: "versions", columns: []shapeColumn{
			{"version", column.T(column.Int64), true}, {"time", timestamp, true}, {"what", column.T(column.Text), true},
		}},
		{name: "pins", columns: []shapeColumn{
			{"name", column.T(column.Text), true}, {"version", column.T(column.Int64), true}, {"time", timestamp, false}, {"created", timestamp, false},
		}},
	} {
		s.schema, s.kind, s.oid = AegisSchema, "v", hashOID(AegisSchema, s.name)
		s.rowType = s.oid + int64(i)
		s.stored = column.Schema{Version: 1}
		for k, c := range s.columns {
			s.stored.Fields = append(s.stored.Fields, column.Field{ID: column.ID(k + 1), Name: c.name, Type: c.typ, NotNull: c.notNull})
		}
		out[s.full()] = s
	}
	return out
})

func moment(at int64) any {
	if at == 0 {
		return nil
	}
	return time.UnixMicro(at)
}

func init() {
	type v = meta.VersionTime
	register("aegis.versions", eachOf(func(v *View) []meta.VersionTime { return v.Catalog.Versions() }), columns[v]{
		"version": func(_ *View, t v) any { return int64(t.Version) }, "time": func(_ *View, t v) any { return moment(t.At) },
		"what": func(_ *View, t v) any { return t.Kind.String() },
	})
	register("aegis.pins", eachOf(func(v *View) []*meta.Pin { return v.Catalog.Pins() }), columns[*meta.Pin]{
		"name": func(_ *View, p *meta.Pin) any { return p.Name }, "version": func(_ *View, p *meta.Pin) any { return int64(p.Version) },
		"time": func(_ *View, p *meta.Pin) any { return moment(p.At) }, "created": func(_ *View, p *meta.Pin) any { return moment(p.Created) },
	})
}
