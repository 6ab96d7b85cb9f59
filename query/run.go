package query

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/exec"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/opt"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Request is a statement to run.
type Request struct {
	SQL string
	// Params are the values of $1, $2, … in text form, nil for NULL; Named those of :name.
	Params []*string
	Named  map[string]*string
	// Timeout bounds the statement, reading its result included; 0 = the session's, below 0 = none.
	Timeout time.Duration
	// RowsOnly refuses every statement but one that reads rows: for requests that a link on somebody's page could make.
	RowsOnly bool
}

// statement is one run: what its stages share.
type statement struct {
	session *Session
	text    string
	env     exec.Env
	public  *meta.Snapshot // the catalog without what the session's block has changed
	snap    Snapshot
	names   *names
	result  *Result
	base    int // of result.ended, how many have nothing to do with what the statement reads

	// The memory of env.Pool that is to be there before the statement begins, if it is heavy; and what is.
	work, guaranteed int64

	// began says that the session's block is the statement's own, pieces that it has handed rows to a block before its end.
	began, pieces bool

	rowsOnly bool
	atOnce   bool   // changes of the catalog do not wait for the end of the block
	planKey  string // under which the plan is to be kept; "" = it is not
}

// Run runs one statement. The result holds a snapshot, memory and a place among the running statements until it is closed.
// Errors are *column.Error with a SQLSTATE and, where there is one, a position in characters.
func (s *Session) Run(ctx context.Context, req Request) (*Result, error) {
	return s.start(ctx, req.SQL, req.timeout(s), func(r *Result) (*Result, error) {
		asked := s.question(&req)
		var w *written
		if !s.engine.plans.general(asked) { // what has a plan need not be read
			var err error
			if w, err = s.read(r.ctx, &req); err != nil {
				return nil, err
			}
			if done, err := s.transact(r, w.stmt); done || err != nil {
				return r, err
			}
		}
		st, err := s.open(r, req.SQL)
		if err != nil {
			return nil, err
		}
		st.rowsOnly = req.RowsOnly
		if result, done, err := st.general(asked); done || err != nil {
			return result, err
		}
		if w == nil {
			if w, err = s.read(r.ctx, &req); err != nil {
				return nil, err
			}
		}
		return st.runWritten(w)
	})
}

// written is a statement as it was written, with the values of its parameters.
type written struct {
	stmt   sql.Stmt
	params []*string
	again  bool // the text was asked before
}

func (s *Session) read(ctx context.Context, req *Request) (*written, error) {
	parsed, again, err := s.engine.statements.parse(ctx, req.SQL, s.engine.options.StatementBytes)
	if err != nil {
		return nil, err
	}
	params, err := req.params(parsed)
	if err != nil {
		return nil, err
	}
	return &written{parsed.Stmt, params, again}, nil
}

// runWritten runs a statement with its constants, by a plan that is kept for them if there is one.
func (st *statement) runWritten(w *written) (*Result, error) {
	if w.again { // what was never asked before may never be asked again: its plan is not kept
		root, err := st.kept(w.stmt, w.params)
		if err != nil {
			return nil, err
		}
		if root != nil {
			return st.runKept(root)
		}
	}
	return st.run(w.stmt, w.params)
}

// runKept runs an optimized plan that was made before.
func (st *statement) runKept(root plan.Node) (*Result, error) {
	return st.execute(root)
}

// start makes the result of a statement and has run fill it. What fails, or panics, gives back what the result held.
func (s *Session) start(ctx context.Context, text string, timeout time.Duration, run func(*Result) (*Result, error)) (result *Result, err error) {
	r := &Result{started: time.Now(), Location: s.settings.Location, Style: s.settings.Style, text: text, closing: s.engine.closing, engine: s.engine}
	r.ended = append(r.room[:0], s.working(text))
	defer func() {
		if p := recover(); p != nil {
			err = column.Recovered(p, debug.Stack())
		}
		if err != nil {
			r.Close()
			result, err = nil, r.located(err)
		}
	}()
	// One context for all that ends the statement: a chain of them costs more than many a statement does.
	c, cancel := context.WithCancelCause(ctx)
	r.ctx, r.ended = c, append(r.ended, func() { cancel(nil) })
	done, err := s.life.runs(r, cancel)
	if err != nil {
		return nil, err
	}
	r.ended = append(r.ended, done)
	if err := context.Cause(s.engine.closing); err != nil { // Close may not have seen it
		return nil, err
	}
	if timeout > 0 {
		left := timeout - time.Since(r.started)
		if left <= 0 {
			cancel(context.DeadlineExceeded)
			return run(r)
		}
		timer := time.AfterFunc(left, func() { cancel(context.DeadlineExceeded) })
		r.ended = append(r.ended, func() { timer.Stop() })
	}
	return run(r)
}

// open waits for the statement's turn and opens what it reads.
func (s *Session) open(r *Result, text string) (*statement, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	r.ended = append(r.ended, r.leave)
	st := &statement{session: s, text: text, result: r, base: len(r.ended)}
	return st, st.look()
}

// look opens what the statement reads.
func (st *statement) look() error {
	s, r := st.session, st.result
	snap, err := s.openSnapshot()
	if err != nil {
		return err
	}
	r.ended = append(r.ended, s.reading(snap, r.started))
	base := snap.Catalog()
	snap, another, err := s.overlaid(r.ctx, snap)
	if err != nil {
		return err
	}
	if another {
		r.ended = append(r.ended, snap.Close)
	}
	if b := s.block; b != nil && b.anchored != nil {
		b.keep()
	}
	if snap, err = s.inPast(r.ctx, snap); err != nil {
		return err
	}
	path := s.searchPath(snap)
	st.public, st.snap, st.names = base, snap, &names{snap, path, s.view(r.ctx, snap, path, s.now())}
	r.names = st.names.view
	st.prepare(r.ctx)
	return nil
}

// kept gives the optimized plan of a statement that was asked before; nil if it has to be made. It notes under what key to keep it then.
func (st *statement) kept(stmt sql.Stmt, params []*string) (plan.Node, error) {
	if _, reads := stmt.(*sql.Query); !reads || len(st.text) > rememberedText {
		return nil, nil
	}
	key := planKey(st.session, "", st.text, params)
	root, err := st.session.engine.plans.find(st.env.Expr.Ctx, key, st.names)
	if root == nil && err == nil && keepable(stmt, st.text, params, st.session.engine.functions) {
		st.planKey = key
	}
	return root, err
}

func (r *Request) timeout(s *Session) time.Duration {
	if r.Timeout > 0 {
		return r.Timeout
	}
	if r.Timeout < 0 {
		return 0
	}
	return s.settings.Timeout
}

// params lines the given values up with the statement's parameters.
func (r *Request) params(st sql.Statement) ([]*string, error) {
	values := r.Params
	if explainsGeneric(st.Stmt) {
		return nil, nil
	}
	if len(st.ParamNames) > 0 {
		values = make([]*string, len(st.ParamNames))
		for i, name := range st.ParamNames {
			v, ok := r.Named[name]
			if !ok {
				return nil, column.SQLErrorf(column.Invalid, "42P02", "there is no value for parameter :%s", name)
			}
			values[i] = v
		}
		return values, nil
	}
	if len(values) != st.NumParams {
		return nil, column.SQLErrorf(column.Invalid, "08P01", "the statement has %d parameters, but %d values were given", st.NumParams, len(values))
	}
	return values, nil
}

// prepare makes the environment the operators run in.
func (st *statement) prepare(ctx context.Context) {
	s, o := st.session, &st.session.engine.options
	pool := mem.NewPool("the statement", min(o.QueryBytes, s.settings.WorkBytes), o.Pool)
	st.result.pool = pool
	st.result.ended = append(st.result.ended, pool.Close)
	workers := o.Workers
	if s.Tuning.Workers > 0 {
		workers = s.Tuning.Workers
	}
	if s.draws.Seeded() { // the order in which rows draw is to repeat
		workers = 1
	}
	st.env = exec.Env{
		Expr: expr.Context{Ctx: ctx, Now: s.now(), Location: s.settings.Location, Style: s.settings.Style, Names: st.names.view, Draw: s.draws.Fill},
		Pool: pool, Workers: workers, Plain: s.Tuning.Plain, BatchRows: s.Tuning.BatchRows, Shares: &exec.Shares{},
	}
	st.result.ended = append(st.result.ended, st.env.Shares.Close)
	if o.Spill != nil {
		st.spill()
	}
	st.env.Expr.Pool = st.env.Pool
}

// The memory that a statement keeps for its work, so that rows that can go to disk do not take all of it: a share of what it may hold, within
// bounds. What a scan decodes and what a merge reads has to fit in. It is there before a heavy statement begins; a light one begins with the
// least.
const (
	workShare = 8
	workLeast = 1 << 20
	workMost  = 32 << 20
)

// begin starts a plan, when it is its turn.
func (st *statement) begin(root plan.Node) (*exec.Rows, error) {
	r := st.result
	if r.class == light && opt.Weight(root) > lightRows {
		r.leave()
		r.class = heavy
		if err := r.enter(); err != nil {
			return nil, err
		}
	}
	if st.env.Held != nil {
		least := min(workLeast, st.work)
		if r.class == heavy {
			least = st.work
		}
		if least > st.guaranteed {
			if err := r.engine.admission.guarantee(r.ctx, st.env.Pool, least); err != nil {
				return nil, err
			}
			st.guaranteed = least
		}
	}
	return exec.Run(st.env.Expr.Ctx, root, &st.env)
}

// spill lets operators keep rows on disk.
func (st *statement) spill() {
	o, env := &st.session.engine.options, &st.env
	limit := st.result.pool.Limit()
	st.work = min(max(limit/workShare, workLeast), workMost, limit/2)
	rows := max(limit-st.work, 1)
	env.Least, env.Whole = st.work/4, st.work/16
	if n := st.session.Tuning.HeldBytes; n > 0 {
		rows, env.Least = n, min(n, env.Least)
	}
	env.Pool, env.Held = mem.NewPool("the statement's work", 0, st.result.pool), mem.NewPool("the statement's rows", rows, st.result.pool)
	env.Spill = o.Spill.Space(o.QuerySpillBytes)
	st.result.ended = append(st.result.ended, func() {
		if err := env.Spill.Close(); err != nil {
			o.Logger.Error("temporary files of a statement were not removed", "error", err)
		}
	})
}

func (st *statement) run(stmt sql.Stmt, params []*string) (*Result, error) {
	return st.runBound(func(names plan.Resolver) (plan.Statement, error) {
		if explainsGeneric(stmt) {
			return st.bindGeneric(stmt, names, nil)
		}
		return bind.Bind(st.env.Expr.Ctx, stmt, st.bindOptions(names, nil, untyped(params)))
	})
}

// runStatement runs a bound statement.
func (st *statement) runStatement(bound plan.Statement, names map[plan.Relation]*placeholder) (*Result, error) {
	if _, reads := bound.(*plan.Query); st.rowsOnly && !reads {
		return nil, column.SQLErrorf(column.Invalid, "25006", "only a statement that reads rows, such as SELECT, can be exported")
	}
	switch b := bound.(type) {
	case *plan.Query:
		return st.query(b, names)
	case *plan.Explain:
		return st.explain(b)
	case *plan.Define:
		return st.define(b)
	case *plan.CreateIndex:
		return st.createIndex(b)
	case *plan.DropIndexes:
		return st.dropIndexes(b)
	case *plan.RenameIndex:
		return st.renameIndex(b)
	case *plan.Reindex:
		return st.reindex(b)
	case *plan.Analyze:
		return st.analyze(b)
	case *plan.Modify:
		return st.modify(b)
	case *plan.History:
		return st.history(b)
	case *plan.Truncate:
		return st.truncate(b)
	case *plan.Users:
		return st.users(b)
	case *plan.Set:
		return st.set(b)
	case *plan.Reset:
		return st.reset(b)
	case *plan.Discard:
		return st.discard(b)
	case *plan.Unlisten:
		return st.ended("UNLISTEN", nil) // nothing is ever listened to
	case *plan.Show:
		return st.show(b)
	}
	return nil, column.Errorf(column.Internal, "no way to run a %T", bound)
}

// untyped makes values of parameters that, like literals without a type, take the type their place asks for.
func untyped(params []*string) []*column.Vector {
	out := make([]*column.Vector, len(params))
	for i, p := range params {
		var text string
		var valid column.Bitmap
		if p == nil {
			valid = column.NewBitmap(1, false)
		} else {
			text = *p
		}
		out[i] = column.NewBytes(column.T(column.Unknown), []int32{0, int32(len(text))}, []byte(text), valid)
	}
	return out
}

// ended gives the result of a statement without rows.
func (st *statement) ended(tag string, err error) (*Result, error) {
	st.result.Tag = tag
	return st.result, err
}

func (st *statement) optimize(root plan.Node) (plan.Node, []opt.Applied, error) {
	ctx := st.env.Expr
	return opt.Optimize(root, &ctx, st.session.rulesOff())
}

func (st *statement) query(q *plan.Query, names map[plan.Relation]*placeholder) (*Result, error) {
	if err := st.first(q.First); err != nil {
		return nil, err
	}
	root, _, err := st.optimize(q.Root)
	if err != nil {
		return nil, err
	}
	if st.planKey != "" && len(q.First) == 0 {
		st.session.engine.plans.keep(st.planKey, root, names)
	}
	return st.execute(root)
}

// execute starts an optimized plan.
func (st *statement) execute(root plan.Node) (*Result, error) {
	rows, err := st.begin(root)
	if err != nil {
		return nil, err
	}
	st.result.Tag, st.result.Columns, st.result.rows = "SELECT", plan.Describe(root), rows
	return st.result, nil
}

// first runs the subqueries that give constants to the rest.
func (st *statement) first(list []plan.Subquery) error {
	for _, q := range list {
		root, _, err := st.optimize(q.Root)
		if err != nil {
			return err
		}
		if _, err := st.runFirst(q, root); err != nil {
			return err
		}
	}
	return nil
}

// runFirst runs one of them and makes its value that of its parameter.
func (st *statement) runFirst(q plan.Subquery, root plan.Node) (*exec.Stats, error) {
	var value *column.Vector
	stats, err := st.each(root, func(b *scan.Batch) error {
		if value != nil || b.Len > 1 {
			e := column.SQLErrorf(column.Invalid, "21000", "more than one row returned by a subquery used as an expression")
			e.Hint = "Add LIMIT 1, or an aggregate."
			return e
		}
		one := column.NewBuilder(b.Columns[0].Type, 1)
		one.AppendVector(b.Columns[0], 0, 1)
		value = one.Finish()
		return nil
	})
	if err != nil {
		return stats, st.fail(q, err)
	}
	if value == nil {
		value = column.Flatten(column.NewNull(root.Columns()[0].Type, 1))
	}
	st.env.Expr.SetOwn(q.Param, value)
	return stats, nil
}

// fail keeps an error that a value caused for those who ask for the subquery's: there may be nobody.
func (st *statement) fail(q plan.Subquery, err error) error {
	if column.ClassOf(err) != column.Invalid {
		return err
	}
	if st.env.Expr.Failed == nil {
		st.env.Expr.Failed = map[int]error{}
	}
	st.env.Expr.Failed[q.Param] = err
	return nil
}

// give makes rows that are there already the statement's result.
func (st *statement) give(r *Result) (*Result, error) {
	st.result.Tag, st.result.Columns, st.result.list = r.Tag, r.Columns, r.list
	return st.result, nil
}

// located turns every error into a *column.Error whose position counts characters: the parser's errors do already,
// the binder's and evaluator's count bytes.
func located(err error, text string) error {
	var parse *sql.Error
	if errors.As(err, &parse) {
		class := column.Invalid
		switch parse.Code {
		case "0A000":
			class = column.Unsupported
		case "54000", "54001", "54011":
			class = column.Limit
		}
		return &column.Error{Class: class, SQLState: parse.Code, Message: parse.Message, Hint: parse.Hint, Position: parse.Position}
	}
	var e *column.Error
	if errors.As(bind.Locate(err, text), &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return column.SQLErrorf(column.Cancelled, "57014", "canceling statement: %w", err)
	}
	return &column.Error{Class: column.ClassOf(err), Message: err.Error(), Err: err}
}
