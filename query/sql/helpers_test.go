package sql

import (
	"fmt"
	"reflect"
	"testing"
)

// clearPos sets every field Pos below v to zero.
func clearPos(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			clearPos(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			clearPos(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "Pos" || name == "ValuePos" {
				v.Field(i).SetInt(0)
			} else if v.Type().Field(i).IsExported() {
				clearPos(v.Field(i))
			}
		}
	}
}

// roundTrip checks that a statement's text form is read back as the same tree
// and is written the same again. It returns the text.
func roundTrip(t testing.TB, text string, s Statement) string {
	t.Helper()
	out := Format(s.Stmt)
	again, err := ParseOne(out, Options{MaxDepth: 4 * defaultMaxDepth, MaxChain: 4 * defaultMaxChain})
	if err != nil {
		t.Fatalf("%q\nis written as %q\nwhich is refused: %v", text, out, err)
	}
	if out2 := Format(again.Stmt); out2 != out {
		t.Fatalf("%q\nis written as %q\nand then as %q", text, out, out2)
	}
	a, b := reflect.ValueOf(s.Stmt), reflect.ValueOf(again.Stmt)
	clearPos(a)
	clearPos(b)
	if !reflect.DeepEqual(s.Stmt, again.Stmt) {
		t.Fatalf("%q\nis written as %q\nwhich gives another tree:\n%s\n%s", text, out, dump(s.Stmt), dump(again.Stmt))
	}
	return out
}

// dump writes a tree as nested Go-like text.
func dump(v any) string {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return "nil"
		}
		return dump(rv.Elem().Interface())
	case reflect.Slice:
		s := "["
		for i := range rv.Len() {
			s += dump(rv.Index(i).Interface()) + " "
		}
		return s + "]"
	case reflect.Struct:
		s := rv.Type().Name() + "{"
		for i := range rv.NumField() {
			f := rv.Field(i)
			if rv.Type().Field(i).IsExported() && !f.IsZero() {
				s += rv.Type().Field(i).Name + ":" + dump(f.Interface()) + " "
			}
		}
		return s + "}"
	}
	return fmt.Sprintf("%v", v)
}
