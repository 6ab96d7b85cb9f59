package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addJSONCasts adds what becomes of json: jsonb, and of jsonb numbers and booleans.
func addJSONCasts(r *Registry) {
	r.addCast(tJSON, tJSONB, Assignment, false, false, kernel1(tJSONB, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) {
		return literal.CanonicalJSON(string(a))
	}))
	r.addCast(tJSONB, tJSON, Assignment, true, false, relabel(tJSON))
	r.addCast(tJSONB, tBool, Explicit, false, false, kernel1(tBool, readBytes, writeBool, func(_ *expr.Context, a []byte) (bool, error) {
		if kind := jsonType(a); kind != "boolean" {
			return false, noScalar(kind, tBool)
		}
		return a[0] == 't', nil
	}))
	r.addCast(tJSONB, tNumeric, Explicit, false, false, jsonNumber(tNumeric))
	for _, t := range []column.Type{tInt2, tInt4, tInt8, tFloat4, tFloat8} {
		convert := r.casts[castKey{tNumeric, t}].fn.Kernel
		number := jsonNumber(t)
		r.addCast(tJSONB, t, Explicit, false, false, func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			v, err := number(ctx, args, n)
			if err != nil {
				return nil, err
			}
			return convert(ctx, []*column.Vector{v}, n)
		})
	}
}

func noScalar(kind string, to column.Type) error {
	if kind == "number" {
		kind = "numeric"
	}
	return sqlError("22023", "cannot cast jsonb %s to type %s", kind, to)
}

// jsonNumber gives the number that a document is; to is the type that an error names.
func jsonNumber(to column.Type) Kernel {
	return kernel1(tNumeric, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) {
		if kind := jsonType(a); kind != "number" {
			return nil, noScalar(kind, to)
		}
		return a, nil
	})
}
