// Package ingesttest holds what tests of the way in share: a catalog in memory and a model of a table's rows. It is for tests alone.
package ingesttest

import (
	"context"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// Catalog is a catalog in memory: the real state machine without Raft. Safe for concurrent use.
type Catalog struct {
	mu    sync.Mutex
	state *meta.Snapshot
	// Fail, if set, is asked before each command: an error is returned instead of applying it. With late set the
	// command is applied all the same, and only the answer is lost.
	Fail func(c meta.Command) (err error, late bool)
	// Delay applies commands that have failed, and were not late, when the next one comes.
	Delay   bool
	delayed []meta.Command
	// Oldest is what OldestHeld gives; 0 = the newest version.
	Oldest meta.Version
	// Before, if set, is called before each command, with nothing locked.
	Before func(c meta.Command)
}

// Delayed reports whether a command waits for the next one.
func (c *Catalog) Delayed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.delayed) > 0
}

// NewCatalog makes an empty catalog.
func NewCatalog() *Catalog { return &Catalog{state: meta.NewSnapshot()} }

// Clone gives a catalog of the same state that goes its own way.
func (c *Catalog) Clone() *Catalog { return &Catalog{state: c.Snapshot()} }

// Snapshot implements meta.Catalog.
func (c *Catalog) Snapshot() *meta.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Acquire implements meta.Catalog.
func (c *Catalog) Acquire() (*meta.Snapshot, func()) { return c.Snapshot(), func() {} }

// OldestHeld implements meta.Catalog.
func (c *Catalog) OldestHeld() meta.Version {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Oldest != 0 {
		return c.Oldest
	}
	return c.state.Version
}

// Propose implements meta.Catalog.
func (c *Catalog) Propose(_ context.Context, cmd meta.Command) (meta.Result, error) {
	if c.Before != nil {
		c.Before(cmd)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, before := range c.delayed {
		if next, _, err := c.state.Apply(before, 0); err == nil {
			c.state = next
		}
	}
	c.delayed = nil
	var lost error
	if c.Fail != nil {
		err, late := c.Fail(cmd)
		if err != nil && !late {
			if c.Delay {
				c.delayed = append(c.delayed, cmd)
			}
			return meta.Result{}, err
		}
		lost = err
	}
	next, result, err := c.state.Apply(cmd, 0)
	c.state = next
	if lost != nil {
		return meta.Result{}, lost
	}
	return result, err
}

// Create makes a table in the default database and gives it.
func (c *Catalog) Create(name string, columns column.Schema, constraints ...meta.Constraint) (*meta.Table, error) {
	ctx := context.Background()
	if c.Snapshot().Database(meta.DefaultDatabase) == nil {
		if _, err := c.Propose(ctx, meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase}}); err != nil {
			return nil, err
		}
	}
	db := c.Snapshot().Database(meta.DefaultDatabase)
	got, err := c.Propose(ctx, meta.Command{CreateTable: &meta.CreateTable{Database: db.ID, Schema: meta.PublicSchema, Name: name, Columns: columns, Constraints: constraints}})
	if err != nil {
		return nil, err
	}
	return c.Snapshot().TableByID(meta.TableID(got.ID)), nil
}
