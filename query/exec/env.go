package exec

import (
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Env is what one query runs in.
type Env struct {
	// Expr is what expressions may know; each worker gets a copy.
	Expr expr.Context
	// Pool is the query's memory budget for what there is no other place for.
	Pool *mem.Pool
	// Held is its budget for rows that can as well lie in a temporary file: where it is full, operators write them there. nil = Pool.
	Held *mem.Pool
	// Spill is where temporary files are made; nil = nowhere: memory that is full is an error then.
	Spill *spill.Space
	// Least is how many bytes each operator that spills may hold of Pool although Held is full, so that it need not write every batch.
	Least int64
	// Whole is up to how many bytes a part of a spilled join is held whole, of Pool if need be: to part it further would cost more than it
	// takes.
	Whole int64
	// Workers is how many goroutines a pipeline may use, at least 1.
	Workers int
	// Plain switches the work on runs and encodings off: every vector is flattened and every row looked at. Answers
	// must not change; tests check that.
	Plain bool
	// Measure counts rows and time of each operator, for EXPLAIN ANALYZE: two looks at the clock a batch and operator.
	Measure bool
	// PartFrom is from how many groups on a worker parts rows instead of grouping them, where many bring new groups; 0 = as was measured to be
	// best, -1 = never. Answers must not change; tests check that.
	PartFrom int
	// BatchRows cuts batches down to so many rows, for tests; 0 = as they come.
	BatchRows int
	// Shares are the plans that are computed once; nil = the run makes its own.
	Shares *Shares
	// Given are the rows of plan.Given nodes.
	Given map[*plan.SharedID][]*scan.Batch
	// work are the rows of recursive queries that their steps read.
	work map[*plan.SharedID]*rowBuffer
}

// worker is the private state of one goroutine of a query.
type worker struct {
	env  *Env
	expr expr.Context
	rows []int32 // of the batch at hand that pass a condition; nobody keeps them
}

func newWorker(env *Env) *worker { return &worker{env: env, expr: fork(&env.Expr)} }

// fork copies what a statement knows, without what one goroutine remembers.
func fork(c *expr.Context) expr.Context {
	return expr.Context{Ctx: c.Ctx, Now: c.Now, Location: c.Location, Style: c.Style, Settings: c.Settings, Names: c.Names, Params: c.Params, Own: c.Own, Failed: c.Failed, Draw: c.Draw, Pool: c.Pool}
}
