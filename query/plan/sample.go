package plan

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
)

// Sampled is a Relation that can show some of its rows, from which the optimizer estimates what conditions leave and how many
// different values there are.
type Sampled interface {
	// Sample gives some rows of the columns that are asked for (indexes into Columns()). It may be minutes old.
	Sample(ctx context.Context, columns []int) (*Sample, error)
}

// Sample is some rows of a relation, spread over it.
type Sample struct {
	Rows    int64 // of the relation
	Len     int   // of the sample: a few thousand at the most, 0 where the relation is empty
	Columns map[int]SampleColumn
}

// SampleColumn is a column of a sample, by its index in Relation.Columns().
type SampleColumn struct {
	Values   *column.Vector // of Sample.Len rows, Flat
	Distinct float64        // about how many different values the whole relation has; NULL does not count
}
