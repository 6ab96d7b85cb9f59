package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/query/plan"
)

// constants gives the rows of a plan that are vectors already.
type constants struct {
	node *plan.Constants
	env  *Env
}

func (c *constants) parts(context.Context) ([]part, error) {
	list := cut(c.node.Values, c.node.Rows)
	if n := c.env.BatchRows; n > 0 {
		list = smaller(list, n)
	}
	return once(list), nil
}
