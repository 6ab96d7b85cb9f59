package fn

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Named chooses the overload of a call whose arguments have names, "" for those that stand in order before them. order gives for each
// parameter the argument that is for it, -1 for its default.
func (r *Registry) Named(name string, args []column.Type, names []string) (f *expr.Function, order []int, err error) {
	for _, f := range r.functions[name] {
		order, ok := matchNames(f, names)
		if !ok {
			continue
		}
		if r.accepts(f.Args, given(f.Args, args, order)) {
			return f, order, nil
		}
	}
	return nil, nil, noNamed(name, args, names)
}

// NamedSet is Named of functions that give rows.
func (r *Registry) NamedSet(name string, args []column.Type, names []string) (f *expr.SetFunction, order []int, err error) {
	for _, f := range r.sets[name] {
		like := expr.Function{Args: f.Args, Variadic: f.Variadic, Params: f.Params, Defaults: f.Defaults}
		order, ok := matchNames(&like, names)
		if ok && r.accepts(f.Args, given(f.Args, args, order)) {
			return f, order, nil
		}
	}
	return nil, nil, noNamed(name, args, names)
}

// given are the types of arguments in the order of the parameters, which are taken for those that are left out.
func given(params, args []column.Type, order []int) []column.Type {
	ts := slices.Clone(params)
	for i, k := range order {
		if k >= 0 {
			ts[i] = args[k]
		}
	}
	return ts
}

func noNamed(name string, args []column.Type, names []string) error {
	call := make([]string, len(args))
	for i, t := range args {
		call[i] = typeText(t)
		if names[i] != "" {
			call[i] = names[i] + " => " + call[i]
		}
	}
	e := sqlError("42883", "function %s(%s) does not exist", name, strings.Join(call, ", "))
	e.Hint = "No function matches the given name and argument types. You might need to add explicit type casts."
	return e
}

func matchNames(f *expr.Function, names []string) (order []int, ok bool) {
	if len(f.Params) != len(f.Args) || f.Variadic {
		return nil, false
	}
	order = make([]int, len(f.Args))
	for i := range order {
		order[i] = -1
	}
	for k, name := range names {
		i := k
		if name != "" {
			i = indexOf(f.Params, name)
		}
		if i < 0 || i >= len(order) || order[i] >= 0 {
			return nil, false
		}
		order[i] = k
	}
	for i, k := range order {
		if k < 0 && (i >= len(f.Defaults) || f.Defaults[i] == nil) {
			return nil, false
		}
	}
	return order, true
}

func indexOf(list []string, name string) int {
	for i, s := range list {
		if s == name {
			return i
		}
	}
	return -1
}

// IsVariadic reports whether a function of a name takes any number of arguments.
func (r *Registry) IsVariadic(name string) bool {
	for _, f := range r.functions[name] {
		if f.Variadic {
			return true
		}
	}
	return false
}
