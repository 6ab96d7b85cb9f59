package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// duckdb is DuckDB as a system of the scoreboard.
type duckdb struct {
	*DuckDB
	dir string
}

var duckSQL = tsbs.Dialect{
	Bucket: func(unit string) string { return "date_trunc('" + unit + "', time)" }, // as fast as time_bucket, or faster
	// Ten times as fast as arg_max per field, and more than that against DISTINCT ON.
	LastRows: "SELECT time, hostname, " + strings.Join(tsbs.Fields[:], ", ") +
		" FROM cpu JOIN (SELECT hostname, max(time) AS time FROM cpu GROUP BY hostname) USING (hostname, time)",
}

// StartDuckDB starts DuckDB on a database file in an empty folder.
func StartDuckDB(ctx context.Context, dir string) (System, error) {
	d, err := OpenDuckDB(ctx, filepath.Join(dir, "cpu.duckdb"))
	if err != nil {
		return nil, err
	}
	return &duckdb{DuckDB: d, dir: dir}, nil
}

func (d *duckdb) About() About {
	return About{
		Name: "DuckDB", Version: d.Version,
		Settings: "defaults (threads = cores), a database file; the table is sorted by (hostname, time), tags are VARCHAR, fields BIGINT, time TIMESTAMP",
		Loaded:   "one CREATE TABLE AS … ORDER BY from a CSV file that was there before, and a CHECKPOINT",
		Asked:    "SQL inside its own Python process, one cursor per client; the time of execute and fetchall, without HTTP, JSON or a pipe",
	}
}

// Load writes the workload to a CSV file first, which is not measured: reading files is how DuckDB is loaded.
func (d *duckdb) Load(ctx context.Context, w *tsbs.Workload) (time.Duration, error) {
	path := filepath.Join(d.dir, "cpu.csv")
	if err := writeCSV(path, w); err != nil {
		return 0, err
	}
	defer os.Remove(path)
	var names, columns []string
	for _, list := range []struct {
		names []string
		kind  string
	}{{tsbs.Tags[:], "VARCHAR"}, {tsbs.Fields[:], "BIGINT"}, {[]string{"time"}, "TIMESTAMP"}} {
		for _, name := range list.names {
			names, columns = append(names, name), append(columns, "'"+name+"': '"+list.kind+"'")
		}
	}
	started := time.Now()
	_, err := d.Execute(ctx, fmt.Sprintf("CREATE TABLE cpu AS SELECT %s FROM read_csv('%s', header = false, columns = {%s}) ORDER BY hostname, time",
		strings.Join(names, ", "), strings.ReplaceAll(path, "'", "''"), strings.Join(columns, ", ")))
	if err != nil {
		return 0, err
	}
	_, err = d.Execute(ctx, "CHECKPOINT")
	return time.Since(started), err
}

// rowsPerWrite bounds the memory of writing a CSV file.
const rowsPerWrite = 10_000

func writeCSV(path string, w *tsbs.Workload) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	rows := w.CSV()
	var text []byte
	for first := 0; err == nil && first < w.Rows(); first += rowsPerWrite {
		text = rows.Append(text[:0], first, min(first+rowsPerWrite, w.Rows()))
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

// Settle does nothing: a CHECKPOINT was part of loading, and DuckDB does nothing by itself afterwards.
func (d *duckdb) Settle(context.Context) error { return nil }

func (d *duckdb) Count(ctx context.Context, _ *tsbs.Workload) (int64, error) { return d.count(ctx) }

func (d *duckdb) Stored(context.Context) (int64, error) { return FileBytes(d.File) }

func (d *duckdb) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	return d.answer(ctx, q, duckSQL)
}

func (d *duckdb) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	return d.time(ctx, queries, duckSQL, clients, b)
}
