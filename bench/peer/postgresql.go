package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/bench/postgres"
	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// postgresSettings are what its manual and its users give a server for such work on a machine of some cores and 24 GB. Commits are durable.
var postgresSettings = []string{
	"shared_buffers=4GB", "effective_cache_size=12GB", "work_mem=256MB", "maintenance_work_mem=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min",
	"wal_level=minimal", "max_wal_senders=0", "wal_compression=lz4", "random_page_cost=1.1", "fsync=on", "synchronous_commit=on", "timezone=UTC",
}

// postgresIndexes are made once the rows are there, which is the fast order. The second serves ranges of time over all hosts.
var postgresIndexes = []string{"CREATE INDEX ON cpu (hostname, time)", "CREATE INDEX ON cpu USING brin (time)"}

var postgresSQL = tsbs.Dialect{
	Bucket: func(unit string) string { return "date_trunc('" + unit + "', time)" },
	// From one hostname of the index to the next, and the last row of each: PostgreSQL does not skip through an index by itself.
	LastRows: "WITH RECURSIVE names AS ((SELECT hostname FROM cpu ORDER BY hostname LIMIT 1) UNION ALL " +
		"SELECT (SELECT c.hostname FROM cpu c WHERE c.hostname > names.hostname ORDER BY c.hostname LIMIT 1) FROM names WHERE names.hostname IS NOT NULL) " +
		"SELECT l.time, names.hostname, " + eachField(func(name string) string { return "l." + name }) +
		" FROM names CROSS JOIN LATERAL (SELECT * FROM cpu c WHERE c.hostname = names.hostname ORDER BY c.time DESC LIMIT 1) l",
}

// postgresql is PostgreSQL as a system of the scoreboard.
type postgresql struct {
	wire
	server  *postgres.Server
	version string
}

// StartPostgreSQL starts PostgreSQL on a folder of its own inside of parent, which its user must be able to enter; empty stands for /tmp.
func StartPostgreSQL(ctx context.Context, parent string) (System, error) {
	if err := postgres.Installed(); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w: %w", ErrMissing, err)
	}
	s, err := postgres.Start(ctx, postgres.Options{Parent: parent, Settings: postgresSettings, TCP: true})
	if err != nil {
		return nil, err
	}
	p := &postgresql{server: s, wire: wire{dsn: "postgres://postgres@" + s.Address() + "/postgres?sslmode=disable", dialect: postgresSQL}}
	rows, err := p.Execute(ctx, "SHOW server_version")
	if err != nil {
		p.Close()
		return nil, err
	}
	p.version, _, _ = strings.Cut(fmt.Sprint(rows[0][0]), " ")
	return p, nil
}

func (p *postgresql) About() About {
	return About{
		Name: "PostgreSQL", Version: p.version,
		Settings: strings.Join(postgresSettings, ", ") + "; tags are text, fields bigint, time timestamp; " + strings.Join(postgresIndexes, "; "),
		Loaded: fmt.Sprintf("COPY FROM STDIN of CSV, %d rows a statement, %d connections, rows in order of time; the indexes are made and VACUUM ANALYZE is run afterwards",
			rowsPerCopy, writers),
		Asked: "SQL over its protocol with kept connections, each query as a text of its own, until all rows are read as text",
	}
}

func (p *postgresql) PID() int { return p.server.PID() }

func (p *postgresql) Close() {
	p.disconnect()
	_ = p.server.Stop() // the folder above it goes, too
}

// rowsPerCopy is what one COPY brings; each is a transaction.
const rowsPerCopy = 50_000

func (p *postgresql) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	var columns []string
	for _, list := range []struct {
		names []string
		kind  string
	}{{tsbs.Tags[:], "text"}, {tsbs.Fields[:], "bigint"}, {[]string{"time"}, "timestamp"}} {
		for _, name := range list.names {
			columns = append(columns, name+" "+list.kind+" NOT NULL")
		}
	}
	if _, err := p.Execute(ctx, "CREATE TABLE cpu ("+strings.Join(columns, ", ")+")"); err != nil {
		return 0, err
	}
	if err := p.connect(ctx, writers); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	started := time.Now()
	for k := range writers {
		wg.Go(func() {
			for ctx.Err() == nil {
				first := (int(next.Add(1)) - 1) * rowsPerCopy
				if first >= w.Rows() {
					return
				}
				rows := &csvReader{rows: w.CSV(), next: first, end: min(first+rowsPerCopy, w.Rows())}
				if _, err := p.conns[k].CopyFrom(ctx, rows, "COPY cpu FROM STDIN CSV"); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(started), context.Cause(ctx)
}

// csvReader encodes rows while they are read.
type csvReader struct {
	rows      *tsbs.Encoder
	next, end int
	text, all []byte // what is not read of what was encoded, and its memory
}

// rowsPerRead is how many rows are encoded at once.
const rowsPerRead = 500

func (r *csvReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		if r.next == r.end {
			return 0, io.EOF
		}
		until := min(r.next+rowsPerRead, r.end)
		r.all = r.rows.Append(r.all[:0], r.next, until)
		r.text, r.next = r.all, until
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

// Settle makes the indexes, and does what autovacuum would do later.
func (p *postgresql) Settle(ctx context.Context) error {
	for _, sql := range append(postgresIndexes, "VACUUM ANALYZE cpu", "CHECKPOINT") {
		if _, err := p.Execute(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func (p *postgresql) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) {
	rows, err := p.Execute(ctx, tsbs.CountSQL)
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

// Stored is the size of the table with its indexes.
func (p *postgresql) Stored(ctx context.Context) (int64, error) {
	rows, err := p.Execute(ctx, "SELECT pg_total_relation_size('cpu')")
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, errors.New("PostgreSQL says nothing of the table's size")
	}
	return server.Int(rows[0][0])
}
