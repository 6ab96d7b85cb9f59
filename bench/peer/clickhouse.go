package peer

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

//go:embed clickhouse.py
var clickhouseProgram string

// ClickHouse is ClickHouse as a library, chdb, in a Python process of its own. Its methods are called one after the other.
type ClickHouse struct {
	*embedded
	Version string
	Dir     string // of the database
}

// OpenClickHouse starts ClickHouse on a folder, which is made if it is not there.
func OpenClickHouse(ctx context.Context, dir string) (*ClickHouse, error) {
	name, err := python(ctx, "ClickHouse", "chdb", "chdb")
	if err != nil {
		return nil, err
	}
	e, err := embed(name, "ClickHouse", clickhouseProgram, dir)
	if err != nil {
		return nil, err
	}
	c := &ClickHouse{embedded: e, Dir: dir}
	rows, err := c.Execute(ctx, "SELECT version()")
	if err != nil {
		c.Close()
		return nil, err
	}
	c.Version = fmt.Sprint(rows[0][0])
	return c, nil
}

// clickhouse is ClickHouse as a system of the scoreboard.
type clickhouse struct {
	*ClickHouse
	dir string
}

var clickhouseSQL = tsbs.Dialect{
	Bucket: func(unit string) string {
		return map[string]string{"minute": "toStartOfMinute", "hour": "toStartOfHour"}[unit] + "(time)"
	},
	LastRows: "SELECT time, hostname, " + strings.Join(tsbs.Fields[:], ", ") + " FROM cpu ORDER BY hostname DESC, time DESC LIMIT 1 BY hostname",
}

// StartClickHouse starts ClickHouse on an empty folder.
func StartClickHouse(ctx context.Context, dir string) (System, error) {
	c, err := OpenClickHouse(ctx, filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	return &clickhouse{ClickHouse: c, dir: dir}, nil
}

func (c *clickhouse) About() About {
	return About{
		Name: "ClickHouse", Version: c.Version + " (chdb)",
		Settings: "defaults (threads = cores); a MergeTree on disk ordered by (hostname, time), tags are LowCardinality(String), fields Int64, " +
			"time DateTime with DoubleDelta; merged to one part",
		Loaded: "one INSERT … SELECT FROM file from a CSV file that was there before",
		Asked:  "SQL inside of its own Python process, a thread per client; the time until the whole answer is there as JSON, without HTTP or a pipe",
	}
}

// Load writes the workload to a CSV file first, which is not measured: reading files is how a library is loaded.
func (c *clickhouse) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	path := filepath.Join(c.dir, "cpu.csv")
	if err := writeCSV(path, w); err != nil {
		return 0, err
	}
	defer os.Remove(path)
	var columns []string
	for _, name := range tsbs.Tags {
		columns = append(columns, name+" LowCardinality(String)")
	}
	columns = append(columns, eachField(func(name string) string { return name + " Int64" }), "time DateTime('UTC')")
	create := fmt.Sprintf("CREATE TABLE cpu (%s CODEC(DoubleDelta, LZ4)) ENGINE = MergeTree ORDER BY (hostname, time)", strings.Join(columns, ", "))
	if _, err := c.Execute(ctx, create); err != nil {
		return 0, err
	}
	started := time.Now()
	_, err := c.Execute(ctx, fmt.Sprintf("INSERT INTO cpu SELECT * FROM file('%s', 'CSV', '%s')",
		strings.ReplaceAll(path, "'", "\\'"), strings.ReplaceAll(strings.Join(columns, ", "), "'", "\\'")))
	return time.Since(started), err
}

// Settle waits until what is merged by itself is merged, and then merges the rest, which takes it seconds, too.
func (c *clickhouse) Settle(ctx context.Context) error {
	if err := waitIdle(ctx, c.PID(), 5*time.Minute); err != nil {
		return err
	}
	_, err := c.Execute(ctx, "OPTIMIZE TABLE cpu FINAL")
	return err
}

func (c *clickhouse) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) { return c.count(ctx) }

// Stored is the size of the parts that are not replaced by others.
func (c *clickhouse) Stored(ctx context.Context) (int64, error) {
	rows, err := c.Execute(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'cpu'")
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

func (c *clickhouse) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	return c.answer(ctx, q, clickhouseSQL)
}

func (c *clickhouse) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return c.time(ctx, queries, clickhouseSQL, clients, b)
}
