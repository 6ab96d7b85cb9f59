package fn

import (
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
		ts := make([]column.Type, len(order))
		for i, k := range order {
			ts[i] = f.Args[i]
			if k >= 0 {
				ts[i] = args[k]
			}
		}
		if r.accepts(f.Args, ts) {
			return f, order, nil
		}
	}
	call := make([]string, len(args))
	for i, t := range args {
		call[i] = typeText(t)
		if names[i] != "" {
			call[i] = names[i] + " => " + call[i]
		}
	}
	e := sqlError("42883", "function %s(%s) does not exist", name, strings.Join(call, ", "))
	e.Hint = "No function matches the given name and argument types. You might need to add explicit type casts."
	return nil, nil, e
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
