package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// given gives rows that the statement has already.
type given struct {
	node *plan.Given
	env  *Env
}

// givenBatches is how many batches of given rows one worker takes at a time.
const givenBatches = 16

func (g *given) parts(context.Context) ([]part, error) {
	list := g.env.Given[g.node.ID]
	if n := g.env.BatchRows; n > 0 {
		list = smaller(list, n)
	}
	var out []part
	for lo := 0; lo < len(list); lo += givenBatches {
		out = append(out, once(list[lo:min(lo+givenBatches, len(list))])...)
	}
	return out, nil
}

// smaller cuts batches into such of at most n rows.
func smaller(list []*scan.Batch, n int) []*scan.Batch {
	var out []*scan.Batch
	for _, b := range list {
		for lo := 0; lo < b.Len; lo += n {
			out = append(out, b.Slice(lo, min(lo+n, b.Len)))
		}
	}
	return out
}
