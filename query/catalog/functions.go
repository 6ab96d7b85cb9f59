package catalog

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
)

// Functions gives one shared registry of all functions, those that ask about the catalog included, made at the first call.
var Functions = sync.OnceValue(func() *fn.Registry {
	return fn.New(func(r *fn.Registry) {
		for _, list := range [][]*expr.Function{sessionFunctions(), objectFunctions(), definitionFunctions(), sizeFunctions(), privilegeFunctions(), sequenceFunctions(), advisoryFunctions()} {
			r.Add(list...)
		}
		addRowFunctions(r)
	})
})

// Short names for the types.
var (
	tBool        = column.T(column.Bool)
	tInt2        = column.T(column.Int16)
	tInt4        = column.T(column.Int32)
	tInt8        = column.T(column.Int64)
	tText        = column.T(column.Text)
	tName        = column.T(column.Name)
	tOID         = column.T(column.OID)
	tRegClass    = column.T(column.RegClass)
	tTimestampTZ = column.T(column.TimestampTZ)
)

// args are the arguments of one row of a call.
type args struct {
	vectors []*column.Vector
	row     int
}

func (a args) null(i int) bool        { return a.vectors[i].IsNull(a.row) }
func (a args) int(i int) int64        { return a.vectors[i].Int(a.row) }
func (a args) bool(i int) bool        { return a.vectors[i].Bool(a.row) }
func (a args) text(i int) string      { return string(a.vectors[i].Bytes(a.row)) }
func (a args) kind(i int) column.Kind { return a.vectors[i].Type.Kind }

// function makes a function that is stable within a statement, and NULL where an argument is. Its body gives a value as a getter of columns does.
func function(name string, params []column.Type, result column.Type, doc string, body func(v *View, a args) (any, error)) *expr.Function {
	return &expr.Function{
		Name: name, Args: params, Result: result, Strict: true, Stable: true, CanFail: true, Doc: doc,
		Kernel: func(ctx *expr.Context, vectors []*column.Vector, n int) (*column.Vector, error) {
			v, ok := ctx.Names.(*View)
			if !ok {
				return nil, column.SQLErrorf(column.Unsupported, "0A000", "%s cannot be called here: there is no database", name)
			}
			b := column.NewBuilder(result, n)
			for i := range n {
				if ctx.Valid != nil && !ctx.Valid.Get(i) {
					b.AppendNull()
					continue
				}
				value, err := body(v, args{vectors, i})
				if err == nil {
					err = appendValue(b, value)
				}
				if err != nil {
					return nil, err
				}
			}
			return b.Finish(), nil
		},
	}
}

func types(list ...column.Type) []column.Type { return list }

// nullable lets a function see NULLs.
func nullable(f *expr.Function) *expr.Function { f.Strict = false; return f }

// volatile has a function called for each row.
func volatile(f *expr.Function) *expr.Function { f.Stable, f.Volatile = false, true; return f }

// overloads makes one function of several lists of parameters.
func overloads(name string, result column.Type, doc string, body func(v *View, a args) (any, error), params ...[]column.Type) []*expr.Function {
	var out []*expr.Function
	for _, p := range params {
		out = append(out, function(name, p, result, doc, body))
	}
	return out
}

// always is a body that gives one value.
func always(value any) func(*View, args) (any, error) {
	return func(*View, args) (any, error) { return value, nil }
}
