package sql

import "reflect"

// Unplaced takes the places out of a tree that was read from another text than the statement that it becomes a part of: -1 stands in every Pos, and means
// nowhere. It changes the tree.
func Unplaced[N Node](n N) N {
	unplace(reflect.ValueOf(n), map[uintptr]bool{})
	return n
}

func unplace(v reflect.Value, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			unplace(v.Elem(), seen)
		}
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			unplace(v.Elem(), seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			unplace(v.Index(i), seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if v.Type().Field(i).Name == "Pos" && f.Kind() == reflect.Int && f.CanSet() {
				f.SetInt(-1)
				continue
			}
			unplace(f, seen)
		}
	}
}
