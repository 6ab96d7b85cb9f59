package flush

import (
	"context"
	"fmt"
	"slices"

	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// WriteOwn writes a transaction's rows of a table as segments that nothing names: those that snap shows after a seq. The table is one whose rows do not
// supersede each other. On an error there are no files.
func WriteOwn(ctx context.Context, o Options, snap *head.Snapshot, table *meta.Table, after meta.Seq) ([]meta.Segment, error) {
	j := &job{Options: o, snap: snap, prev: after, pages: newLastPages(o.Pool)}
	defer j.pages.clear()
	w := &written{table: table}
	j.tables = append(j.tables, w)
	numbers, err := snap.Partitions(table, after)
	if err != nil {
		return nil, err
	}
	catalog := o.Catalog.Snapshot()
	var out []meta.Segment
	for _, n := range numbers {
		w.parts = append(w.parts, partition{number: n})
		part := &w.parts[len(w.parts)-1]
		if err := j.partition(ctx, catalog, table, part); err != nil {
			j.remove(ctx)
			return nil, fmt.Errorf("write rows of a transaction: table %q, partition %d: %w", table.Name, n, err)
		}
		for i := range part.segments {
			part.segments[i].MinSeq, part.segments[i].MaxSeq = 0, 0 // the commit will say
		}
		out = append(out, part.segments...)
	}
	return slices.Clip(out), nil
}

// Remove deletes the files of segments that nothing will ever name.
func Remove(ctx context.Context, o Options, table *meta.Table, segments []meta.Segment) {
	j := &job{Options: o}
	j.removeSegments(ctx, []*written{{table: table, parts: []partition{{segments: segments}}}})
}
