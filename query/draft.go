package query

import (
	"slices"

	"github.com/automatanexus/aegis-db/meta"
)

// draft is what a block has changed of the catalog: commands that wait for its end. The block's own statements see the catalog with them applied,
// nobody else does; COMMIT proposes all of them as one batch, which the catalog applies as a whole or not at all. Each command is conditional on what
// it was computed from, so a clash with what others have changed meanwhile is an error of the first statement that meets it, or of COMMIT.
type draft struct {
	commands []meta.Command

	// The catalog with the commands, of the last base that was asked for.
	base, made *meta.Snapshot
	count      int
}

// over gives a catalog with the commands applied.
func (d *draft) over(base *meta.Snapshot) (*meta.Snapshot, error) {
	if d.base != base || d.count != len(d.commands) {
		made, _, err := applyAll(base, d.commands)
		if err != nil {
			return nil, err
		}
		d.base, d.made, d.count = base, made, len(d.commands)
	}
	return d.made, nil
}

// applyAll applies the commands of a block to a catalog, which may be older than the ids that were reserved for them.
func applyAll(base *meta.Snapshot, commands []meta.Command) (*meta.Snapshot, meta.Result, error) {
	next, last := base, meta.TableID(0)
	for i := range commands {
		if id := createdID(&commands[i]); id != nil {
			last = max(last, *id)
		}
	}
	count := uint64(1) // always, so that the version which the commands make depends on the base alone
	if last > next.NextTable() {
		count += uint64(last - next.NextTable())
	}
	var err error
	if next, _, err = next.Apply(meta.Command{ReserveTables: &meta.ReserveTables{Count: count}}, 0); err != nil {
		return nil, meta.Result{}, err
	}
	return next.Apply(batchOf(commands), 0)
}

// batchOf makes one command of several.
func batchOf(commands []meta.Command) meta.Command {
	return meta.Command{Batch: &meta.Batch{Commands: slices.Clone(commands)}}
}

// createdID is where a command has the id of what it creates; nil if it creates nothing that has such an id.
func createdID(c *meta.Command) *meta.TableID {
	switch {
	case c.CreateTable != nil:
		return &c.CreateTable.ID
	case c.CreateView != nil && c.CreateView.Replace == 0:
		return &c.CreateView.View.ID
	case c.CreateSequence != nil:
		return &c.CreateSequence.Sequence.ID
	}
	return nil
}

// propose changes the catalog: at once, or, in a block, with its COMMIT. The result is that of the command either way.
func (st *statement) propose(c meta.Command) (meta.Result, error) {
	ctx, catalog := st.env.Expr.Ctx, st.session.engine.store.Catalog()
	b := st.session.block
	if b == nil || st.atOnce || c.ReserveIDs != nil || c.ReserveTables != nil {
		return catalog.Propose(ctx, c)
	}
	members := []meta.Command{c}
	if c.Batch != nil {
		members = slices.Clone(c.Batch.Commands)
	}
	for i := range members {
		if id := createdID(&members[i]); id != nil && *id == 0 {
			got, err := catalog.Propose(ctx, meta.Command{ReserveTables: &meta.ReserveTables{Count: 1}})
			if err != nil {
				return meta.Result{}, err
			}
			members[i] = withID(members[i], meta.TableID(got.ID))
		}
	}
	results, err := b.draft.add(st.public, members)
	if err != nil {
		return meta.Result{}, err
	}
	if c.Batch == nil {
		return results[0], nil
	}
	return meta.Result{Version: results[0].Version, Members: results}, nil
}

// withID gives a command that creates something under an id, the command as it was stays as it was.
func withID(c meta.Command, id meta.TableID) meta.Command {
	switch {
	case c.CreateTable != nil:
		created := *c.CreateTable
		created.ID, c.CreateTable = id, &created
	case c.CreateView != nil:
		created := *c.CreateView
		created.View.ID, c.CreateView = id, &created
	case c.CreateSequence != nil:
		created := *c.CreateSequence
		created.Sequence.ID, c.CreateSequence = id, &created
	}
	return c
}

// add applies more commands to a catalog that the others are applied to already, and gives what they made.
func (d *draft) add(base *meta.Snapshot, more []meta.Command) ([]meta.Result, error) {
	commands := d.followed(more)
	made, result, err := applyAll(base, commands)
	if err != nil {
		return nil, err
	}
	n := len(d.commands)
	d.commands, d.base, d.made, d.count = commands, base, made, len(commands)
	return result.Members[n:], nil
}

// followed gives the block's commands with more behind them.
func (d *draft) followed(more []meta.Command) []meta.Command {
	commands := slices.Clone(d.commands)
	for _, c := range more {
		commands = append(commands, d.conditional(c))
	}
	return commands
}

// conditional gives a command whose condition is about what an earlier one of the block made.
func (d *draft) conditional(c meta.Command) meta.Command {
	if len(d.commands) == 0 || d.made == nil {
		return c
	}
	switch own := d.made.Version; {
	case c.CreateView != nil && c.CreateView.Replace != 0 && c.CreateView.Replaced == own:
		created := *c.CreateView
		created.Replaced, c.CreateView = meta.ThisBatch, &created
	case c.AlterSequence != nil && c.AlterSequence.From == own:
		altered := *c.AlterSequence
		altered.From, c.AlterSequence = meta.ThisBatch, &altered
	}
	return c
}

// truncate takes back all but the first commands.
func (d *draft) truncate(n int) {
	d.commands = d.commands[:n:n]
	d.base, d.made, d.count = nil, nil, 0
}
