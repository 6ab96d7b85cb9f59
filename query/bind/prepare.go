package bind

import (
	"context"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// Prepared is a statement that was bound before its parameters have values.
type Prepared struct {
	Statement plan.Statement
	// Params are the types of the parameters $1 … that the statement uses, declared or inferred.
	Params plan.Params
	// Generic says that Statement is right for any values, which expr.Context.Params then has. Where it is not, as with LIMIT $1,
	// Statement only describes: bind again, with values.
	Generic bool
}

// Prepare binds a statement without the values of its parameters.
func Prepare(ctx context.Context, stmt sql.Stmt, opt Options) (*Prepared, error) {
	opt.ParamValues = nil
	b := newBinder(ctx, opt)
	s, err := b.statement(stmt)
	if err != nil {
		return nil, err
	}
	if err := b.whole(s); err != nil {
		return nil, err
	}
	return &Prepared{Statement: s, Params: b.paramTypes(), Generic: !b.describes}, nil
}

func newBinder(ctx context.Context, opt Options) *binder {
	if opt.Location == nil {
		opt.Location = time.UTC
	}
	if opt.Functions == nil {
		opt.Functions = fn.Default()
	}
	return &binder{ctx: ctx, Options: opt, fold: &expr.Context{Ctx: ctx, Now: opt.Now, Location: opt.Location, Style: opt.Style, Settings: opt.Settings, Names: opt.Names}}
}

// paramTypes are those of the parameters; what nothing gave a type is text.
func (b *binder) paramTypes() plan.Params {
	for i, t := range b.params {
		if t == unknown {
			b.params[i] = textType
		}
	}
	return b.params
}

// settleParam gives a parameter the type that its place asks for. The first place decides.
func (b *binder) settleParam(x *expr.Param, t column.Type) (expr.Expr, error) {
	if now := b.params[x.Index]; now != unknown && now != t {
		e := errorAt(x.At, "42P08", "inconsistent types deduced for parameter $%d", x.Index+1)
		e.Detail = now.String() + " versus " + t.String()
		return nil, e
	}
	b.params[x.Index] = t
	return &expr.Param{Index: x.Index, T: t, At: x.At}, nil
}

// TypeOf is the type that a name means.
func TypeOf(n *sql.TypeName) (column.Type, error) { return typeOf(n) }
