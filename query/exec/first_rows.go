package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A sort of which only the first rows are wanted knows, once it has so many, that rows behind the last of them are of no use. By its first key,
// where that is a stored column of integers, it tells the scan, which reads no pages that have only such rows, and the filter between them,
// which computes its condition for the others.

// cutoffBelow hands a cutoff to the scan under a sort; nil if there is none, or if something would be computed of fewer rows that may fail.
func cutoffBelow(n *plan.Sort, input producer, env *Env) *scan.Cutoff {
	if n.Limit <= 0 || env.Plain || !plainInteger(n.Keys[0].Expr.Type()) {
		return nil
	}
	for _, k := range n.Keys {
		if mayFail(env, k.Expr) {
			return nil
		}
	}
	return firstKey{n.Keys[0], env}.cutoff(input, n.Keys[0].Expr)
}

// mayFail reports an expression that must be computed for each row, as it may fail for it, or change.
func mayFail(env *Env, e expr.Expr) bool {
	return expr.Volatile(e) || expr.CanFail(e) && expr.CanFailOn(&newWorker(env).expr, e)
}

// firstKey is the first key of a sort on its way down.
type firstKey struct {
	plan.SortKey
	env *Env
}

func (k firstKey) cutoff(p producer, e expr.Expr) *scan.Cutoff {
	c, ok := e.(*expr.Column)
	if !ok {
		return nil
	}
	switch p := feeder(p).(type) {
	case *project:
		for _, e := range p.node.Exprs {
			if mayFail(k.env, e) {
				return nil
			}
		}
		return k.cutoff(p.input, p.node.Exprs[c.Index])
	case *filter:
		if mayFail(k.env, p.node.Cond) {
			return nil
		}
		p.cutoff, p.cutColumn = k.cutoff(p.input, c), c.Index
		return p.cutoff
	case *scanner:
		id := p.node.Relation.Columns()[p.node.Project[c.Index]].ID
		if id == 0 || p.node.Limit > 0 || p.node.Ends != (scan.Ends{}) || p.bound != nil {
			return nil
		}
		p.cutoff = scan.NewCutoff(id, k.Desc, k.NullsFirst)
		return p.cutoff
	}
	return nil
}

// before gives the rows of a batch that a cutoff leaves; all = no need to look.
func (f *filter) before(b *scan.Batch, dst []int32) (rows []int32, all bool) {
	if f.cutoff == nil || !f.cutoff.Set() {
		return dst, true
	}
	v := b.Columns[f.cutColumn]
	if v.Enc != column.Flat {
		return dst, true
	}
	if rows = f.cutoff.Rows(dst, v); len(rows) == b.Len {
		return dst, true
	}
	return rows, false
}
