package head

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
)

// Between two looks at whether it is still wanted, a search for keys takes keysAtOnce of them, and looks at rowsAtOnce rows, for each of which it may unpack a
// chunk.
const (
	keysAtOnce = 1 << 12
	rowsAtOnce = 1 << 8
)

// unwanted is the error of what is not wanted any more, nil while it is.
func unwanted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return column.Errorf(column.Cancelled, "look up keys: %w", context.Cause(ctx))
}
