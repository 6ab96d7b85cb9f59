package plan

import (
	"context"

	"github.com/automatanexus/aegis-db/column/stats"
)

// Described is a Relation whose columns are described where its rows are stored.
type Described interface {
	// Statistics describes a column (an index into Columns()), by the rows that are in segments. It may be some rows behind. nil if nothing is known.
	Statistics(ctx context.Context, column int) (*stats.Column, error)
}

// Analyze looks at tables anew before the next plan, at all of them where none are named.
type Analyze struct {
	Tables []TableName
}

func (*Analyze) statement() {}
