package plan

import (
	"strings"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TableSample is TABLESAMPLE of a scan whose percentage and seed are the same for all rows. Which rows are in the sample is decided by a filter over
// the scan, as by any other condition; here it spares reading blocks that have none of them, and says what is wrong with the arguments, rows or
// not.
type TableSample struct {
	// Blocks is SYSTEM, which takes or leaves rows in blocks; else BERNOULLI.
	Blocks  bool
	Percent expr.Expr // real
	Seed    expr.Expr // double precision
	// Repeatable says that the seed was written.
	Repeatable bool
}

// Method is the name of how it samples.
func (s *TableSample) Method() string {
	if s.Blocks {
		return "system"
	}
	return "bernoulli"
}

// String is what EXPLAIN says of it.
func (s *TableSample) String() string {
	var b strings.Builder
	b.WriteString(s.Method() + " (" + expr.String(s.Percent, nil) + ")")
	if s.Repeatable {
		b.WriteString(" REPEATABLE (" + expr.String(s.Seed, nil) + ")")
	}
	return b.String()
}

// Settle works the sample out; nil where no block can be spared.
func (s *TableSample) Settle(ctx *expr.Context) (*scan.Sample, error) {
	percent, err := expr.Eval(ctx, s.Percent, nil, 1)
	if err != nil {
		return nil, err
	}
	seed, err := expr.Eval(ctx, s.Seed, nil, 1)
	if err != nil {
		return nil, err
	}
	out, err := scan.SampleOf(percent, seed, 0)
	if err != nil || !s.Blocks {
		return nil, err
	}
	return &out, nil
}
