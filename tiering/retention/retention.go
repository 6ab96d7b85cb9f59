// Package retention ends rows that are older than their table keeps them: segments leave the manifests once all their rows are, so it costs no
// reading and no writing of rows. A segment is of one partition, and so a row outlives its time by a partition's length at most, and a pass.
//
// What has left a manifest is history as any other rows that were deleted. It must not know the head: rows there are young, or wait for the next flush.
package retention

import (
	"context"
	"log/slog"
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/upkeep"
)

// Options configures an Enforcer; the first two are needed.
type Options struct {
	Catalog meta.Catalog
	// Publish calls f, which takes segments out of the catalog, at a moment when every delete of their rows is in a deletion vector, and
	// keeps others from coming until it returns.
	Publish func(ctx context.Context, f func(context.Context) error) error
	Logger  *slog.Logger
	Now     func() time.Time
}

// Enforcer removes segments whose rows are too old. Safe for concurrent use.
type Enforcer struct {
	options Options
	loop    upkeep.Loop
}

// New makes an enforcer that does nothing by itself before Start.
func New(o Options) *Enforcer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Enforcer{options: o}
}

// Start looks at intervals until Stop.
func (e *Enforcer) Start(every time.Duration) {
	e.loop.Start(every, func(ctx context.Context) {
		if err := e.Run(ctx); err != nil && ctx.Err() == nil {
			e.options.Logger.Warn("rows that are older than their tables keep them could not be removed; will try again", "error", err)
		}
	})
}

// Stop ends what Start began, and waits for it.
func (e *Enforcer) Stop() { e.loop.Stop() }

// Run removes what is too old now.
func (e *Enforcer) Run(ctx context.Context) error {
	if len(e.old(e.options.Catalog.Snapshot())) == 0 {
		return nil
	}
	err := e.options.Publish(ctx, func(ctx context.Context) error {
		edits := e.old(e.options.Catalog.Snapshot())
		if len(edits) == 0 {
			return nil
		}
		_, err := e.options.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{Edits: edits}})
		if err == nil {
			for _, edit := range edits {
				e.options.Logger.Info("removed segments whose rows are older than their table keeps them", "table", edit.Table, "segments", len(edit.Remove))
			}
		}
		return err
	})
	if column.ClassOf(err) == column.Conflict {
		return nil // a merge was faster: the next pass finds what it made
	}
	return err
}

// old lists the segments all of whose rows are too old.
func (e *Enforcer) old(catalog *meta.Snapshot) []meta.Edit {
	var edits []meta.Edit
	now := e.options.Now()
	for _, d := range catalog.Databases() {
		for _, t := range catalog.Tables(d.ID) {
			border, some := border(t, now)
			if !some {
				continue
			}
			edit := meta.Edit{Table: t.ID}
			for s := range catalog.Manifest(t.ID).All() {
				if s.MaxTime >= border {
					continue
				}
				at := meta.SegmentAt{ID: s.ID}
				if s.Deleted != nil {
					at.Vector = s.Deleted.Version
				}
				edit.Remove = append(edit.Remove, at)
			}
			if len(edit.Remove) > 0 {
				edits = append(edits, edit)
			}
		}
	}
	return edits
}

// border is the time, in the unit of a table's time column, before which it keeps no rows; false if it keeps all.
func border(t *meta.Table, now time.Time) (int64, bool) {
	s := &t.Columns
	if t.Retention <= 0 || s.Time == 0 {
		return 0, false
	}
	micros, unit := now.UnixMicro(), s.Fields[s.Index(s.Time)].Type.UnitsPerSecond()/1e6
	if micros-t.Retention < math.MinInt64/unit {
		return 0, false // longer than times go back
	}
	return (micros - t.Retention) * unit, true
}
