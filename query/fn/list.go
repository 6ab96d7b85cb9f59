package fn

import (
	"iter"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// inOrder gives the overloads of every name, ascending.
func inOrder[F any](m map[string][]F) iter.Seq[F] {
	return func(yield func(F) bool) {
		for _, name := range namesOf(m) {
			for _, f := range m[name] {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func namesOf[F any](m map[string][]F) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// Functions lists the scalar functions, by name.
func (r *Registry) Functions() iter.Seq[*expr.Function] { return inOrder(r.functions) }

// Operators lists the operators: those between two operands and, with one argument, those in front of theirs.
func (r *Registry) Operators() iter.Seq[*expr.Function] {
	return func(yield func(*expr.Function) bool) {
		for _, m := range []map[string][]*expr.Function{r.infix, r.prefix} {
			for f := range inOrder(m) {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// Aggregates lists the aggregate functions.
func (r *Registry) Aggregates() iter.Seq[*expr.Aggregate] { return inOrder(r.aggregates) }

// Windows lists the window functions that are no aggregates.
func (r *Registry) Windows() iter.Seq[*expr.WindowFunction] { return inOrder(r.windows) }

// CastInfo describes a cast.
type CastInfo struct {
	From, To column.Type
	How      CastContext
}

// Casts lists the casts, by the numbers of their types.
func (r *Registry) Casts() []CastInfo {
	out := make([]CastInfo, 0, len(r.casts))
	for k, c := range r.casts {
		out = append(out, CastInfo{k.from, k.to, c.how})
	}
	sort.Slice(out, func(i, j int) bool {
		if a, b := out[i].From.OID(), out[j].From.OID(); a != b {
			return a < b
		}
		return out[i].To.OID() < out[j].To.OID()
	})
	return out
}
