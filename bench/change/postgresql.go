package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/postgres"
)

// postgresSettings are what its manual and its users give a server for such work on a machine of some cores and 24 GB. Commits are as durable as Aegis'
// are; that nothing runs between the measurements by itself makes them repeatable, and what autovacuum would do is done where the report says so.
var postgresSettings = []string{
	"shared_buffers=4GB", "effective_cache_size=12GB", "work_mem=64MB", "maintenance_work_mem=1GB", "max_wal_size=8GB", "min_wal_size=1GB", "checkpoint_timeout=15min",
	"wal_level=minimal", "max_wal_senders=0", "wal_compression=lz4", "random_page_cost=1.1", "fsync=on", "synchronous_commit=on", "autovacuum=off", "timezone=UTC",
}

type postgresql struct {
	wire
	server  *postgres.Server
	version string
}

func startPostgreSQL(ctx context.Context, dir string) (system, error) {
	if err := postgres.Installed(); err != nil {
		return nil, fmt.Errorf("%w: %w", peer.ErrMissing, err)
	}
	server, err := postgres.Start(ctx, postgres.Options{Parent: dir, Settings: postgresSettings, TCP: true})
	if err != nil {
		return nil, err
	}
	p := &postgresql{server: server}
	if err := p.connect(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// connect connects over TCP, as Aegis is asked.
func (p *postgresql) connect(ctx context.Context) (err error) {
	if p.wire, err = dial(ctx, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.server.Port)); err != nil {
		return err
	}
	rows, err := p.Query(ctx, "CREATE EXTENSION pg_trgm; SHOW server_version")
	if err == nil {
		p.version, _, _ = strings.Cut(rows[0][0], " ")
	}
	return err
}

func (p *postgresql) About() peer.About {
	return peer.About{
		Name: "PostgreSQL", Version: p.version, Settings: strings.Join(postgresSettings, ", ") + "; a BRIN index of ts where ranges of time are changed",
		Loaded: "as Aegis; VACUUM ANALYZE and a CHECKPOINT follow, which are not measured", Asked: "as Aegis",
	}
}

func (p *postgresql) Settle(ctx context.Context, tables ...string) error {
	for _, t := range tables {
		if _, err := p.Exec(ctx, "VACUUM ANALYZE "+t); err != nil {
			return err
		}
	}
	_, err := p.Exec(ctx, "CHECKPOINT")
	return err
}

// Compacting does nothing: VACUUM runs when it is told to.
func (p *postgresql) Compacting(context.Context, bool) error { return nil }

func (p *postgresql) Published(ctx context.Context) error {
	_, err := p.Exec(ctx, "CHECKPOINT")
	return err
}

func (p *postgresql) Index(ctx context.Context, name, table, method, columns string) (time.Duration, error) {
	switch method {
	case "bloom":
		return 0, errNoIndex // its own takes no bigint
	case "bitmap": // it makes bitmaps of btrees when it reads them
		first, second, _ := strings.Cut(columns, ", ")
		return p.Exec(ctx, fmt.Sprintf("CREATE INDEX %s ON %s (%s); CREATE INDEX %s_second ON %s (%s)", name, table, first, name, table, second))
	}
	return p.Exec(ctx, fmt.Sprintf("CREATE INDEX %s ON %s USING %s (%s)", name, table, method, columns))
}

func (p *postgresql) DropIndex(ctx context.Context, name, method string) error {
	if method == "bitmap" {
		name += ", " + name + "_second"
	}
	_, err := p.Exec(ctx, "DROP INDEX "+name)
	return err
}

func (p *postgresql) Written() (int64, error) { return load.Written(p.server.PID()) }

func (p *postgresql) Close() {
	if p.conn != nil {
		p.close()
	}
	_ = p.server.Stop() // the folder above it goes, too
}
