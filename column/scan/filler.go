package scan

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// Filler gives what older places (segments) hold of rows that newer ones (the head's) supersede, in tables whose rows merge: the newer
// row takes from there what it has no value for. It shows the same rows as the scan that it is for, before any Mask. Safe for
// concurrent use.
type Filler interface {
	// Holds reports whether rows of a series with order keys (package key, over Schema.Order) in [lo, hi] may be stored. It is false, at next
	// to no cost, where times are new: the usual case.
	Holds(ctx context.Context, series, lo, hi []byte) (bool, error)
	// Fill gives, for each of the columns, a vector with a row per order key: the stored row's value, NULL where there is no such row.
	// keys ascend, each once. What is read on the way is reserved from pool, which may be nil.
	Fill(ctx context.Context, series []byte, keys [][]byte, columns []column.ID, pool *mem.Pool) ([]*column.Vector, error)
}
