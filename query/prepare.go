package query

import (
	"context"
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// StalePlan is the message about a prepared statement whose columns are others by now. Drivers know it, and prepare anew.
const StalePlan = "cached plan must not change result type"

// Prepared is a statement that was parsed and bound once, to be run many times. It belongs to a session.
type Prepared struct {
	Text string
	Stmt sql.Stmt
	// Params are the types of $1, $2, …: declared, or what the statement asks for.
	Params []column.Type
	// Columns describes the rows it gives; nil if it gives none.
	Columns []plan.Column

	declared []column.Type
	timeless bool // a plan made now is right later
	setting  string
	plan     *keptPlan // for setting, optimized; nil = bind for each run
}

// Prepare parses and binds a statement. Types are those that are declared for the first parameters, Unknown where the statement decides.
func (s *Session) Prepare(ctx context.Context, text string, types []column.Type) (*Prepared, error) {
	parsed, _, err := s.engine.statements.parse(ctx, text, s.engine.options.StatementBytes)
	if err != nil {
		return nil, located(err, text)
	}
	if len(parsed.ParamNames) > 0 {
		return nil, located(column.SQLErrorf(column.Invalid, "42601", "parameters are written $1, $2, … here, not :%s", parsed.ParamNames[0]), text)
	}
	return s.PrepareStmt(ctx, text, parsed.Stmt, types)
}

// PrepareStmt is Prepare for a statement that was parsed already, or is none that a text gives; text is for the positions of errors.
func (s *Session) PrepareStmt(ctx context.Context, text string, stmt sql.Stmt, types []column.Type) (*Prepared, error) {
	p := &Prepared{Text: text, Stmt: stmt, declared: slices.Clone(types)}
	switch stmt.(type) {
	case *sql.Query, *sql.Insert, *sql.Update, *sql.Delete, *sql.Merge, *sql.Explain, *sql.Show:
	default:
		return p, nil // checked when it runs; it has no parameters and gives no rows
	}
	if s.block != nil && s.block.failed {
		return nil, errAborted()
	}
	r, err := s.start(ctx, text, s.settings.Timeout, func(r *Result) (*Result, error) {
		st, err := s.open(r, text)
		if err != nil {
			return nil, err
		}
		return r, p.bind(st)
	})
	if err != nil {
		return nil, err
	}
	r.Close()
	return p, nil
}

// setting names what a plan depends on beside the statement and its relations.
func (s *Session) planSetting() string { return planKey(s, "", "", nil) }

// bind describes the statement and keeps the plan if it can serve for any values.
func (p *Prepared) bind(st *statement) error {
	names := &resolved{Resolver: st.names, names: map[plan.Relation]*placeholder{}}
	b, err := bind.Prepare(st.env.Expr.Ctx, p.Stmt, st.bindOptions(names, p.declared, nil))
	if err != nil {
		return err
	}
	p.Params = b.Params
	for i := len(p.Params); i < len(p.declared); i++ {
		p.Params = append(p.Params, p.declared[i])
	}
	p.plan = nil
	switch bound := b.Statement.(type) {
	case *plan.Query:
		p.Columns = plan.Describe(bound.Root)
		p.timeless = keepable(p.Stmt, p.Text, nil, st.session.engine.functions)
		if b.Generic && p.timeless && len(bound.First) == 0 {
			p.keep(st, bound.Root, names)
		}
	case *plan.Modify:
		p.Columns = describeModify(bound)
	case *plan.Explain:
		p.Columns = []plan.Column{{Name: "QUERY PLAN", Type: column.T(column.Text)}}
	case *plan.Show:
		p.Columns = st.showColumns(bound)
	}
	return nil
}

// keep keeps a plan whose parameters stay parameters.
func (p *Prepared) keep(st *statement, root plan.Node, names *resolved) {
	root, list := withConstants(root)
	better, _, err := st.optimize(root)
	if err != nil {
		return
	}
	if p.setting, p.plan = st.session.planSetting(), keptOf(better, names.names); p.plan != nil {
		p.plan.constants = list
	}
}

// RunPrepared runs a prepared statement with values for its parameters: a vector of one row, of the parameter's type, each. A timeout
// of 0 stands for the session's, one below 0 for none.
func (s *Session) RunPrepared(ctx context.Context, p *Prepared, values []*column.Vector, timeout time.Duration) (*Result, error) {
	if len(values) != len(p.Params) {
		return nil, column.SQLErrorf(column.Invalid, "08P01", "the statement has %d parameters, but %d values were given", len(p.Params), len(values))
	}
	req := Request{Timeout: timeout}
	return s.start(ctx, p.Text, req.timeout(s), func(r *Result) (*Result, error) {
		if done, err := s.transact(r, p.Stmt); done || err != nil {
			return r, err
		}
		st, err := s.open(r, p.Text)
		if err != nil {
			return nil, err
		}
		root, err := p.root(st)
		if err != nil {
			return nil, err
		}
		if root == nil {
			return p.runBound(st, values)
		}
		st.env.Expr.Params = values
		if !st.compute(p.plan.constants) {
			st.env.Expr.Params, st.env.Expr.Own = nil, nil
			return p.runBound(st, values)
		}
		return st.runKept(root)
	})
}

// root gives the plan that is kept, over the relations of now; nil if there is none. One that fits no longer is made anew.
func (p *Prepared) root(st *statement) (plan.Node, error) {
	if p.plan == nil {
		return nil, nil
	}
	if p.setting == st.session.planSetting() {
		root, err := p.plan.in(st.env.Expr.Ctx, st.names)
		if root != nil || err != nil {
			return root, err
		}
	}
	before, params := p.Columns, p.Params
	if err := p.bind(st); err != nil {
		return nil, err
	}
	if !slices.Equal(params, p.Params) || !slices.EqualFunc(before, p.Columns, sameShape) {
		p.Columns, p.Params, p.plan = before, params, nil
		return nil, column.SQLErrorf(column.Unsupported, "0A000", StalePlan)
	}
	if p.plan == nil {
		return nil, nil
	}
	return p.plan.in(st.env.Expr.Ctx, st.names)
}

func sameShape(a, b plan.Column) bool { return a.Name == b.Name && a.Type == b.Type }

// runBound binds the statement with the values and runs it.
func (p *Prepared) runBound(st *statement, values []*column.Vector) (*Result, error) {
	if values == nil {
		values = []*column.Vector{}
	}
	return st.runBound(func(names plan.Resolver) (plan.Statement, error) {
		if explainsGeneric(p.Stmt) {
			return st.bindGeneric(p.Stmt, names, p.Params)
		}
		bound, err := bind.Bind(st.env.Expr.Ctx, p.Stmt, st.bindOptions(names, p.Params, values))
		if err != nil {
			return nil, err
		}
		if given := columnsOf(bound); given != nil && !slices.EqualFunc(given, p.Columns, sameShape) {
			return nil, column.SQLErrorf(column.Unsupported, "0A000", StalePlan)
		}
		return bound, nil
	})
}

// columnsOf are the columns of a statement that reads or changes rows.
func columnsOf(bound plan.Statement) []plan.Column {
	switch b := bound.(type) {
	case *plan.Query:
		return b.Root.Columns()
	case *plan.Modify:
		return b.Root().Columns()
	}
	return nil
}

// describeModify describes the rows of a statement that changes rows; nil if it gives none.
func describeModify(m *plan.Modify) []plan.Column {
	if m.Change != nil {
		return m.Change.Out
	}
	return plan.Describe(m.Query)
}

// bindOptions are what a statement is bound against.
func (st *statement) bindOptions(names plan.Resolver, types []column.Type, values []*column.Vector) bind.Options {
	return bind.Options{
		Resolver: names, Functions: st.session.engine.functions, ParamTypes: types, ParamValues: values,
		Location: st.env.Expr.Location, Style: st.env.Expr.Style, Names: st.names.view, Now: st.env.Expr.Now,
		Definitions: st.definitions(),
	}
}

// WithNames calls f with the options that values are read with outside of a statement, and what names of tables, types and the like mean
// now, which Literals does not know.
func (s *Session) WithNames(ctx context.Context, f func(literal.Options) error) error {
	r, err := s.start(ctx, "", s.Timeout(), func(r *Result) (*Result, error) {
		st, err := s.open(r, "")
		if err != nil {
			return nil, err
		}
		opt := s.Literals()
		opt.Names = st.names.view
		return r, f(opt)
	})
	if err == nil {
		r.Close()
	}
	return err
}
