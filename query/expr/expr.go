// Package expr holds bound expressions: every name resolved to a column index, every type known, every function
// chosen. It evaluates them over vectors, on the encoding it finds: what depends on run-end encoded columns alone
// is computed once per run, what depends on constants once per batch.
//
// It must not know SQL text, catalogs or operators.
package expr

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Expr is a bound expression. Its variants are the types of this file; a switch over them is exhaustive.
// Expressions are immutable and shared between goroutines.
type Expr interface {
	// Type is the type of the result, never Unknown.
	Type() column.Type
	// Pos is the byte offset in the statement that an error should point at.
	Pos() int
}

// Column reads column Index of the input.
type Column struct {
	Index int
	Name  string // for EXPLAIN
	T     column.Type
	// Sorted says that, in a batch that has runs, the values ascend without NULLs inside each of them: the time
	// column of a table that is ordered by it. Rewrites copy it with the column.
	Sorted bool
	// Shape is what the fields of a row are, if that is known where the column is bound.
	Shape *Shape
	At    int
}

// Shape is what the fields of a row are.
type Shape struct {
	Names []string
	Types []column.Type
}

// Literal is a constant: a flat vector of one row.
type Literal struct {
	Value *column.Vector
	At    int
	Mod   column.Mod // of the cast that made it, which describes a column of it
}

// Param is a parameter, numbered from 0; its value is in Context.Params. Beside a statement's own there are those that stand for the
// values of subqueries that ran before, and for columns of the query around a subquery.
type Param struct {
	Index int
	Name  string // for EXPLAIN; "" = its number
	T     column.Type
	Shape *Shape // as in Column
	At    int
}

// Call applies a scalar function, operator or cast.
type Call struct {
	Fn   *Function
	Args []Expr
	T    column.Type
	At   int
}

// Logic is AND, OR (two or more arguments) in three-valued logic. Later arguments are evaluated only on rows that
// earlier ones have not decided, so that `x <> 0 AND 1/x > 2` does not divide by zero.
type Logic struct {
	Or   bool
	Args []Expr
	At   int
}

// Not is NOT.
type Not struct {
	Arg Expr
	At  int
}

// IsNull is IS NULL, negated IS NOT NULL.
type IsNull struct {
	Arg    Expr
	Negate bool
	At     int
}

// In is Arg IN (constants), NULL logic included. Other forms of IN are bound to Logic.
type In struct {
	Arg    Expr
	List   *column.Vector // flat, of Arg's type, without NULLs
	HasNil bool           // a NULL stood in the list: no match gives NULL
	// Params stand in the list, too: parameters of Arg's type, or NULL, that clients give their values.
	Params []*Param
	Negate bool
	At     int
}

// Given gives the list with the values of its parameters; itself if there are none, or one has no value.
func (e *In) Given(ctx *Context) *In {
	if len(e.Params) == 0 {
		return e
	}
	out := &In{Arg: e.Arg, HasNil: e.HasNil, Negate: e.Negate, At: e.At}
	b := column.NewBuilder(e.List.Type, e.List.Len+len(e.Params))
	b.AppendVector(e.List, 0, e.List.Len)
	for _, p := range e.Params {
		v := ctx.Param(p.Index)
		switch {
		case v == nil:
			return e
		case v.IsNull(0):
			out.HasNil = true
		default:
			b.AppendVector(v, 0, 1)
		}
	}
	out.List = b.Finish()
	return out
}

// Case is CASE WHEN … (COALESCE, NULLIF, GREATEST are bound to it or to calls); branches are evaluated only on the rows that reach them.
type Case struct {
	When []Expr // booleans
	Then []Expr
	Else Expr // nil = NULL
	T    column.Type
	At   int
}

// Function is one overload of a scalar function.
type Function struct {
	Name     string
	Args     []column.Type // the last repeats (once or more) if Variadic
	Result   column.Type
	Variadic bool
	// Strict functions give NULL for a NULL argument and are not called on such rows' values (the kernel may compute
	// garbage in their slots, but must not fail for them: it sees the validity).
	Strict bool
	// Volatile results differ from row to row (random()); Stable ones are constant inside a statement (now()).
	Volatile, Stable bool
	// CanFail functions may raise an error for some values: they are never evaluated on values no row refers to.
	CanFail bool
	// FailsBy are the arguments that alone decide whether a call fails, as the pattern does of LIKE; nil = any may.
	FailsBy []int
	// Kernel computes n rows. Arguments are Flat or Const, of the types declared; it returns a Flat or Const vector.
	// For Strict functions the evaluator has already intersected validity into ctx.Valid and merges it into the result.
	Kernel func(ctx *Context, args []*column.Vector, n int) (*column.Vector, error)
	// Scaled, if not nil, is tried before Kernel where arguments of type numeric, constants apart, have that form: they are Scaled or
	// Const then, and it returns such a vector of the declared type, or a flat one. A nil vector declines: what it gives would not
	// fit an int64, say.
	Scaled func(ctx *Context, args []*column.Vector, n int) (*column.Vector, error)
	// Runs, if not nil, is tried before Kernel where Context.Runs is known and argument RunsArg is a Column that is
	// Sorted: it may return a RunEnd vector, found without looking at each row. A nil vector declines.
	Runs    func(ctx *Context, args []*column.Vector, n int) (*column.Vector, error)
	RunsArg int
	// Generic, if not nil, makes the kernel for a type: Args and Result then name types that stand for others (see package fn), and the
	// registry gives copies with the types of a call and Kernel set.
	Generic func(t column.Type) func(ctx *Context, args []*column.Vector, n int) (*column.Vector, error)
	// Mod is the limit that the result keeps to: of a cast to a type with one.
	Mod column.Mod
	// Form, if not empty, says how EXPLAIN and error texts write it: "infix", "prefix", "cast".
	Form string
	Doc  string // one line for the reference
	// Check, if not nil, looks at argument i where it is a constant that is not NULL, when a call is bound; its error is of that place.
	Check func(i int, v *column.Vector) error
	// Params are the names of the arguments, nil where calls by name are not known. Defaults are the values of those that such a
	// call may leave out, nil for one it may not.
	Params   []string
	Defaults []*column.Vector
}

// Context is what evaluation knows besides rows. One per operator and goroutine: kernels may use Scratch.
type Context struct {
	Ctx      context.Context
	Now      time.Time // transaction time
	Location *time.Location
	Style    literal.Style // how the session writes and reads values
	Params   []*column.Vector
	// Own are the values of parameters that a statement gives itself, numbered from OwnParams on.
	Own []*column.Vector
	// Failed are the parameters whose subqueries ended with an error, which is that of whoever asks for the value.
	Failed map[int]error
	// Clock and Random serve clock_timestamp() and random(); nil = the system's.
	Clock  func() time.Time
	Random func() float64 // in [0, 1)
	// Draw, if not nil, fills the numbers of random(): those of the session.
	Draw func(out []float64)
	// Settings answer current_user and the like: "current_database", "current_schema", "current_user", "version".
	Settings map[string]string
	// Names translates the numbers of regclass and its kin; nil = there are only numbers.
	Names   literal.Names
	Valid   column.Bitmap // rows of the current strict call where no argument is NULL; nil = all
	Scratch []byte
	// Runs are those of the batch that is evaluated, nil if it has none. Whoever sets Runs does so for each batch.
	Runs []scan.Run

	// Pool is the statement's memory, which a value has to fit in; nil = there is no limit.
	Pool *mem.Pool

	// Trial says that only the arguments that FailsBy names are real: what fails for some values of the others has to fail.
	Trial bool

	memo map[any]any
	left int   // work until the next look at cancellation
	row  int   // see RowWork
	made int64 // bytes of texts and the like
	cut  bool  // Made is asked for each batch
}

// Literals are the options that values are read and written with.
func (c *Context) Literals() literal.Options {
	return literal.Options{Location: c.Location, Now: c.Now, Style: c.Style, Names: c.Names}
}

// OwnParams is the number of the first parameter that is not a client's: more than any client can number.
const OwnParams = 1 << 16

// Param gives the value of a parameter, nil if it has none.
func (c *Context) Param(i int) *column.Vector {
	list := c.Params
	if i >= OwnParams {
		list, i = c.Own, i-OwnParams
	}
	if i >= len(list) {
		return nil
	}
	return list[i]
}

// SetOwn gives one of the statement's own parameters its value.
func (c *Context) SetOwn(i int, v *column.Vector) {
	for len(c.Own) <= i-OwnParams {
		c.Own = append(c.Own, nil)
	}
	c.Own[i-OwnParams] = v
}

// Memo gives what was remembered under key, or remembers what make gives: compiled patterns, hashed lists. Keys are
// of types private to the caller. At most memoMax things are kept.
func (c *Context) Memo(key any, make func() (any, error)) (any, error) {
	if v, ok := c.memo[key]; ok {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	if c.memo == nil || len(c.memo) >= memoMax {
		c.memo = map[any]any{}
	}
	c.memo[key] = v
	return v, nil
}

// memoMax bounds Context.Memo: patterns that differ from row to row must not pile up. A statement has far fewer constants.
const memoMax = 256

// Types and positions of the variants, said once here.

func (e *Column) Type() column.Type  { return e.T }
func (e *Literal) Type() column.Type { return e.Value.Type }
func (e *Param) Type() column.Type   { return e.T }
func (e *Call) Type() column.Type    { return e.T }
func (e *Logic) Type() column.Type   { return column.T(column.Bool) }
func (e *Not) Type() column.Type     { return column.T(column.Bool) }
func (e *IsNull) Type() column.Type  { return column.T(column.Bool) }
func (e *In) Type() column.Type      { return column.T(column.Bool) }
func (e *Case) Type() column.Type    { return e.T }

func (e *Column) Pos() int  { return e.At }
func (e *Literal) Pos() int { return e.At }
func (e *Param) Pos() int   { return e.At }
func (e *Call) Pos() int    { return e.At }
func (e *Logic) Pos() int   { return e.At }
func (e *Not) Pos() int     { return e.At }
func (e *IsNull) Pos() int  { return e.At }
func (e *In) Pos() int      { return e.At }
func (e *Case) Pos() int    { return e.At }
