package bind

import (
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
	"github.com/automatanexus/aegis-db/query/sql"
)

// relation finds what a name in FROM means, now or in the past.
func (f *fromClause) relation(t *sql.Table) (plan.Relation, error) {
	if t.AsOf == nil {
		return f.Resolver.Resolve(f.ctx, t.Name.Schema, t.Name.Name)
	}
	at, err := f.asOf(t.AsOf)
	if err != nil {
		return nil, err
	}
	past, err := f.past(t.AsOf.Pos)
	if err != nil {
		return nil, err
	}
	return past.ResolveAsOf(f.ctx, t.Name.Schema, t.Name.Name, at)
}

func (b *binder) past(pos int) (plan.Past, error) {
	past, ok := b.Resolver.(plan.Past)
	if !ok {
		return nil, unsupported(pos, "the past cannot be read here", "")
	}
	return past, nil
}

// asOf computes the state that is meant; nil is now.
func (b *binder) asOf(n *sql.AsOf) (plan.AsOf, error) {
	if n == nil {
		return plan.AsOf{}, nil
	}
	if n.Version {
		return b.state(n.Value, "VERSION AS OF", func(text string) (plan.AsOf, error) {
			if v, err := strconv.ParseUint(text, 10, 64); err == nil {
				return plan.AsOf{Version: v}, nil
			}
			return plan.AsOf{Pin: text}, nil
		})
	}
	e, err := b.constantOf(n.Value, "SYSTEM_TIME AS OF")
	if err != nil {
		return plan.AsOf{}, err
	}
	return b.timeOf(e, "SYSTEM_TIME AS OF")
}

// state computes a version, a time, or what f reads of a text.
func (b *binder) state(n sql.Expr, clause string, f func(string) (plan.AsOf, error)) (plan.AsOf, error) {
	e, err := b.constantOf(n, clause)
	if err != nil {
		return plan.AsOf{}, err
	}
	switch {
	case e.Type().IsInteger() || e.Type().Kind == column.Numeric:
		v, err := b.valueOf(e, column.T(column.Int64), clause)
		if err != nil || v == nil {
			return plan.AsOf{}, err
		}
		if v.Int(0) <= 0 {
			return plan.AsOf{}, errorAt(n.Position(), "22023", "versions are positive")
		}
		return plan.AsOf{Version: uint64(v.Int(0))}, nil
	case e.Type().IsTime() || e.Type().Kind == column.Date:
		return b.timeOf(e, clause)
	}
	v, err := b.valueOf(e, textType, clause)
	if err != nil || v == nil {
		return plan.AsOf{}, err
	}
	return f(string(v.Bytes(0)))
}

func (b *binder) timeOf(e expr.Expr, clause string) (plan.AsOf, error) {
	v, err := b.valueOf(e, column.T(column.TimestampTZ), clause)
	if err != nil || v == nil {
		return plan.AsOf{}, err
	}
	at := v.Int(0)
	switch now := b.fold.Now.UnixMicro(); {
	case at == now:
		return plan.AsOf{}, nil // the statement's own time: what it would read anyway, in a version
	case at > now:
		return plan.AsOf{}, errorAt(e.Pos(), "22023", "%s names a time to come", clause)
	}
	return plan.AsOf{Time: at}, nil
}

// constantOf binds an expression without columns.
func (b *binder) constantOf(n sql.Expr, clause string) (expr.Expr, error) {
	e, err := b.expr(&scope{clause: clause}, n)
	if err == nil {
		err = b.settled(e, clause)
	}
	return e, err
}

// valueOf computes a constant; nil where a parameter's value is not there yet.
func (b *binder) valueOf(e expr.Expr, t column.Type, clause string) (*column.Vector, error) {
	e, err := b.coerce(e, t, fn.Assignment)
	if err != nil {
		return nil, err
	}
	if b.ParamValues == nil && expr.ReadsParam(e) {
		b.describes = true
		return nil, nil
	}
	v, err := expr.Eval(b.fold, e, nil, 1)
	if err != nil {
		return nil, err
	}
	if v.IsNull(0) {
		return nil, errorAt(e.Pos(), "22004", "%s must not be NULL", clause)
	}
	return v, nil
}

// changesCall gives the call of table_changes that stands alone in FROM, nil if it is something else.
func changesCall(t *sql.TableFunc) *sql.FuncCall {
	if len(t.Funcs) != 1 || t.Lateral || t.Ordinality || t.Funcs[0].ColDefs != nil {
		return nil
	}
	n, ok := sql.Node(t.Funcs[0].Func).(*sql.FuncCall)
	if !ok || n.Name.Schema != "" || n.Name.Name != "table_changes" {
		return nil
	}
	return n
}

// changes binds table_changes('table', from [, to]).
func (f *fromClause) changes(t *sql.TableFunc, n *sql.FuncCall) (*item, error) {
	const clause = "table_changes"
	if len(n.Args) < 2 || len(n.Args) > 3 {
		return nil, errorAt(n.Pos, "42883", "table_changes takes the name of a table and one or two versions")
	}
	e, err := f.constantOf(n.Args[0], clause)
	if err != nil {
		return nil, err
	}
	v, err := f.valueOf(e, textType, clause)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, unsupported(n.Pos, "the table of table_changes must be a constant", "")
	}
	parts, ok := setting.NameParts(string(v.Bytes(0)))
	if !ok || len(parts) > 2 {
		return nil, errorAt(n.Args[0].Position(), "42602", "invalid name syntax")
	}
	var states [2]plan.AsOf
	for i, arg := range n.Args[1:] {
		states[i], err = f.state(arg, clause, func(text string) (plan.AsOf, error) {
			return plan.ParseAsOf(text, func(text string) (time.Time, error) {
				at, err := literal.ParseTimestamp(text, column.T(column.TimestampTZ), f.literalOptions())
				return time.UnixMicro(at), err
			})
		})
		if err != nil {
			return nil, place(err, arg.Position())
		}
	}
	past, err := f.past(n.Pos)
	if err != nil {
		return nil, err
	}
	schema, name := "", parts[len(parts)-1]
	if len(parts) == 2 {
		schema = parts[0]
	}
	rel, err := past.ResolveChanges(f.ctx, schema, name, states[0], states[1])
	if err != nil {
		return nil, place(err, n.Pos)
	}
	return f.stored(&sql.Table{Pos: t.Pos, Name: sql.Name{Pos: n.Pos, Name: clause}, Alias: t.Alias}, rel, nil)
}

// history binds the statements about pins and clones.
func (b *binder) history(stmt sql.Stmt) (plan.Statement, error) {
	var err error
	switch n := stmt.(type) {
	case *sql.CreatePin:
		if _, number := strconv.ParseUint(n.Name.Name, 10, 64); number == nil {
			return nil, errorAt(n.Name.Pos, "42602", "the name of a pin must not be a number: it would be taken for a version")
		}
		out := &plan.History{Tag: "CREATE PIN", CreatePin: &meta.CreatePin{Name: n.Name.Name, IfNotExists: n.IfNotExists}}
		out.At, err = b.asOf(n.AsOf)
		return out, err
	case *sql.DropPin:
		return &plan.History{Tag: "DROP PIN", DropPin: &meta.DropPin{Name: n.Name.Name}, IfExists: n.IfExists}, nil
	}
	n := stmt.(*sql.CloneTable)
	out := &plan.History{Tag: "CREATE TABLE", Clone: &plan.Clone{
		Schema: n.Name.Schema, Name: n.Name.Name, Pos: n.Name.Pos, IfNotExists: n.IfNotExists,
		SourceSchema: n.Source.Schema, SourceName: n.Source.Name, SourcePos: n.Source.Pos,
	}}
	out.At, err = b.asOf(n.AsOf)
	return out, err
}
