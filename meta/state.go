package meta

import (
	"maps"

	"github.com/automatanexus/aegis-db/column"
)

// Apply gives the catalog after a command; index is the log entry that carries it, greater than that of every command
// before (0 = no log, as in tests). It is a pure function: s stays as it is, equal states and commands give equal
// results on every node, and nothing of cmd is kept by reference.
//
// A command whose condition does not hold, or that is wrong, gives s itself and an error, of class Conflict where a
// reader that looks again may succeed. A command that changes nothing gives s itself and no error.
func (s *Snapshot) Apply(cmd Command, index uint64) (*Snapshot, Result, error) {
	unchanged := Result{Version: s.Version}
	if index != 0 && index <= s.applied {
		return s, unchanged, column.Errorf(column.Internal, "log entry %d comes after entry %d was applied", index, s.applied)
	}
	if n := cmd.members(); n != 1 {
		return s, unchanged, column.Errorf(column.Invalid, "a catalog command must have exactly one member set, this one has %d", n)
	}
	c := change{Snapshot: *s, before: s, at: cmd.At}
	c.Version++
	if index != 0 {
		c.applied = index
	}
	result, changed, err := c.apply(cmd)
	if err == nil && changed {
		err = c.checkReferences(cmd)
	}
	if err != nil {
		return s, unchanged, err
	}
	if !changed {
		result.Version = s.Version
		return s, result, nil
	}
	c.remember(&cmd)
	next := c.Snapshot
	result.Version = next.Version
	return &next, result, nil
}

// members counts the set members.
func (cmd *Command) members() int {
	n := 0
	for _, set := range [...]bool{
		cmd.CreateDatabase != nil, cmd.CreateTable != nil, cmd.DropTable != nil, cmd.AddColumns != nil,
		cmd.OpenShard != nil, cmd.ReserveIDs != nil, cmd.Commit != nil, cmd.Forget != nil,
		cmd.CreateUser != nil, cmd.AlterUser != nil, cmd.DropUser != nil,
		cmd.Expire != nil, cmd.CreatePin != nil, cmd.DropPin != nil, cmd.CloneTable != nil,
		cmd.CreateIndex != nil, cmd.DropIndex != nil, cmd.RenameIndex != nil, cmd.RebuildIndex != nil, cmd.ReserveIndexes != nil,
		cmd.Batch != nil, cmd.ReserveTables != nil, cmd.DropDatabase != nil, cmd.CreateSchema != nil, cmd.DropSchema != nil,
		cmd.AlterTable != nil, cmd.CreateView != nil, cmd.CreateSequence != nil, cmd.AlterSequence != nil, cmd.TakeSequence != nil,
		cmd.SetSequence != nil, cmd.MoveRelation != nil, cmd.DropRelation != nil, cmd.Comment != nil,
		cmd.Truncate != nil, cmd.Decided != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

// change is a snapshot in the making: it starts as a shallow copy and replaces what it changes. It is thrown away when
// the command fails, so its methods may stop half way.
type change struct {
	Snapshot
	before    *Snapshot
	at        int64 // the time of the command, 0 = unknown
	rewriting bool  // the edit under way changes no rows
}

func (c *change) apply(cmd Command) (result Result, changed bool, err error) {
	switch {
	case cmd.CreateDatabase != nil:
		return c.createDatabase(cmd.CreateDatabase)
	case cmd.CreateTable != nil:
		return c.createTable(cmd.CreateTable)
	case cmd.DropTable != nil:
		return c.dropTable(cmd.DropTable)
	case cmd.AddColumns != nil:
		return c.addColumns(cmd.AddColumns)
	case cmd.OpenShard != nil:
		return c.openShard(cmd.OpenShard)
	case cmd.ReserveIDs != nil:
		return c.reserveIDs(cmd.ReserveIDs)
	case cmd.Commit != nil:
		return c.commit(cmd.Commit)
	case cmd.CreateUser != nil:
		return c.createUser(cmd.CreateUser)
	case cmd.AlterUser != nil:
		return c.alterUser(cmd.AlterUser)
	case cmd.DropUser != nil:
		return c.dropUser(cmd.DropUser)
	case cmd.Expire != nil:
		return c.expire(cmd.Expire)
	case cmd.CreatePin != nil:
		return c.createPin(cmd.CreatePin)
	case cmd.DropPin != nil:
		return c.dropPin(cmd.DropPin)
	case cmd.CloneTable != nil:
		return c.cloneTable(cmd.CloneTable)
	case cmd.CreateIndex != nil:
		return c.createIndex(cmd.CreateIndex)
	case cmd.DropIndex != nil:
		return c.dropIndex(cmd.DropIndex)
	case cmd.RenameIndex != nil:
		return c.renameIndex(cmd.RenameIndex)
	case cmd.RebuildIndex != nil:
		return c.rebuildIndex(cmd.RebuildIndex)
	case cmd.ReserveIndexes != nil:
		return c.reserveIndexes(cmd.ReserveIndexes)
	case cmd.Batch != nil:
		return c.batch(cmd.Batch)
	case cmd.ReserveTables != nil:
		return c.reserveTables(cmd.ReserveTables)
	case cmd.DropDatabase != nil:
		return c.dropDatabase(cmd.DropDatabase)
	case cmd.CreateSchema != nil:
		return c.createSchema(cmd.CreateSchema)
	case cmd.DropSchema != nil:
		return c.dropSchema(cmd.DropSchema)
	case cmd.AlterTable != nil:
		return c.alterTable(cmd.AlterTable)
	case cmd.CreateView != nil:
		return c.createView(cmd.CreateView)
	case cmd.MoveRelation != nil:
		return c.moveRelation(cmd.MoveRelation)
	case cmd.DropRelation != nil:
		return c.dropRelation(cmd.DropRelation)
	case cmd.Comment != nil:
		return c.comment(cmd.Comment)
	case cmd.Truncate != nil:
		return c.truncate(cmd.Truncate)
	case cmd.Decided != nil:
		return c.decide(cmd.Decided)
	case cmd.CreateSequence != nil, cmd.AlterSequence != nil, cmd.TakeSequence != nil, cmd.SetSequence != nil:
		return c.sequence(cmd)
	default:
		return c.forget(cmd.Forget)
	}
}

// withEntry copies a map and sets one entry.
func withEntry[K comparable, V any](m map[K]V, key K, value V) map[K]V {
	out := make(map[K]V, len(m)+1)
	maps.Copy(out, m)
	out[key] = value
	return out
}

// withoutEntry copies a map without one entry.
func withoutEntry[K comparable, V any](m map[K]V, key K) map[K]V {
	out := maps.Clone(m)
	delete(out, key)
	return out
}
