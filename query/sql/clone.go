package sql

import "reflect"

// Clone copies an expression with all that it is made of: whoever changes nodes of a statement works on a copy, since a statement is kept and run again.
func Clone(n Expr) Expr {
	if n == nil {
		return nil
	}
	return cloned(reflect.ValueOf(n)).Interface().(Expr)
}

func cloned(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		inner := cloned(v.Elem())
		out := reflect.New(inner.Type())
		if v.Kind() == reflect.Interface {
			out = reflect.New(v.Type())
		}
		out.Elem().Set(inner)
		if v.Kind() == reflect.Interface {
			return out.Elem()
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(cloned(v.Index(i)))
		}
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if f := out.Field(i); f.CanSet() {
				f.Set(cloned(v.Field(i)))
			}
		}
		return out
	}
	return v
}
