package aegis

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/meta"
)

// Truncate implements query.Store: one command ends the rows of all tables, or of none.
func (s store) Truncate(ctx context.Context, tables []meta.TableID, also []meta.Command) error {
	return s.db.shard.Truncating(ctx, func(ctx context.Context, from meta.Seq) error {
		batch := &meta.Batch{Commands: slices.Clone(also)}
		for _, id := range tables {
			batch.Commands = append(batch.Commands, meta.Command{Truncate: &meta.Truncate{Table: id, From: from}})
		}
		_, err := s.db.catalog.Propose(ctx, meta.Command{Batch: batch})
		return err
	})
}

// Closing implements query.Store.
func (s store) Closing(ctx context.Context, table meta.TableID, f func(context.Context) error) error {
	return s.db.shard.Closing(ctx, table, f)
}
