package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addObjectCasts adds the casts between integers, object numbers and the objects they name.
func addObjectCasts(r *Registry) {
	unsigned := kernel1(tOID, readInt, writeInt, func(_ *expr.Context, a int64) (int64, error) { return int64(uint32(a)), nil })
	wide := kernel1(tOID, readInt, writeInt, func(_ *expr.Context, a int64) (int64, error) {
		if a < 0 || a > 1<<32-1 {
			return 0, sqlError("22003", "OID out of range")
		}
		return a, nil
	})
	signed := kernel1(tInt4, readInt, writeInt, func(_ *expr.Context, a int64) (int64, error) { return int64(int32(uint32(a))), nil })
	as := func(k Kernel, t column.Type) Kernel {
		return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			v, err := k(ctx, args, n)
			if err != nil {
				return nil, err
			}
			return relabel(t)(ctx, []*column.Vector{v}, n)
		}
	}
	for _, t := range append([]column.Type{tOID}, objects...) {
		r.addCast(tInt2, t, Implicit, true, false, as(unsigned, t))
		r.addCast(tInt4, t, Implicit, true, false, as(unsigned, t))
		r.addCast(tInt8, t, Implicit, false, false, as(wide, t))
		r.addCast(t, tInt4, Assignment, true, false, signed)
		r.addCast(t, tInt8, Assignment, true, false, relabel(tInt8))
		if t != tOID {
			r.addCast(tOID, t, Implicit, true, false, relabel(t))
			r.addCast(t, tOID, Implicit, true, false, relabel(tOID))
		}
	}
	proc, procedure := column.T(column.RegProc), column.T(column.RegProcedure)
	r.addCast(proc, procedure, Implicit, true, false, relabel(procedure))
	r.addCast(procedure, proc, Implicit, true, false, relabel(proc))
	for _, t := range []column.Type{tText, tVarchar} { // so that SELECT … WHERE oid = name::text finds a table, as in PostgreSQL
		c := r.casts[castKey{t, tRegClass}]
		c.how = Implicit
		r.casts[castKey{t, tRegClass}] = c
	}
}
