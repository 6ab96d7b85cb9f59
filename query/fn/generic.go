package fn

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Types that stand for others in the declaration of a function. In one call all elements and arrays are of one type: that of anyelement and
// anyarray exactly, that of anycompatible and anycompatiblearray the common type of all that stand there.
var (
	tAnyElement      = column.Type{Elem: column.Bool}
	tAnyNonArray     = column.Type{Elem: column.Int16} // any type that is no array, unchanged
	tCompatible      = column.Type{Elem: column.Int32}
	tAnyArray        = column.Type{Kind: column.Array}
	tCompatibleArray = column.Type{Kind: column.Array, Elem: column.Array}
)

var pseudoNames = map[column.Type]string{
	tAny: "any", tAnyElement: "anyelement", tAnyNonArray: "any", tCompatible: "anycompatible", tAnyArray: "anyarray",
	tCompatibleArray: "anycompatiblearray",
}

func isPseudo(t column.Type) bool { return !t.Valid() }

// resolution is what a call makes of the types that stand for others.
type resolution uint8

const (
	misfit   resolution = iota // the arguments do not fit
	resolved                   // they do
	open                       // they are all of unknown type
)

// resolve finds the type that a call's arguments give to those that stand for others; element is Unknown if there are none.
func (r *Registry) resolve(params, args []column.Type) (element column.Type, how resolution) {
	var exact, array column.Type
	var compatible []column.Type
	seen, isCompatible := false, false
	for i, p := range params {
		t := args[i]
		switch p {
		case tAnyNonArray:
			if t.IsArray() {
				return element, misfit
			}
			continue
		case tAnyElement, tAnyArray, tCompatible, tCompatibleArray:
		default:
			continue
		}
		seen = true
		isCompatible = isCompatible || p == tCompatible || p == tCompatibleArray
		if t.Kind == column.Unknown {
			continue
		}
		if p.IsArray() {
			if !t.IsArray() {
				return element, misfit
			}
			if p == tAnyArray && array.Kind != column.Unknown && array != t { // a vector beside an array of the same elements
				return element, misfit
			}
			array, t = t, t.Element()
		}
		if isCompatible {
			compatible = append(compatible, t)
			continue
		}
		if exact.Kind != column.Unknown && exact != t {
			return element, misfit
		}
		exact = t
	}
	switch {
	case !seen:
		return element, resolved
	case isCompatible && len(compatible) > 0:
		common, err := r.CommonType("", compatible)
		if err != nil || common.IsArray() && slices.Contains(params, tCompatibleArray) {
			return element, misfit
		}
		return common, resolved
	case isCompatible:
		return tText, resolved
	case exact.Kind == column.Unknown:
		return element, open
	}
	if exact.IsArray() && slices.Contains(params, tAnyArray) {
		return element, misfit
	}
	return exact, resolved
}

// put replaces the types that stand for others.
func put(t, element column.Type) column.Type {
	switch t {
	case tAnyElement, tCompatible:
		return element
	case tAnyArray, tCompatibleArray:
		return column.ArrayOf(element)
	case tAnyNonArray:
		return tAny
	}
	return t
}

func putAll(list []column.Type, element column.Type) []column.Type {
	out := make([]column.Type, len(list))
	for i, t := range list {
		out[i] = put(t, element)
	}
	return out
}

type instanceKey struct {
	of      any // a function, aggregate or function that gives rows
	element column.Type
}

var errUndetermined = sqlError("42804", "could not determine polymorphic type because input has type unknown")

// instance gives the function of a call's types. Calls with the same types share it, so that they are known to be equal.
func (r *Registry) instance(f *expr.Function, args []column.Type) (*expr.Function, error) {
	if !slices.ContainsFunc(f.Args, func(t column.Type) bool { return t != tAny && isPseudo(t) }) {
		return f, nil
	}
	element, how := r.resolve(spread(f.Args, f.Variadic, len(args)), args)
	if how != resolved {
		return nil, errUndetermined
	}
	made := *f
	made.Args, made.Result = putAll(f.Args, element), put(f.Result, element)
	if f.Generic != nil {
		made.Kernel = f.Generic(element)
	}
	shared, _ := r.instances.LoadOrStore(instanceKey{f, element}, &made)
	return shared.(*expr.Function), nil
}

// aggregateInstance is instance for aggregates.
func (r *Registry) aggregateInstance(a *expr.Aggregate, args []column.Type) (*expr.Aggregate, error) {
	if a.Generic == nil {
		return a, nil
	}
	element, how := r.resolve(a.Args, args)
	if how != resolved {
		return nil, errUndetermined
	}
	made := *a
	made.Args, made.Result = putAll(a.Args, element), put(a.Result, element)
	made.New, made.NewUnsorted = a.Generic(element)
	shared, _ := r.instances.LoadOrStore(instanceKey{a, element}, &made)
	return shared.(*expr.Aggregate), nil
}

// SetFunction chooses the overload of a function that gives rows.
func (r *Registry) SetFunction(name string, args []column.Type) (*expr.SetFunction, error) {
	f, ambiguous := choose(r, r.sets[name], args, func(f *expr.SetFunction) ([]column.Type, bool) { return f.Args, f.Variadic })
	if f == nil {
		return nil, noFunction(name, args, ambiguous)
	}
	if f.Generic == nil {
		return f, nil
	}
	element, how := r.resolve(spread(f.Args, f.Variadic, len(args)), args)
	if how != resolved {
		return nil, errUndetermined
	}
	made := *f
	made.Args, made.Columns = putAll(f.Args, element), slices.Clone(f.Columns)
	for i := range made.Columns {
		made.Columns[i].Type = put(made.Columns[i].Type, element)
	}
	made.Open = f.Generic(element)
	shared, _ := r.instances.LoadOrStore(instanceKey{f, element}, &made)
	return shared.(*expr.SetFunction), nil
}
