package expr

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// Children lists the arguments of an expression, left to right.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return e.Args
	case *Logic:
		return e.Args
	case *Not:
		return []Expr{e.Arg}
	case *IsNull:
		return []Expr{e.Arg}
	case *In:
		return []Expr{e.Arg}
	case *Case:
		out := make([]Expr, 0, 2*len(e.When)+1)
		for i := range e.When {
			out = append(out, e.When[i], e.Then[i])
		}
		if e.Else != nil {
			out = append(out, e.Else)
		}
		return out
	}
	return nil
}

// Walk calls f for e and everything below it, parents first; f returning false spares what is below.
func Walk(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	for _, c := range Children(e) {
		Walk(c, f)
	}
}

// Columns lists the input columns that e reads, ascending, each once.
func Columns(e Expr) []int {
	var out []int
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Column); ok && !slices.Contains(out, c.Index) {
			out = append(out, c.Index)
		}
		return true
	})
	slices.Sort(out)
	return out
}

// CanFail reports whether evaluating e may raise an error for some values.
func CanFail(e Expr) bool {
	fails := false
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Call); ok && c.Fn.CanFail {
			fails = true
		}
		return !fails
	})
	return fails
}

// CanFailOn is CanFail where the values of parameters are known: a call whose failing constants alone decide about is tried with them.
func CanFailOn(ctx *Context, e Expr) bool {
	fails := false
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Call); ok && c.Fn.CanFail && !succeeds(ctx, c) {
			fails = true
		}
		return !fails
	})
	return fails
}

// succeeds reports that a call fails for no row, by a trial with nothing but the constants that decide about it.
func succeeds(ctx *Context, c *Call) bool {
	if len(c.Fn.FailsBy) == 0 || c.Fn.Volatile {
		return false
	}
	args := make([]*column.Vector, len(c.Args))
	for i, a := range c.Args {
		if !slices.Contains(c.Fn.FailsBy, i) {
			if a.Type().Kind != column.Text {
				return false
			}
			one := column.NewBuilder(a.Type(), 1)
			one.AppendBytes(nil)
			args[i] = one.Finish()
			continue
		}
		if !Constant(a) {
			return false
		}
		v, err := Eval(ctx, a, nil, 1)
		if err != nil {
			return false
		}
		args[i] = v
	}
	trial := *ctx
	trial.Trial = true
	_, err := Apply(&trial, c.Fn, args, 1)
	return err == nil
}

// Volatile reports whether e may give another result for the same row.
func Volatile(e Expr) bool {
	volatile := false
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Call); ok && c.Fn.Volatile {
			volatile = true
		}
		return !volatile
	})
	return volatile
}

// Constant reports whether e has one value in a statement: no columns, nothing volatile.
func Constant(e Expr) bool { return len(Columns(e)) == 0 && !Volatile(e) }

// Rewrite rebuilds e from the leaves up: f sees each expression with its arguments already rewritten and gives what
// takes its place. Parts in which nothing changed are shared with e.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	return f(MapChildren(e, func(c Expr) Expr { return Rewrite(c, f) }))
}

// MapChildren gives e with f applied to each of its arguments; e itself if none changed.
func MapChildren(e Expr, f func(Expr) Expr) Expr {
	switch x := e.(type) {
	case *Call:
		if args, changed := mapAll(x.Args, f); changed {
			c := *x
			c.Args = args
			return &c
		}
	case *Logic:
		if args, changed := mapAll(x.Args, f); changed {
			c := *x
			c.Args = args
			return &c
		}
	case *Not:
		if a := f(x.Arg); a != x.Arg {
			return &Not{Arg: a, At: x.At}
		}
	case *IsNull:
		if a := f(x.Arg); a != x.Arg {
			return &IsNull{Arg: a, Negate: x.Negate, At: x.At}
		}
	case *In:
		if a := f(x.Arg); a != x.Arg {
			c := *x
			c.Arg = a
			return &c
		}
	case *Case:
		when, a := mapAll(x.When, f)
		then, b := mapAll(x.Then, f)
		c := *x
		c.When, c.Then = when, then
		if x.Else != nil {
			c.Else = f(x.Else)
		}
		if a || b || c.Else != x.Else {
			return &c
		}
	}
	return e
}

func mapAll(list []Expr, f func(Expr) Expr) ([]Expr, bool) {
	out, changed := make([]Expr, len(list)), false
	for i, e := range list {
		out[i] = f(e)
		changed = changed || out[i] != e
	}
	if !changed {
		return list, false
	}
	return out, true
}

// Equal reports whether two expressions are the same but for their places. Volatile ones are never.
func Equal(a, b Expr) bool {
	switch x := a.(type) {
	case *Column:
		y, ok := b.(*Column)
		return ok && x.Index == y.Index
	case *Literal:
		y, ok := b.(*Literal)
		return ok && column.Identical(x.Value, y.Value)
	case *Param:
		y, ok := b.(*Param)
		return ok && x.Index == y.Index
	case *Call:
		y, ok := b.(*Call)
		if !ok || x.Fn != y.Fn || x.Fn.Volatile {
			return false
		}
	case *Logic:
		y, ok := b.(*Logic)
		if !ok || x.Or != y.Or {
			return false
		}
	case *Not:
		if _, ok := b.(*Not); !ok {
			return false
		}
	case *IsNull:
		y, ok := b.(*IsNull)
		if !ok || x.Negate != y.Negate {
			return false
		}
	case *In:
		y, ok := b.(*In)
		if !ok || x.Negate != y.Negate || x.HasNil != y.HasNil || !column.Identical(x.List, y.List) || !slices.EqualFunc(x.Params, y.Params, func(a, b *Param) bool { return a.Index == b.Index }) {
			return false
		}
	case *Case:
		y, ok := b.(*Case)
		if !ok || len(x.When) != len(y.When) {
			return false
		}
	}
	return slices.EqualFunc(Children(a), Children(b), Equal)
}

// Fold replaces what has one value by a literal, as far as ctx knows it: parameters if ctx.Params has them, functions
// such as now() if ctx.Now is set. What fails stays as it is, to fail when, and only if, a row reaches it; so does what would be too large to keep
// in a plan.
func Fold(ctx *Context, e Expr) Expr {
	var own *Context // with less memory; others may read ctx at the same time
	return Rewrite(e, func(e Expr) Expr {
		switch x := e.(type) {
		case *Column, *Literal:
			return e
		case *Param:
			if ctx.Param(x.Index) == nil {
				return e
			}
		case *In:
			if len(x.Given(ctx).Params) > 0 {
				return e
			}
		case *Call:
			if x.Fn.Volatile || x.Fn.Stable && ctx.Now.IsZero() {
				return e
			}
			if l := foldStrict(x); l != nil {
				return l
			}
		case *Case:
			if s := foldCase(x); s != nil {
				return s
			}
		case *Logic:
			if s := foldLogic(x); s != nil {
				return s
			}
		}
		for _, c := range Children(e) {
			if _, ok := c.(*Literal); !ok {
				return e
			}
		}
		if own == nil {
			small := *ctx
			small.Pool = mem.NewPool("a constant", constantMost, ctx.Pool)
			own = &small
		}
		v, err := Eval(own, e, nil, 1)
		if err != nil {
			return e
		}
		out := &Literal{Value: column.Flatten(v), At: e.Pos()}
		if c, ok := e.(*Call); ok {
			out.Mod = c.Fn.Mod
		}
		return out
	})
}

// constantMost is how long a constant may get that Fold makes.
const constantMost = 16 << 20

// foldStrict gives NULL for a call of a strict function with a constant NULL among its arguments; nil = it is none. The other
// arguments are not computed then, so their errors do not happen, as in PostgreSQL.
func foldStrict(e *Call) Expr {
	if !e.Fn.Strict {
		return nil
	}
	for _, a := range e.Args {
		if l, ok := a.(*Literal); ok && l.Value.IsNull(0) {
			return &Literal{Value: column.Flatten(column.NewNull(e.T, 1)), At: e.At}
		}
	}
	return nil
}

// foldCase drops arms that are never taken and what follows one that always is; nil = as it was.
func foldCase(e *Case) Expr {
	out := &Case{Else: e.Else, T: e.T, At: e.At}
	for i, w := range e.When {
		l, constant := w.(*Literal)
		if constant && !l.Value.IsNull(0) && l.Value.Bool(0) {
			out.Else = e.Then[i]
			break
		}
		if !constant {
			out.When, out.Then = append(out.When, w), append(out.Then, e.Then[i])
		}
	}
	switch {
	case len(out.When) == len(e.When):
		return nil
	case len(out.When) > 0:
		return out
	case out.Else == nil:
		return &Literal{Value: column.Flatten(column.NewNull(e.T, 1)), At: e.At}
	}
	return out.Else
}

// foldLogic drops neutral constants and stops at a deciding one that nothing fallible precedes; nil = as it was.
func foldLogic(e *Logic) Expr {
	args := make([]Expr, 0, len(e.Args))
	for _, a := range e.Args {
		if l, ok := a.(*Literal); ok && !l.Value.IsNull(0) {
			if l.Value.Bool(0) != e.Or {
				continue
			}
			if !slices.ContainsFunc(args, CanFail) {
				return l
			}
		}
		args = append(args, a)
	}
	switch len(args) {
	case len(e.Args):
		return nil
	case 0:
		return &Literal{Value: column.NewBools([]bool{!e.Or}, nil), At: e.At}
	case 1:
		return args[0]
	}
	return &Logic{Or: e.Or, Args: args, At: e.At}
}

// ReadsParam reports whether an expression's value depends on a parameter.
func ReadsParam(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		_, is := e.(*Param)
		in, lists := e.(*In)
		found = found || is || lists && len(in.Params) > 0
		return !found
	})
	return found
}
