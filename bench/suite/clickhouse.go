package suite

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/server"
)

type clickhouse struct {
	*peer.ClickHouse
	dir string
}

func openClickHouse(ctx context.Context, dir string) (database, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	c := &clickhouse{dir: filepath.Join(dir, "data")}
	return c, c.start(ctx)
}

// clickhouseSettings make it understand the queries as the others do: NULL where a row has no partner.
var clickhouseSettings = []string{"join_use_nulls = 1"}

func (c *clickhouse) start(ctx context.Context) (err error) {
	if c.ClickHouse, err = peer.OpenClickHouse(ctx, c.dir); err != nil {
		return err
	}
	_, err = c.Execute(ctx, "SET "+strings.Join(clickhouseSettings, ", "))
	return err
}

func (c *clickhouse) about() peer.About {
	return peer.About{
		Name: "ClickHouse", Version: c.Version + " (chdb)",
		Settings: "defaults (threads = cores), but for " + strings.Join(clickhouseSettings, ", ") + "; MergeTree on disk, sorted as the report says",
		Loaded:   "INSERT … SELECT FROM file, and OPTIMIZE … FINAL", Asked: "SQL inside of its own Python process, the time until the answer is there as JSON",
	}
}

// clickhouseType is its own name for a type.
func clickhouseType(kind string) string {
	if t, known := map[string]string{
		"bigint": "Int64", "integer": "Int32", "smallint": "Int16", "text": "String", "timestamp": "DateTime('UTC')", "date": "Date", "numeric(15,2)": "Decimal(15,2)",
	}[kind]; known {
		return t
	}
	return kind
}

func (c *clickhouse) load(ctx context.Context, t Table, file string) (int64, error) {
	create := strings.TrimSuffix(t.create(clickhouseType), ")") + ") ENGINE = MergeTree ORDER BY (" + strings.Join(t.Order, ", ") + ")"
	if _, err := c.Execute(ctx, strings.ReplaceAll(create, " NOT NULL", "")); err != nil {
		return 0, err
	}
	if _, err := c.Execute(ctx, fmt.Sprintf("INSERT INTO %s SELECT * FROM file('%s', 'CSVWithNames')", t.Name, file)); err != nil {
		return 0, err
	}
	rows, err := c.Execute(ctx, "SELECT count() FROM "+t.Name)
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

func (c *clickhouse) settle(ctx context.Context, tables []Table) (int64, error) {
	for _, t := range tables {
		if _, err := c.Execute(ctx, "OPTIMIZE TABLE "+t.Name+" FINAL"); err != nil {
			return 0, err
		}
	}
	rows, err := c.Execute(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()")
	if err != nil {
		return 0, err
	}
	return server.Int(rows[0][0])
}

func (c *clickhouse) ask(ctx context.Context, sql string) ([][]any, time.Duration, error) {
	return c.Timed(ctx, sql)
}

// exact is not much: a quotient of decimals has as many digits behind the point as its dividend, the rest is cut off.
func (c *clickhouse) exact() *big.Rat { return big.NewRat(1, 500) }

func (c *clickhouse) restart(ctx context.Context) error {
	c.close()
	return c.start(ctx)
}

func (c *clickhouse) close() {
	if c.ClickHouse != nil {
		c.ClickHouse.Close()
	}
}
