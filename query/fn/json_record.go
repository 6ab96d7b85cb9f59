package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// recordFunctions are functions whose columns a statement says itself: SELECT * FROM json_to_record('{"a": 1}') AS r (a integer).
var recordFunctions = map[string]struct {
	arg column.Type
	set bool
}{"json_to_record": {tJSON, false}, "jsonb_to_record": {tJSONB, false}, "json_to_recordset": {tJSON, true}, "jsonb_to_recordset": {tJSONB, true}}

// RecordFunction gives the function of a name that makes rows of documents, with the columns that it is to have; nil if there is none.
func RecordFunction(name string, columns []expr.SetColumn) *expr.SetFunction {
	f, ok := recordFunctions[name]
	if !ok {
		return nil
	}
	return recordsOf(name, f.arg, f.set, columns)
}

// populateFunctions take a document and, before it, a value that stands for the table whose columns they give.
var populateFunctions = map[string]struct {
	arg column.Type
	set bool
}{"json_populate_record": {tJSON, false}, "jsonb_populate_record": {tJSONB, false}, "json_populate_recordset": {tJSON, true}, "jsonb_populate_recordset": {tJSONB, true}}

// PopulateFunction gives the function of a name that makes rows of a table of documents, whose only argument is the document; nil if there is none.
func PopulateFunction(name string, columns []expr.SetColumn) *expr.SetFunction {
	f, ok := populateFunctions[name]
	if !ok {
		return nil
	}
	return recordsOf(name, f.arg, f.set, columns)
}

func recordsOf(name string, arg column.Type, set bool, columns []expr.SetColumn) *expr.SetFunction {
	out := &expr.SetFunction{Name: name, Args: types(arg), Columns: columns, Doc: "rows of the members that columns are named after"}
	out.Open = func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
		var rows [][]byte
		var err error
		switch {
		case args[0].IsNull(i) && set:
		case args[0].IsNull(i):
			rows = [][]byte{nil}
		case set:
			rows, err = objectsOf(name, args[0].Bytes(i))
		default:
			rows = [][]byte{args[0].Bytes(i)}
			err = mustBeObject(name, rows[0])
		}
		if err != nil {
			return nil, err
		}
		opt := literalOptions(ctx)
		return &rowList{n: len(rows), put: func(out []*column.Builder, k int) error {
			for c := range columns {
				if err := putMember(out[c], rows[k], columns[c], opt); err != nil {
					return err
				}
			}
			return ctx.Work(len(rows[k]))
		}}, nil
	}
	return out
}

// mustBeObject refuses documents that have no members.
func mustBeObject(name string, a []byte) error {
	switch jsonType(a) {
	case "object":
		return nil
	case "array":
		return sqlError("22023", "cannot call %s on an array", name)
	}
	return sqlError("22023", "cannot call %s on a scalar", name)
}

// objectsOf lists the elements of an array, all of which must be objects.
func objectsOf(name string, a []byte) (out [][]byte, err error) {
	switch jsonType(a) {
	case "array":
	case "object":
		return nil, sqlError("22023", "cannot call %s on an object", name)
	default:
		return nil, sqlError("22023", "cannot call %s on a scalar", name)
	}
	jsonElements(a, func(v []byte) bool {
		if jsonType(v) != "object" {
			err = sqlError("22023", "argument of %s must be an array of objects", name)
			return false
		}
		out = append(out, v)
		return true
	})
	return out, err
}

// putMember reads the member that a column is named after, the last if there are several, as a value of its type.
func putMember(b *column.Builder, object []byte, c expr.SetColumn, opt literal.Options) error {
	v := jsonMember(object, []byte(c.Name), false)
	switch {
	case len(v) == 0 || v[0] == 'n':
		b.AppendNull()
		return nil
	case c.Type == tJSON || c.Type == tJSONB:
		return literal.Parse(b, c.Type, string(v), opt)
	case c.Type.IsArray() && v[0] != '[' && v[0] != '"':
		e := sqlError("22P02", "expected JSON array")
		e.Hint = "See the value of key \"" + c.Name + "\"."
		return e
	case c.Type.IsArray() && v[0] == '[':
		text, err := appendArrayLiteral(nil, v, c.Type.Element())
		if err != nil {
			return err
		}
		return literal.Parse(b, c.Type, string(text), opt)
	}
	text, err := jsonText(v, nil)
	if err != nil {
		return err
	}
	return literal.Parse(b, c.Type, string(text), opt)
}

// appendArrayLiteral writes a JSON array as a literal of an array.
func appendArrayLiteral(dst, a []byte, element column.Type) (_ []byte, err error) {
	dst = append(dst, '{')
	first := true
	jsonElements(a, func(v []byte) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		switch {
		case v[0] == '[' && element != tJSON && element != tJSONB:
			dst, err = appendArrayLiteral(dst, v, element)
			return err == nil
		case v[0] == 'n':
			dst = append(dst, "NULL"...)
			return true
		}
		text := v
		if element != tJSON && element != tJSONB {
			if text, err = jsonText(v, nil); err != nil {
				return false
			}
		}
		dst = append(dst, '"')
		for _, c := range text {
			if c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
		dst = append(dst, '"')
		return true
	})
	return append(dst, '}'), err
}
