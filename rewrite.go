package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/tiering/compact"
)

// Rewrite implements query.Store. The table takes no rows and loses none while its rows, which are flushed first, are written anew; who reads it is not kept from it, and
// reads the old segments until the new ones take their place in one command.
func (s store) Rewrite(ctx context.Context, w query.Rewriting) error {
	db := s.db
	return db.shard.Closing(ctx, w.From.ID, func(ctx context.Context) error {
		if err := db.shard.Flush(ctx); err != nil {
			return err
		}
		if err := db.shard.PublishDeletes(ctx); err != nil {
			return err
		}
		return db.compactor.Rewrite(ctx, compact.Rewriting(w))
	})
}

// RewrittenSchema implements query.Store.
func (store) RewrittenSchema(from, to *meta.Table) *column.Schema {
	return compact.RewrittenSchema(&from.Columns, &to.Columns)
}
