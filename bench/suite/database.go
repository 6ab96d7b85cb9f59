package suite

import (
	"context"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
)

// database is a running system. Its methods are called one after the other.
type database interface {
	about() peer.About
	// load makes a table and brings the rows of a CSV file with a line of names into it; it gives their number.
	load(ctx context.Context, t Table, file string) (int64, error)
	// settle does what follows loading, and gives the bytes that the tables take.
	settle(ctx context.Context, tables []Table) (int64, error)
	// ask gives a query's rows, and how long it took until they were there. A query that is cut off may leave it in need of a restart.
	ask(ctx context.Context, sql string) ([][]any, time.Duration, error)
	// exact says how far a number that is no whole one may be from the right one, relative to it.
	exact() *big.Rat
	// restart ends the system and starts it again on what it has stored.
	restart(ctx context.Context) error
	// close ends it; more than once is no harm.
	close()
}

// Peers are the systems that Aegis can be put beside.
var Peers = []string{"duckdb", "clickhouse", "postgresql"}

// open starts a system on a folder, which may have its tables.
func open(ctx context.Context, name string, o Options, dir string) (database, error) {
	switch name {
	case "aegis":
		return openAegis(ctx, o.Binary, filepath.Join(dir, "data"))
	case "duckdb":
		return openDuckDB(ctx, dir)
	case "clickhouse":
		return openClickHouse(ctx, dir)
	case "postgresql":
		return openPostgreSQL(ctx, dir)
	}
	return nil, fmt.Errorf("there is no system %q", name)
}
