package fn

import (
	"errors"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/jsonpath"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

var tTextArray = column.ArrayOf(tText)

// addJSONPaths adds the functions of paths.
func addJSONPaths(r *Registry) {
	test := func(match bool) Kernel {
		return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			c := pathCall{silent: true}
			if match {
				return c.matches(ctx, args, n)
			}
			return c.exists(ctx, args, n)
		}
	}
	r.operator(
		scalar{name: "@?", args: types(tJSONB, tJSONPath), result: tBool, doc: "whether a path leads to something", kernel: test(false), check: checkPath},
		scalar{name: "@@", args: types(tJSONB, tJSONPath), result: tBool, doc: "what the condition that a path is gives", kernel: test(true), check: checkPath},
	)
	params, defaults := pathParams()
	for _, zoned := range []bool{false, true} {
		suffix := map[bool]string{true: "_tz"}[zoned]
		for n := 2; n <= 4; n++ {
			args := types(tJSONB, tJSONPath, tJSONB, tBool)[:n]
			c := pathCall{zoned: zoned}
			one := func(name, doc string, result column.Type, k Kernel) {
				r.add(scalar{name: name + suffix, args: args, result: result, stable: zoned, doc: doc, kernel: k, check: checkPath, params: params[:n], defaults: defaults[:n]})
			}
			one("jsonb_path_exists", "whether a path leads to something", tBool, c.exists)
			one("jsonb_path_match", "what the condition that a path is gives", tBool, c.matches)
			one("jsonb_path_query_array", "what a path leads to, as an array", tJSONB, c.array)
			one("jsonb_path_query_first", "the first that a path leads to", tJSONB, c.first)
		}
	}
}

// pathParams are the names of the arguments of jsonb_path_query and its like, and what those are that a call leaves out.
func pathParams() (names []string, defaults []*column.Vector) {
	empty := *column.NewStrings("{}")
	empty.Type = tJSONB
	return []string{"target", "path", "vars", "silent"}, []*column.Vector{nil, nil, &empty, column.NewBools([]bool{false}, nil)}
}

// pathCall is how a function calls a path.
type pathCall struct {
	silent bool
	zoned  bool
}

// checkPath finds the mistakes in a constant path.
func checkPath(i int, v *column.Vector) error {
	if i != 1 {
		return nil
	}
	_, err := parsePath(string(v.Bytes(0)))
	return err
}

// parsePath parses a path that is to be evaluated.
func parsePath(text string) (*jsonpath.Path, error) {
	p, err := jsonpath.Parse(text, pathRegex)
	if err == nil {
		err = p.Unsupported()
	}
	return p, err
}

// CanonicalPath gives a path as PostgreSQL prints it.
func CanonicalPath(text string) (string, error) {
	if err := literal.CheckText(text); err != nil {
		return "", err
	}
	p, err := jsonpath.Parse(text, pathRegex)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

type pathKey struct{ text string }

// pathOf parses a path, or remembers it.
func pathOf(ctx *expr.Context, text []byte) (*jsonpath.Path, error) {
	v, err := ctx.Memo(pathKey{string(text)}, func() (any, error) { return parsePath(string(text)) })
	if err != nil {
		return nil, err
	}
	return v.(*jsonpath.Path), nil
}

func pathRegex(pattern, options string) (func(s string) bool, error) {
	re, err := compileRegex(pattern, options)
	if err != nil {
		return nil, err
	}
	if re.back != nil {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "back references and look-around in like_regex are not supported")
	}
	return re.MatchString, nil
}

func computeForPath(sign byte, a, b *apd.Decimal) (*apd.Decimal, error) {
	switch sign {
	case '+':
		return addDecimals(a, b)
	case '-':
		return subDecimals(a, b)
	case '*':
		return mulDecimals(a, b)
	case '/':
		return divDecimals(a, b)
	}
	return modDecimals(a, b)
}

func printDecimal(d *apd.Decimal) string { return string(appendDecimal(nil, d)) }

// walk runs the path of row i. An error that silence hides ends the walk.
func (c pathCall) walk(ctx *expr.Context, args []*column.Vector, i int, f func(p *jsonpath.Path, doc jsonvalue.Value, opt jsonpath.Options) error) (hidden bool, err error) {
	p, err := pathOf(ctx, args[1].Bytes(i))
	if err != nil {
		return false, err
	}
	doc, err := document(ctx, args[0].Bytes(i))
	if err != nil {
		return false, err
	}
	var ended error
	opt := jsonpath.Options{Compute: computeForPath, Print: printDecimal, Look: func(bytes int) error {
		if ended == nil {
			ended = ctx.Work(bytes)
		}
		return ended
	}}
	if c.zoned {
		if opt.Zone = ctx.Location; opt.Zone == nil {
			opt.Zone = time.UTC
		}
	}
	if len(args) > 2 {
		vars, err := document(ctx, args[2].Bytes(i))
		if err != nil {
			return false, err
		}
		if vars.Kind != jsonvalue.Object {
			e := sqlError("22023", "\"vars\" argument is not an object")
			e.Detail = "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object."
			return false, e
		}
		opt.Vars = &vars
	}
	silent := c.silent || len(args) > 3 && args[3].Bool(i)
	err = f(p, doc, opt)
	if ended != nil { // a predicate may have taken it for an unknown
		return false, ended
	}
	if err != nil && silent && hideable(err) {
		return true, nil
	}
	return false, err
}

// hideable reports errors of a document's shape or values; that a variable is missing is the caller's own mistake.
func hideable(err error) bool {
	var e *column.Error
	if !errors.As(err, &e) || e.Class != column.Invalid {
		return false
	}
	return e.SQLState != "42704"
}

func (c pathCall) exists(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return eachRow(ctx, tBool, writeBool, n, func(i int) (found bool, err error) {
		hidden, err := c.walk(ctx, args, i, func(p *jsonpath.Path, doc jsonvalue.Value, opt jsonpath.Options) error {
			found, err = p.Exists(doc, opt)
			return err
		})
		if hidden {
			return false, errNull
		}
		return found, err
	})
}

func (c pathCall) results(ctx *expr.Context, args []*column.Vector, i int) (list []jsonvalue.Value, hidden bool, err error) {
	hidden, err = c.walk(ctx, args, i, func(p *jsonpath.Path, doc jsonvalue.Value, opt jsonpath.Options) error {
		return p.Query(doc, opt, func(v jsonvalue.Value) error {
			list = append(list, v)
			return nil
		})
	})
	return list, hidden, err
}

func (c pathCall) matches(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
		list, _, err := c.results(ctx, args, i)
		if err != nil {
			return false, err
		}
		if len(list) == 1 {
			switch list[0].Kind {
			case jsonvalue.Bool:
				return list[0].Truth, nil
			case jsonvalue.Null:
				return false, errNull
			}
		}
		if c.silent || len(args) > 3 && args[3].Bool(i) {
			return false, errNull
		}
		return false, sqlError("22038", "single boolean result is expected")
	})
}

func (c pathCall) array(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return eachRow(ctx, tJSONB, writeBytes, n, func(i int) ([]byte, error) {
		list, _, err := c.results(ctx, args, i)
		if err != nil {
			return nil, err
		}
		v := jsonvalue.List(list)
		return jsonvalue.Append(nil, &v), nil
	})
}

func (c pathCall) first(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return eachRow(ctx, tJSONB, writeBytes, n, func(i int) ([]byte, error) {
		list, _, err := c.results(ctx, args, i)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, errNull
		}
		return jsonvalue.Append(nil, &list[0]), nil
	})
}
