// Package convert gives values of one type as values of another that mean the same: what comes from files, whose types are seldom those of
// the table. Nothing is rounded, cut or guessed: a value that the other type has not is an error which names its row.
//
// It must not know files or tables.
package convert

import (
	"errors"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
)

// Possible reports whether values of a type can be values of another at all.
func Possible(from, to column.Type) bool {
	switch {
	case from == to, from.Kind == column.Unknown, from.IsText():
		return true
	case from.IsArray() && to.IsArray():
		return Possible(from.Element(), to.Element())
	case to.IsText():
		return true
	case from.IsNumber():
		return to.IsNumber() || to.IsOID() && from.IsInteger()
	case from.IsOID():
		return to.IsOID() || to == column.T(column.Int64)
	case from.Kind == column.Date:
		return to.IsTime()
	case from.IsTime():
		return to.IsTime() || to.Kind == column.Date
	case from.Kind == column.JSON, from.Kind == column.JSONB:
		return to.Kind == column.JSON || to.Kind == column.JSONB
	case from.Kind == column.Bytea:
		return to.Kind == column.UUID
	}
	return false
}

// Error says which row has no counterpart.
type Error struct {
	Row int
	Err error
}

func (e *Error) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Vector gives the values of v in a column of type to with the limit mod. v is flat or Scaled. The error is an *Error, or one that is
// about all of it.
func Vector(v *column.Vector, to column.Type, mod column.Mod) (*column.Vector, error) {
	if v.Type.Kind == column.Unknown {
		return column.Flatten(column.NewNull(to, v.Len)), nil
	}
	if !Possible(v.Type, to) {
		return nil, column.SQLErrorf(column.Invalid, "42804", "values of type %s cannot be stored as %s", v.Type, to)
	}
	v, err := converted(v, to)
	if err != nil {
		return nil, err
	}
	return v, limited(v, mod)
}

func converted(v *column.Vector, to column.Type) (*column.Vector, error) {
	from := v.Type
	switch {
	case from == to || from.IsText() && (to.Kind == column.Text || to.Kind == column.Varchar || to.Kind == column.BpChar):
		return v.As(to), valid(v)
	case from.IsArray() && to.IsArray():
		return arrays(v, to)
	case to.IsText() && from.Kind == column.Bytea:
		v = v.As(column.T(column.Text))
		return v.As(to), valid(v)
	case to.IsText():
		return literal.Texts(column.Flatten(v)).As(to), valid(v)
	case from.IsText() || from.Kind == column.JSON && to.Kind == column.JSONB:
		return parsed(v, to)
	case from.Kind == column.JSONB:
		return v.As(to), nil
	case from.Kind == column.Bytea:
		return uuids(v, to)
	case from.Kind == column.Numeric:
		return fromNumeric(column.Flatten(v), to)
	case from.IsFloat():
		return fromFloat(v, to)
	case to.Kind == column.Numeric:
		return column.Flatten(column.NewScaled(v.Ints, 0, v.Valid)), nil
	case to.IsFloat():
		return fromInt(v, to)
	}
	return integers(v, to)
}

// each calls f for the rows that are not NULL; its error is that of the row.
func each(v *column.Vector, f func(i int) error) error {
	for i := range v.Len {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		if err := f(i); err != nil {
			return &Error{i, err}
		}
	}
	return nil
}

// build makes a vector of what f appends for each row that is not NULL.
func build(v *column.Vector, to column.Type, f func(b *column.Builder, i int) error) (*column.Vector, error) {
	b := column.NewBuilder(to, v.Len)
	for i := range v.Len {
		if v.Valid != nil && !v.Valid.Get(i) {
			b.AppendNull()
			continue
		}
		if err := f(b, i); err != nil {
			return nil, &Error{i, err}
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// inexact is the error about a value that the other type has not.
func inexact(v *column.Vector, i int, to string) error {
	return column.SQLErrorf(column.Invalid, "22003", "%s of type %s is not exactly a value of type %s", literal.Append(nil, v, i, literal.Options{}), v.Type, to)
}

func parsed(v *column.Vector, to column.Type) (*column.Vector, error) {
	return build(v, to, func(b *column.Builder, i int) error {
		return literal.Parse(b, to, string(v.Data[v.Offsets[i]:v.Offsets[i+1]]), literal.Options{})
	})
}

func uuids(v *column.Vector, to column.Type) (*column.Vector, error) {
	err := each(v, func(i int) error {
		if n := v.Offsets[i+1] - v.Offsets[i]; n != 16 {
			return column.SQLErrorf(column.Invalid, "22P02", "%d bytes are no uuid, which has 16", n)
		}
		return nil
	})
	return v.As(to), err
}

// arrays converts the elements.
func arrays(v *column.Vector, to column.Type) (*column.Vector, error) {
	var buf []byte
	return build(v, to, func(b *column.Builder, i int) error {
		a, err := array.Decode(v.Data[v.Offsets[i]:v.Offsets[i+1]], v.Type.Element())
		if err != nil {
			return err
		}
		elements, err := Vector(column.Flatten(a.Elements), to.Element(), 0)
		if err != nil {
			var e *Error
			if errors.As(err, &e) {
				err = e.Err
			}
			return err
		}
		buf = array.Append(buf[:0], a.Dims, elements, 0)
		b.AppendBytes(buf)
		return nil
	})
}
