package bind

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Options are what a statement is bound against.
type Options struct {
	Resolver  plan.Resolver
	Functions *fn.Registry // nil = fn.Default()
	// ParamTypes are the types that parameters are declared to have, Unknown (or missing) where the context decides.
	ParamTypes []column.Type
	// ParamValues, if not nil, are the parameters' values, one row each; they become constants of the plan. A value of type
	// Unknown (its layout is that of text) is read as the type its context asks for, like a literal without a type.
	ParamValues []*column.Vector
	// Location is the session's time zone, nil = UTC; Now the transaction's time.
	Location   *time.Location
	Style      literal.Style // how the session writes and reads values
	Now        time.Time
	SearchPath []string
	Settings   map[string]string // see expr.Context
	Names      literal.Names     // see expr.Context
	// Definitions are what statements about the catalog are worked out against; nil = they are refused.
	Definitions *Definitions
}

// Bind makes a plan of a statement.
func Bind(ctx context.Context, stmt sql.Stmt, opt Options) (plan.Statement, error) {
	s, _, err := Describe(ctx, stmt, opt)
	return s, err
}

// Describe is Bind, and also gives the types of the parameters that the statement uses.
func Describe(ctx context.Context, stmt sql.Stmt, opt Options) (plan.Statement, plan.Params, error) {
	b := newBinder(ctx, opt)
	s, err := b.statement(stmt)
	if err != nil {
		return nil, nil, err
	}
	if err := b.whole(s); err != nil {
		return nil, nil, err
	}
	return s, b.paramTypes(), nil
}

// whole makes sure that no plan of a statement waits for a subquery.
func (b *binder) whole(s plan.Statement) error {
	for _, root := range rootsOf(s) {
		if err := b.attached(root); err != nil {
			return err
		}
	}
	return nil
}

// rootsOf gives the plans of a statement.
func rootsOf(s plan.Statement) (out []plan.Node) {
	switch s := s.(type) {
	case *plan.Query:
		return []plan.Node{s.Root}
	case *plan.Explain:
		if s.Query != nil {
			return rootsOf(s.Query)
		}
		return rootsOf(s.Modify)
	case *plan.Modify:
		for _, w := range s.With {
			out = append(out, w.Change)
		}
		return append(out, s.Root())
	case *plan.Define:
		if s.Rows != nil {
			return []plan.Node{s.Rows}
		}
	}
	return nil
}

// Locate makes an error's Position count characters of the text instead of bytes.
func Locate(err error, text string) error {
	var e *column.Error
	if !errors.As(err, &e) || e.Position == 0 {
		return err
	}
	located := *e
	at := min(max(e.Position-1, 0), len(text))
	located.Position = utf8.RuneCountInString(text[:at]) + 1
	return &located
}

// binder is at work on one statement.
type binder struct {
	Options
	ctx    context.Context
	fold   *expr.Context
	params plan.Params
	// describes is set where the value of a parameter would change the plan, and there is none.
	describes bool
	given     map[int]string // names of the parameters whose values are known, by their places
	// literals, if not nil, is told which types literals get, by their places.
	literals map[int]column.Type

	outer      *scope          // around the query that is bound, if it is a subquery
	with       *withScope      // the queries of WITH that can be seen
	view       *viewAround     // the view that is being bound, if it is one
	operators  int             // that references to WITH have added
	subqueries []plan.Subquery // to be run first, in this order
	taken      int             // of these, how many belong to what stands in changes
	top        *sql.With       // the statement's own, which may change rows
	changes    []plan.WithChange
	places     []subColumn // of the columns of subqueries in expressions
	ownParams  int         // parameters that no client gives
}

func (b *binder) literalOptions() literal.Options {
	opt := b.fold.Literals()
	opt.Path = fn.CanonicalPath
	return opt
}

func (b *binder) statement(stmt sql.Stmt) (plan.Statement, error) {
	switch s := stmt.(type) {
	case *sql.Query, *sql.Insert, *sql.Update, *sql.Delete, *sql.Merge:
		return b.withRows(s)
	case *sql.Explain:
		return b.explain(s)
	case *sql.CreateTable:
		return b.createTable(s)
	case *sql.CreateTableAs:
		return b.createTableAs(s)
	case *sql.CreateView:
		return b.createView(s)
	case *sql.CreateSequence:
		return b.createSequence(s)
	case *sql.AlterSequence:
		return b.alterSequence(s)
	case *sql.CreateSchema:
		return b.createSchema(s)
	case *sql.CreateDatabase:
		return b.createDatabase(s)
	case *sql.AlterTable:
		if s.Kind == sql.ObjIndex {
			return b.alterIndex(s)
		}
		return b.alter(s)
	case *sql.Comment:
		return b.comment(s)
	case *sql.CreateIndex:
		return b.createIndex(s)
	case *sql.Reindex:
		return b.reindex(s)
	case *sql.Vacuum:
		return b.analyze(s)
	case *sql.Drop:
		if s.Kind == sql.ObjIndex {
			return b.dropIndexes(s)
		}
		return b.drop(s)
	case *sql.Truncate:
		return b.truncate(s)
	case *sql.Set:
		return b.set(s)
	case *sql.Show:
		return b.show(s)
	case *sql.CreatePin, *sql.DropPin, *sql.CloneTable:
		return b.history(s)
	case *sql.CreateRole, *sql.AlterRole, *sql.DropRole:
		return b.role(s)
	case *sql.Reset:
		if s.All {
			return &plan.Reset{}, nil
		}
		return &plan.Reset{Name: s.Name}, nil
	case *sql.Discard:
		return &plan.Discard{What: s.What}, nil
	case *sql.Unlisten:
		return &plan.Unlisten{}, nil
	}
	return nil, unsupported(stmt.Position(), "this statement is not supported", "")
}

// withRows binds a statement that reads rows or changes them.
func (b *binder) withRows(stmt sql.Stmt) (plan.Statement, error) {
	q, reads := stmt.(*sql.Query)
	if !reads {
		b.top = withOf(stmt)
		return b.modify(stmt)
	}
	b.top = q.With
	root, err := b.query(q)
	if err != nil {
		return nil, err
	}
	if len(b.changes) > 0 {
		return &plan.Modify{With: b.changes, First: b.firstSoFar(), Query: root}, nil
	}
	return &plan.Query{Root: root, First: b.subqueries}, nil
}

// withOf is the WITH of a statement that changes rows.
func withOf(stmt sql.Stmt) *sql.With {
	switch s := stmt.(type) {
	case *sql.Insert:
		return s.With
	case *sql.Update:
		return s.With
	case *sql.Delete:
		return s.With
	case *sql.Merge:
		return s.With
	}
	return nil
}

// errorAt makes an error with a SQLSTATE at a byte offset.
func errorAt(pos int, state, format string, args ...any) *column.Error {
	class := column.Invalid
	switch state {
	case "0A000":
		class = column.Unsupported
	case "42P01", "3F000":
		class = column.NotFound
	}
	e := column.SQLErrorf(class, state, format, args...)
	e.Position = pos + 1
	return e
}

func unsupported(pos int, message, hint string) error {
	e := errorAt(pos, "0A000", "%s", message)
	e.Hint = hint
	return e
}

// place gives an error a position, unless it has one.
func place(err error, pos int) error {
	var e *column.Error
	if !errors.As(err, &e) || e.Position != 0 {
		return err
	}
	placed := *e
	placed.Position = pos + 1
	return &placed
}
