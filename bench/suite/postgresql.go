package suite

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/postgres"
	"github.com/automatanexus/aegis-db/bench/server"
)

// postgresSettings are what its manual and its users give a server for such work on a machine of some cores and 24 GB.
var postgresSettings = []string{
	"shared_buffers=4GB", "effective_cache_size=12GB", "work_mem=512MB", "maintenance_work_mem=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "wal_level=minimal",
	"max_wal_senders=0", "random_page_cost=1.1", "timezone=UTC",
}

// postgresql lives in a folder of its own, which goes with it: nothing that it loaded is kept.
type postgresql struct {
	server  *postgres.Server
	conn    *pgconn.PgConn
	version string
}

func openPostgreSQL(ctx context.Context, dir string) (database, error) {
	if err := postgres.Installed(); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w: %w", peer.ErrMissing, err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, err
	}
	s, err := postgres.Start(ctx, postgres.Options{Settings: postgresSettings, TCP: true})
	if err != nil {
		return nil, err
	}
	p := &postgresql{server: s}
	if err := p.restart(ctx); err != nil {
		p.close()
		return nil, err
	}
	p.version, _, _ = strings.Cut(p.conn.ParameterStatus("server_version"), " ")
	return p, nil
}

func (p *postgresql) dsn() string {
	return "postgres://postgres@" + p.server.Address() + "/postgres?sslmode=disable"
}

func (p *postgresql) about() peer.About {
	return peer.About{
		Name: "PostgreSQL", Version: p.version, Settings: strings.Join(postgresSettings, ", ") + "; indexes of the columns that the report names",
		Loaded: "COPY FROM STDIN of CSV, as Aegis; then the indexes and VACUUM ANALYZE", Asked: "SQL over its protocol, until all rows are read as text",
	}
}

func (p *postgresql) load(ctx context.Context, t Table, file string) (int64, error) {
	if _, err := p.conn.Exec(ctx, t.create(postgresType)).ReadAll(); err != nil {
		return 0, err
	}
	return copyFile(ctx, p.dsn(), t, file)
}

func (p *postgresql) settle(ctx context.Context, tables []Table) (int64, error) {
	for _, t := range tables {
		for _, columns := range t.Indexes {
			if _, err := p.conn.Exec(ctx, "CREATE INDEX ON "+t.Name+" ("+columns+")").ReadAll(); err != nil {
				return 0, err
			}
		}
		if _, err := p.conn.Exec(ctx, "VACUUM ANALYZE "+t.Name).ReadAll(); err != nil {
			return 0, err
		}
	}
	results, err := p.conn.Exec(ctx, "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").ReadAll()
	if err != nil {
		return 0, err
	}
	return server.Int(string(results[0].Rows[0][0]))
}

func (p *postgresql) ask(ctx context.Context, sql string) (rows [][]any, took time.Duration, err error) {
	started := time.Now()
	results, err := p.conn.Exec(ctx, sql).ReadAll()
	took = time.Since(started)
	if err != nil {
		return nil, 0, err
	}
	for _, line := range results[len(results)-1].Rows {
		row := make([]any, len(line))
		for i, v := range line {
			if v != nil {
				row[i] = string(v)
			}
		}
		rows = append(rows, row)
	}
	return rows, took, nil
}

func (p *postgresql) exact() *big.Rat { return tolerance }

// restart connects anew, which is all that a query that was cut off asks for; there are no cold runs with it.
func (p *postgresql) restart(ctx context.Context) (err error) {
	if p.conn != nil {
		_ = p.conn.Close(ctx)
	}
	p.conn, err = pgconn.Connect(ctx, p.dsn())
	return err
}

func (p *postgresql) close() {
	if p.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if p.conn != nil {
		_ = p.conn.Close(ctx)
	}
	_ = p.server.Stop() // its folder goes, too
	p.server = nil
}
