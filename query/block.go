package query

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/setting"
)

// Own is what a transaction has written that nobody else sees: rows that came, and rows that have ended. It is one session's.
type Own interface {
	// Insert adds rows; Delete ends rows, by the addresses that the transaction's own scans gave. An error leaves everything as it was.
	Insert(ctx context.Context, rows meta.Rows) error
	Delete(table *meta.Table, rows *scan.RowSet) error
	// Unique looks the rows that came since a mark (nil = all) up in the unique constraints of their tables. again are as in meta.Transaction.
	Unique(ctx context.Context, since any, again []meta.Arbiter) error
	// Rows is how many rows were added to a table and are in memory.
	Rows(table meta.TableID) int
	// Large reports whether it holds so much that rows should go to disk. Write has those go there that came since a mark (nil = all), but not of some tables; no
	// mark after that one can be rewound to. An error leaves everything as it was.
	Large() bool
	Write(ctx context.Context, since any, kept []meta.TableID, again []meta.Arbiter) error
	// Committed says how the commit of Transaction ended.
	Committed(err error)
	// Mark gives the present moment, which Rewind goes back to.
	Mark() any
	Rewind(mark any)
	// Transaction is all of it, for the writer.
	Transaction() (*meta.Transaction, error)
	// Close gives back the memory.
	Close()
}

// block is a transaction of several statements: one that BEGIN opened, or the statements that a client sent together.
//
// What its statements change waits in it, rows and commands of the catalog: the statements after them see it, laid over their snapshots, and nobody else
// does. COMMIT hands all of it to the writer at once, which takes it as a whole or not at all. So nothing has to be undone, and nothing is locked: of two
// transactions that change the same row, the second to commit is refused.
type block struct {
	explicit bool // BEGIN opened it
	failed   bool
	started  time.Time

	snap       Snapshot       // of a repeatable block, once something was read
	held       func()         // forgets its holder
	reading    *anchor        // of the statement under way, where each reads a snapshot of its own
	anchored   func()         // lets go of the one that is kept; nil = none is
	own        Own            // nil = no rows were changed
	again      []meta.Arbiter // see meta.Transaction
	draft      draft
	numbersMu  sync.Mutex
	numbers    *sequences // of sequences that the block has created
	pool       *mem.Pool  // holds what is its own
	savepoints []savepoint
}

// savepoint is where ROLLBACK TO goes back to.
type savepoint struct {
	name    string
	own     any // a mark; nil = there was nothing
	drafted int // commands
	again   int
	locks   int // of the session's that end with the transaction
	values  setting.State
}

func (s *Session) begin(explicit bool) {
	o := &s.engine.options
	s.settings.BeginTransaction()
	s.block = &block{explicit: explicit, started: o.Now(), pool: mem.NewPool("the transaction", o.QueryBytes, o.Pool)}
	s.relimit()
}

// end ends the block. Results that read its snapshot must be closed.
func (s *Session) end(ctx context.Context, commit bool) error {
	b := s.block
	s.block = nil
	s.limit(0)
	defer s.unlockLocal(0)
	defer b.close()
	if !commit || !b.changes() {
		return s.settings.EndTransaction(commit)
	}
	if err := s.life.settle(); err != nil {
		return errors.Join(err, s.settings.EndTransaction(false))
	}
	defer s.life.settled()
	var err error
	if b.numbers != nil {
		err = b.numbers.close(ctx)
	}
	if err == nil {
		err = b.commit(ctx, s.engine.store)
	}
	return errors.Join(oneCommit(err), s.settings.EndTransaction(err == nil))
}

// close gives back what the block holds.
func (b *block) close() {
	if b.own != nil {
		b.own.Close()
		b.own = nil
	}
	if b.anchored != nil {
		b.anchored()
		b.anchored = nil
	}
	if b.snap != nil {
		b.held()
		b.snap.Close()
		b.snap = nil
	}
	b.pool.Close()
}

// changes reports whether the block has something to commit.
func (b *block) changes() bool { return b.own != nil || len(b.draft.commands) > 0 }

// commit hands what the block has changed to the writer.
func (b *block) commit(ctx context.Context, store Store) error {
	if b.own == nil {
		_, err := store.Catalog().Propose(ctx, batchOf(b.draft.commands))
		return err
	}
	t, err := b.own.Transaction()
	if err != nil {
		return err
	}
	t.Again, t.Commands = b.again, b.draft.commands
	_, err = store.Writer().Commit(ctx, t, meta.AckWAL)
	b.own.Committed(err)
	return err
}

// apply commits what a statement has changed: at once, or with the block that it is in.
func (st *statement) apply(t *meta.Transaction) (err error) {
	b, store := st.session.block, st.session.engine.store
	switch {
	case len(t.Rows) == 0 && len(t.Deletes) == 0:
		return nil
	case b == nil:
		_, err := store.Writer().Commit(st.env.Expr.Ctx, t, meta.AckWAL)
		return err
	}
	before := b.mark("", setting.State{})
	if b.own == nil {
		b.own = store.NewOwn(b.pool)
	}
	defer func() {
		if err != nil {
			b.rewind(&before)
		}
	}()
	if len(t.Deletes) > 0 && b.anchored == nil {
		b.keep()
	}
	for _, d := range t.Deletes {
		if err := b.own.Delete(d.Table, d.Rows); err != nil {
			return err
		}
	}
	again := slices.Clone(b.again)
	for i := range again {
		again[i].Rekeyed = nil // the rows are numbered otherwise when all of them are committed
	}
	for _, a := range t.Again {
		for _, rows := range t.Rows {
			if rows.Table.ID == a.Table {
				if before.own != nil {
					a.Rekeyed = nil
				}
				a.From = b.own.Rows(a.Table)
				a.To = a.From + rows.Len
				again = append(again, a)
			}
		}
	}
	for _, rows := range t.Rows {
		if err := b.own.Insert(st.env.Expr.Ctx, rows); err != nil {
			return err
		}
	}
	// What is the only statement of what was sent together is committed, and looked up, at once.
	if b.explicit || before.own != nil {
		if err := b.own.Unique(st.env.Expr.Ctx, before.own, t.Again); err != nil {
			return err
		}
	}
	if b.own.Large() {
		if err := b.own.Write(st.env.Expr.Ctx, b.saved(), tablesOf(again), again); err != nil {
			return err
		}
	}
	b.again = again
	return nil
}

// saved is the mark of the last savepoint: what came before it is there again when it is gone back to.
func (b *block) saved() any {
	if n := len(b.savepoints); n > 0 {
		return b.savepoints[n-1].own
	}
	return nil
}

// tablesOf gives the tables whose rows were decided by keys: they are known by their numbers, and stay in memory.
func tablesOf(list []meta.Arbiter) (out []meta.TableID) {
	for _, a := range list {
		out = append(out, a.Table)
	}
	return out
}

// mark gives the present moment of the block.
func (b *block) mark(name string, values setting.State) savepoint {
	p := savepoint{name: name, drafted: len(b.draft.commands), again: len(b.again), values: values}
	if b.own != nil {
		p.own = b.own.Mark()
	}
	return p
}

// rewind goes back to a moment, but for settings.
func (b *block) rewind(p *savepoint) {
	b.again = b.again[:p.again]
	if len(b.draft.commands) > p.drafted {
		b.draft.truncate(p.drafted)
		b.numbers = nil
	}
	switch {
	case b.own == nil:
	case p.own == nil:
		b.own.Close()
		b.own = nil
	default:
		b.own.Rewind(p.own)
	}
}

// openSnapshot opens what a statement reads, without what its block has changed.
func (s *Session) openSnapshot() (Snapshot, error) {
	b := s.block
	if b == nil || !s.settings.Repeatable {
		return s.engine.store.OpenSnapshot(s.database)
	}
	if b.snap == nil {
		snap, err := s.engine.store.OpenSnapshot(s.database)
		if err != nil {
			return nil, err
		}
		b.snap, b.held = snap, s.engine.holders.add(s, snap, s.engine.options.Now())
	}
	return heldSnapshot{b.snap}, nil
}

// overlaid gives a snapshot as the session's block sees it: with its rows, under the catalog that it has changed. It is to be closed, before the other, if it
// is another one.
func (s *Session) overlaid(ctx context.Context, snap Snapshot) (out Snapshot, another bool, err error) {
	b := s.block
	if b == nil || !b.changes() {
		return snap, false, nil
	}
	var catalog *meta.Snapshot
	if len(b.draft.commands) > 0 {
		if catalog, err = b.draft.over(snap.Catalog()); err != nil {
			return nil, false, err
		}
	}
	if held, ok := snap.(heldSnapshot); ok {
		snap = held.Snapshot
	}
	out, err = s.engine.store.Overlay(ctx, snap, b.own, catalog)
	return out, true, err
}

// heldSnapshot outlives the statements that read it.
type heldSnapshot struct{ Snapshot }

// Close does nothing: the block closes it.
func (heldSnapshot) Close() {}
