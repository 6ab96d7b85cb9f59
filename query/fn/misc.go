package fn

import (
	"math/rand/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addMisc(r *Registry) {
	setting := func(name string, t column.Type, fallback, doc string) {
		r.add(scalar{name: name, result: t, stable: true, safe: true, doc: doc, kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			v := fallback
			if s, ok := ctx.Settings[name]; ok {
				v = s
			}
			text := column.NewStrings(v)
			text.Type = t
			return column.NewConst(text, 0, n), nil
		}})
	}
	// The version is one PostgreSQL's clients know how to talk to.
	setting("version", tText, "PostgreSQL 16.0 (Aegis)", "name and version of the server")
	setting("current_database", tName, "default", "the database")
	setting("current_catalog", tName, "default", "the database")
	setting("current_schema", tName, "public", "where names without a schema are looked for first")
	setting("current_user", tName, "aegis", "who asks")
	r.add(
		scalar{name: "pg_typeof", args: types(tAny), result: tRegType, nullable: true, safe: true, doc: "type of a value", kernel: func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return column.NewConst(column.NewInts(tRegType, []int64{int64(args[0].Type.OID())}, nil), 0, n), nil
		}},
		scalar{name: "random", result: tFloat8, volatile: true, safe: true, doc: "random number from 0 to less than 1", kernel: func(ctx *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			out := make([]float64, n)
			if ctx.Draw != nil {
				ctx.Draw(out)
				return column.NewFloats(tFloat8, out, nil), nil
			}
			next := ctx.Random
			if next == nil {
				next = rand.Float64
			}
			for i := range out {
				out[i] = next()
			}
			return column.NewFloats(tFloat8, out, nil), nil
		}},
	)
}
