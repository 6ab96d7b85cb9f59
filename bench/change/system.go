package main

import (
	"context"
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
)

// system is a running database. Its methods are called one after the other.
type system interface {
	About() peer.About
	// Exec runs a statement once and gives how long it took.
	Exec(ctx context.Context, sql string) (time.Duration, error)
	// Query gives the rows of a statement as text.
	Query(ctx context.Context, sql string) ([][]string, error)
	// Repeat prepares a statement and runs it with each of the lists of parameters, reads all of its rows, and gives how long each run took.
	Repeat(ctx context.Context, sql string, calls [][]any) ([]time.Duration, error)
	// Upsert proposes batches of rows, one statement each, which change the rows whose keys are there.
	Upsert(ctx context.Context, table string, batches [][]row) ([]time.Duration, error)
	// Load copies CSV files into a table, one statement each.
	Load(ctx context.Context, table string, files []string) (time.Duration, error)
	// Settle waits until nothing is left that follows from changes, or does what its users do by hand then.
	Settle(ctx context.Context, tables ...string) error
	// Compacting says whether rows that are dead may be removed; from the start they may. What they take is free after the next Settle.
	Compacting(ctx context.Context, on bool) error
	// Published brings what was changed to where it stays, but removes nothing that is dead.
	Published(ctx context.Context) error
	// Index makes an index and waits until it is used; errNoIndex if the system has none of this kind.
	Index(ctx context.Context, name, table, method, columns string) (time.Duration, error)
	DropIndex(ctx context.Context, name, method string) error
	// Written is how many bytes it has written so far.
	Written() (int64, error)
	// Close ends it.
	Close()
}

// errNoIndex says that a system has no index of a kind.
var errNoIndex = errors.New("no such index")

// start starts a system in an empty folder.
type start func(ctx context.Context, dir string) (system, error)
