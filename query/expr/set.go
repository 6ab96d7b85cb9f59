package expr

import "github.com/automatanexus/aegis-db/column"

// SetFunction is one overload of a function that gives rows: generate_series, unnest and their kin. They stand in FROM or in the list of
// a SELECT.
type SetFunction struct {
	Name     string
	Args     []column.Type // the last repeats (once or more) if Variadic
	Variadic bool
	// Columns are what a row has; a function of one column names it as itself.
	Columns []SetColumn
	// Strict functions give no rows where an argument is NULL and are not called then.
	Strict bool
	// Volatile and Stable are as for Function.
	Volatile, Stable bool
	// Open starts the rows for row i of the arguments, which are Flat or Const. The rows are pulled before Open is called again with the
	// same context.
	Open func(ctx *Context, args []*column.Vector, i int) (Rows, error)
	// Generic, if not nil, makes Open for a type, as Function.Generic does the kernel.
	Generic func(t column.Type) func(ctx *Context, args []*column.Vector, i int) (Rows, error)
	// Check, if not nil, looks for mistakes in argument i, a constant, while the statement is bound.
	Check func(i int, v *column.Vector) error
	Doc   string
	// Params and Defaults are as for Function.
	Params   []string
	Defaults []*column.Vector
}

// SetColumn is one column of the rows.
type SetColumn struct {
	Name string
	Type column.Type
}

// Rows are the rows of one call.
type Rows interface {
	// Next appends up to most rows, a value to each of the builders, which are of the columns' types, and says how many; 0 is the end.
	Next(out []*column.Builder, most int) (int, error)
}

// SetCall calls a function that gives rows.
type SetCall struct {
	Fn    *SetFunction
	Args  []Expr
	Names []string // of its columns
	At    int
}

// Map gives the call with its arguments replaced by f of them.
func (c SetCall) Map(f func(Expr) Expr) SetCall {
	args := make([]Expr, len(c.Args))
	for i, a := range c.Args {
		args[i] = f(a)
	}
	c.Args = args
	return c
}
