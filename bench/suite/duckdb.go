package suite

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

type duckdb struct {
	*peer.DuckDB
	file string
}

func openDuckDB(ctx context.Context, dir string) (database, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	d := &duckdb{file: filepath.Join(dir, "suite.duckdb")}
	return d, d.start(ctx)
}

func (d *duckdb) start(ctx context.Context) (err error) {
	d.DuckDB, err = peer.OpenDuckDB(ctx, d.file)
	return err
}

func (d *duckdb) about() peer.About {
	return peer.About{
		Name: "DuckDB", Version: d.Version, Settings: "defaults (threads = cores), a database file",
		Loaded: "COPY from the CSV file, and a CHECKPOINT", Asked: "SQL inside of its own Python process, the time of execute and fetchall",
	}
}

func (d *duckdb) load(ctx context.Context, t Table, file string) (int64, error) {
	if _, err := d.Execute(ctx, t.create(postgresType)); err != nil {
		return 0, err
	}
	rows, err := d.Execute(ctx, fmt.Sprintf("COPY %s FROM '%s' (HEADER, NULLSTR '%s')", t.Name, file, notNull))
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

func (d *duckdb) settle(ctx context.Context, _ []Table) (int64, error) {
	if _, err := d.Execute(ctx, "CHECKPOINT"); err != nil {
		return 0, err
	}
	return peer.FileBytes(d.file)
}

func (d *duckdb) ask(ctx context.Context, sql string) ([][]any, time.Duration, error) {
	return d.Timed(ctx, sql)
}

func (d *duckdb) exact() *big.Rat { return tolerance }

func (d *duckdb) restart(ctx context.Context) error {
	d.close()
	return d.start(ctx)
}

func (d *duckdb) close() {
	if d.DuckDB != nil {
		d.DuckDB.Close()
	}
}
