package fn

import (
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Types that are not known yet (untyped literals and parameters) are column.Unknown in everything below; the caller
// gives them the type of the chosen overload.

// Function chooses the overload of a scalar function; the error is 42883 or 42725.
func (r *Registry) Function(name string, args []column.Type) (*expr.Function, error) {
	list := r.functions[name]
	best, ambiguous := choose(r, list, args, func(f *expr.Function) ([]column.Type, bool) { return f.Args, f.Variadic })
	if best != nil {
		return r.instance(best, args)
	}
	return nil, noFunction(name, args, ambiguous)
}

// Aggregate chooses the overload of an aggregate function.
func (r *Registry) Aggregate(name string, args []column.Type) (*expr.Aggregate, error) {
	best, ambiguous := choose(r, r.aggregates[name], args, func(a *expr.Aggregate) ([]column.Type, bool) { return a.Args, false })
	if best == nil {
		return nil, noFunction(name, args, ambiguous)
	}
	return r.aggregateInstance(best, args)
}

// OrderedSet gives an aggregate of a name that is called with WITHIN GROUP; nil if there is none.
func (r *Registry) OrderedSet(name string) *expr.Aggregate {
	for _, a := range r.aggregates[name] {
		if a.WithinGroup {
			return a
		}
	}
	return nil
}

// Signature writes a call as error messages do.
func (r *Registry) Signature(name string, args []column.Type) string {
	names := make([]string, len(args))
	for i, t := range args {
		names[i] = typeText(t)
	}
	return "function " + name + "(" + strings.Join(names, ", ") + ")"
}

// Window chooses the overload of a window function that is no aggregate.
func (r *Registry) Window(name string, args []column.Type) (*expr.WindowFunction, error) {
	best, ambiguous := choose(r, r.windows[name], args, func(w *expr.WindowFunction) ([]column.Type, bool) { return w.Args, false })
	if best != nil {
		return best, nil
	}
	return nil, noFunction(name, args, ambiguous)
}

// Operator chooses the overload of an infix operator.
func (r *Registry) Operator(op string, left, right column.Type) (*expr.Function, error) {
	args := []column.Type{left, right}
	list := r.infix[op]
	// An untyped side is first taken to be of the other side's type.
	same := args
	switch {
	case left.Kind == column.Unknown && right.Kind != column.Unknown:
		same = []column.Type{right, right}
	case right.Kind == column.Unknown && left.Kind != column.Unknown:
		same = []column.Type{left, left}
	case nanoseconds(left, right) && isComparison(op):
		// Nanoseconds are compared as such, not rounded to the other side's microseconds.
		same = []column.Type{tTimestampNS, tTimestampNS}
	}
	if f := exact(list, same); f != nil {
		return f, nil
	}
	best, ambiguous := choose(r, list, args, func(f *expr.Function) ([]column.Type, bool) { return f.Args, false })
	if best != nil {
		return r.instance(best, args)
	}
	return nil, noOperator(typeText(left)+" "+op+" "+typeText(right), ambiguous)
}

// Prefix chooses the overload of a prefix operator.
func (r *Registry) Prefix(op string, arg column.Type) (*expr.Function, error) {
	best, ambiguous := choose(r, r.prefix[op], []column.Type{arg}, func(f *expr.Function) ([]column.Type, bool) { return f.Args, false })
	if best != nil {
		return best, nil
	}
	return nil, noOperator(op+" "+typeText(arg), ambiguous)
}

func nanoseconds(a, b column.Type) bool {
	other := func(t column.Type) bool { return t == tTimestamp || t == tTimestampTZ || t == tDate }
	return a == tTimestampNS && other(b) || b == tTimestampNS && other(a)
}

func isComparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=", "is distinct from":
		return true
	}
	return false
}

func exact(list []*expr.Function, args []column.Type) *expr.Function {
	for _, f := range list {
		if len(f.Args) == len(args) && f.Args[0] == args[0] && f.Args[1] == args[1] {
			return f
		}
	}
	return nil
}

func typeText(t column.Type) string { return t.String() }

func noFunction(name string, args []column.Type, ambiguous bool) error {
	names := make([]string, len(args))
	for i, t := range args {
		names[i] = typeText(t)
	}
	call := name + "(" + strings.Join(names, ", ") + ")"
	if ambiguous {
		e := sqlError("42725", "function %s is not unique", call)
		e.Hint = "Could not choose a best candidate function. You might need to add explicit type casts."
		return e
	}
	e := sqlError("42883", "function %s does not exist", call)
	e.Hint = "No function matches the given name and argument types. You might need to add explicit type casts."
	return e
}

// NoFunction is the error about a call that no function takes.
func NoFunction(name string, args []column.Type) error { return noFunction(name, args, false) }

func noOperator(text string, ambiguous bool) error {
	if ambiguous {
		e := sqlError("42725", "operator is not unique: %s", text)
		e.Hint = "Could not choose a best candidate operator. You might need to add explicit type casts."
		return e
	}
	e := sqlError("42883", "operator does not exist: %s", text)
	e.Hint = "No operator matches the given name and argument types. You might need to add explicit type casts."
	return e
}

// candidate is an overload that the arguments fit, with its parameter types spread over them.
type candidate[F any] struct {
	f      F
	params []column.Type
}

// choose picks an overload by PostgreSQL's rules (its manual, chapter "Type Conversion"); nil if none fits, and then
// ambiguous tells whether that is because several do.
func choose[F any](r *Registry, list []*F, args []column.Type, shape func(*F) ([]column.Type, bool)) (best *F, ambiguous bool) {
	var fit []candidate[*F]
	for _, f := range list {
		params, variadic := shape(f)
		if p := spread(params, variadic, len(args)); p != nil || len(args) == 0 && len(params) == 0 {
			if sameTypes(p, args) {
				return f, false
			}
			if r.accepts(p, args) {
				fit = append(fit, candidate[*F]{f, p})
			}
		}
	}
	alike := func(fit []candidate[*F], args []column.Type) []candidate[*F] { return likeKnown(r, fit, args) }
	for _, narrow := range []func([]candidate[*F], []column.Type) []candidate[*F]{mostExact[*F], mostPreferred[*F], byCategory[*F], alike} {
		if len(fit) <= 1 {
			break
		}
		fit = narrow(fit, args)
	}
	if len(fit) == 1 {
		return fit[0].f, false
	}
	return nil, len(fit) > 1
}

func spread(params []column.Type, variadic bool, n int) []column.Type {
	if !variadic {
		if len(params) != n {
			return nil
		}
		return params
	}
	if n < len(params) {
		return nil
	}
	out := append([]column.Type(nil), params...)
	for len(out) < n {
		out = append(out, params[len(params)-1])
	}
	return out
}

func sameTypes(params, args []column.Type) bool {
	for i, t := range args {
		if t.Kind == column.Unknown || params[i] != t {
			return false
		}
	}
	return true
}

func (r *Registry) accepts(params, args []column.Type) bool {
	for i, t := range args {
		if t.Kind != column.Unknown && !isPseudo(params[i]) && params[i] != t && !r.CanCast(t, params[i], Implicit) {
			return false
		}
	}
	_, how := r.resolve(params, args)
	return how != misfit
}

// best keeps the candidates with the highest score, all if none scores.
func best[F any](fit []candidate[F], score func(c candidate[F]) int) []candidate[F] {
	var out []candidate[F]
	high := 0
	for _, c := range fit {
		switch s := score(c); {
		case s > high:
			out, high = append(out[:0:0], c), s
		case s == high:
			out = append(out, c)
		}
	}
	return out
}

func mostExact[F any](fit []candidate[F], args []column.Type) []candidate[F] {
	return best(fit, func(c candidate[F]) int {
		s := 0
		for i, t := range args {
			if t.Kind != column.Unknown && c.params[i] == t {
				s++
			}
		}
		return s
	})
}

func mostPreferred[F any](fit []candidate[F], args []column.Type) []candidate[F] {
	return best(fit, func(c candidate[F]) int {
		s := 0
		for i, t := range args {
			p := c.params[i]
			if t.Kind != column.Unknown && (p == t || preferred(p) && category(p) == category(t)) {
				s++
			}
		}
		return s
	})
}

// byCategory settles the arguments of unknown type: text where a candidate takes text, else the one category all agree on.
func byCategory[F any](fit []candidate[F], args []column.Type) []candidate[F] {
	want := make([]byte, len(args))
	prefers := make([]bool, len(args))
	known := true
	for i, t := range args {
		if t.Kind != column.Unknown {
			continue
		}
		known = false
		agreed := true
		for _, c := range fit {
			cat := category(c.params[i])
			switch {
			case want[i] == 0, cat == 'S' && want[i] != 'S':
				want[i], prefers[i] = cat, preferred(c.params[i])
			case cat != want[i]:
				agreed = agreed && want[i] == 'S'
			case preferred(c.params[i]):
				prefers[i] = true
			}
		}
		if !agreed && want[i] != 'S' {
			return fit
		}
	}
	if known {
		return fit
	}
	var out []candidate[F]
	for _, c := range fit {
		ok := true
		for i, cat := range want {
			if cat != 0 && (category(c.params[i]) != cat || prefers[i] && !preferred(c.params[i])) {
				ok = false
			}
		}
		if ok {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return fit
	}
	return out
}

// likeKnown takes the unknown arguments to be of the one type the known ones have.
func likeKnown[F any](r *Registry, fit []candidate[F], args []column.Type) []candidate[F] {
	var known column.Type
	for _, t := range args {
		if t.Kind == column.Unknown {
			continue
		}
		if known.Kind != column.Unknown && known != t {
			return fit
		}
		known = t
	}
	if known.Kind == column.Unknown {
		return fit
	}
	alike := slices.Repeat([]column.Type{known}, len(args))
	var out []candidate[F]
	for _, c := range fit {
		if r.accepts(c.params, alike) {
			out = append(out, c)
		}
	}
	if len(out) != 1 {
		return fit
	}
	return out
}

// category is PostgreSQL's type category: implicit preferences work inside one.
func category(t column.Type) byte {
	switch t.Kind {
	case column.Bool:
		return 'B'
	case column.Int16, column.Int32, column.Int64, column.Float32, column.Float64, column.Numeric:
		return 'N'
	case column.Text, column.Varchar, column.BpChar, column.Name:
		return 'S'
	case column.Date, column.Timestamp, column.TimestampTZ, column.TimestampNS, column.Time, column.TimeTZ:
		return 'D'
	case column.IntervalKind:
		return 'T'
	case column.InternalChar:
		return 'Z'
	case column.Unknown, column.Record:
		return 'P'
	case column.Array:
		if isPseudo(t) {
			return 'P'
		}
		return 'A'
	}
	if t.IsOID() {
		return 'N'
	}
	return 'U'
}

func preferred(t column.Type) bool {
	switch t.Kind {
	case column.Bool, column.Float64, column.Text, column.TimestampTZ, column.IntervalKind, column.OID:
		return true
	}
	return false
}

// CommonType is the type that several expressions are brought to (CASE, COALESCE, VALUES, IN): PostgreSQL's rules for
// UNION. what names the construct in the error, which is 42804.
func (r *Registry) CommonType(what string, list []column.Type) (column.Type, error) {
	var t column.Type
	for _, u := range list {
		switch {
		case u.Kind == column.Unknown || u == t:
		case t.Kind == column.Unknown:
			t = u
		case category(u) != category(t):
			return t, sqlError("42804", "%s types %s and %s cannot be matched", what, t, u)
		case t == tTimestampNS || u == tTimestampNS:
			t = tTimestampTZ
		case !preferred(t) && r.CanCast(t, u, Implicit) && !r.CanCast(u, t, Implicit):
			t = u
		}
	}
	if t.Kind == column.Unknown {
		return tText, nil
	}
	for _, u := range list {
		if u.Kind != column.Unknown && u != t && !r.CanCast(u, t, Implicit) {
			return t, sqlError("42846", "%s could not convert type %s to %s", what, u, t)
		}
	}
	return t, nil
}

// zoned are the stable functions that depend on their arguments and the session's time zone, and on nothing else.
var zoned = map[string]bool{
	"time_bucket": true, "date_trunc": true, "date_part": true, "extract": true, "to_char": true, "timezone": true, "make_timestamptz": true,
}

// Timeless reports that calls by a name give the same for the same arguments in the same time zone, whenever they are made. Names that are
// no function's are those of forms (COALESCE) and aggregates, which add nothing of their own.
func (r *Registry) Timeless(name string) bool {
	for _, f := range r.functions[name] {
		if f.Volatile || f.Stable && !zoned[name] {
			return false
		}
	}
	return true
}
