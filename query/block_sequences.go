package query

import (
	"context"
	"slices"
	"sync"

	"github.com/automatanexus/aegis-db/meta"
)

// A sequence that the block itself has created is in no catalog yet, and one that it has altered is another there: its numbers are taken by commands that wait
// with the others.

// draftCatalog shows a block's draft as the catalog that sequences are taken from. Its base stays the same, so that what was taken stays the sequence's next.
type draftCatalog struct {
	meta.Catalog
	base *meta.Snapshot

	mu    sync.Mutex // workers of one statement take numbers of several sequences
	draft *draft
}

// Snapshot gives the catalog with what the block has changed.
func (c *draftCatalog) Snapshot() *meta.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	made, err := c.draft.over(c.base)
	if err != nil {
		return c.base // the statement after this one meets the error
	}
	return made
}

// Propose adds a command to the draft.
func (c *draftCatalog) Propose(_ context.Context, cmd meta.Command) (meta.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	results, err := c.draft.add(c.base, []meta.Command{cmd})
	if err != nil {
		return meta.Result{}, err
	}
	return results[0], nil
}

// altersSequence reports whether the block has said anew how a sequence goes on.
func (d *draft) altersSequence(id meta.TableID) bool {
	return slices.ContainsFunc(d.commands, func(c meta.Command) bool { return c.AlterSequence != nil && c.AlterSequence.Sequence.ID == id })
}

// sequencesOf is who hands out the numbers of a sequence.
func (s *Session) sequencesOf(id meta.TableID) *sequences {
	b, catalog := s.block, s.engine.store.Catalog()
	if b == nil || len(b.draft.commands) == 0 && b.numbers == nil {
		return s.engine.sequences
	}
	newest := catalog.Snapshot()
	if newest.SequenceByID(id) != nil && !b.draft.altersSequence(id) {
		return s.engine.sequences
	}
	b.numbersMu.Lock()
	defer b.numbersMu.Unlock()
	if b.numbers == nil {
		b.numbers = newSequences(&draftCatalog{Catalog: catalog, base: newest, draft: &b.draft})
	}
	return b.numbers
}
