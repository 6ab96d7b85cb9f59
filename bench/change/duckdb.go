package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/peer"
)

type duckdb struct{ *peer.DuckDB }

func startDuckDB(ctx context.Context, dir string) (system, error) {
	d, err := peer.OpenDuckDB(ctx, filepath.Join(dir, "change.duckdb"))
	if err != nil {
		return nil, err
	}
	return &duckdb{d}, nil
}

func (d *duckdb) About() peer.About {
	return peer.About{
		Name: "DuckDB", Version: d.Version, Settings: "defaults (threads = cores), a database file",
		Loaded: "COPY … FROM file (FORMAT csv), as many statements as Aegis; a CHECKPOINT follows, which is not measured",
		Asked: "SQL inside its own Python process: the time of execute and fetchall, without HTTP, JSON or a pipe. PREPARE and EXECUTE for what is repeated, VALUES for " +
			"batches of upserts: lists of parameters take ten times as long",
	}
}

func (d *duckdb) Exec(ctx context.Context, sql string) (time.Duration, error) {
	took, err := d.run(ctx, []string{sql})
	if err != nil {
		return 0, fmt.Errorf("%.200s: %w", sql, err)
	}
	return took[0], nil
}

// run runs statements in order.
func (d *duckdb) run(ctx context.Context, statements []string) ([]time.Duration, error) {
	return d.Measure(ctx, statements, 1, peer.Budget{Least: len(statements)})
}

func (d *duckdb) Query(ctx context.Context, sql string) (out [][]string, err error) {
	rows, err := d.Execute(ctx, sql)
	for _, r := range rows {
		var line []string
		for _, v := range r {
			line = append(line, fmt.Sprint(v))
		}
		out = append(out, line)
	}
	return out, err
}

func (d *duckdb) Repeat(ctx context.Context, sql string, calls [][]any) ([]time.Duration, error) {
	if _, err := d.Execute(ctx, "PREPARE repeated AS "+sql); err != nil {
		return nil, err
	}
	var statements []string
	for _, args := range calls {
		text := "EXECUTE repeated"
		if len(args) > 0 {
			text += "(" + literals(args) + ")"
		}
		statements = append(statements, text)
	}
	took, err := d.run(ctx, statements)
	if err != nil {
		return nil, err
	}
	_, err = d.Execute(ctx, "DEALLOCATE repeated")
	return took, err
}

// literals writes values as SQL.
func literals(values []any) string {
	var list []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			list = append(list, "'"+strings.ReplaceAll(v, "'", "''")+"'")
		case time.Time:
			list = append(list, "'"+v.Format("2006-01-02 15:04:05+00")+"'::timestamptz")
		default:
			list = append(list, fmt.Sprint(v))
		}
	}
	return strings.Join(list, ", ")
}

func (d *duckdb) Upsert(ctx context.Context, table string, batches [][]row) ([]time.Duration, error) {
	if len(batches[0]) == 1 {
		var calls [][]any
		for _, b := range batches {
			calls = append(calls, b[0].values())
		}
		return d.Repeat(ctx, "INSERT INTO "+table+" VALUES ($1, $2, $3, $4, $5, $6, $7)"+conflict(table), calls)
	}
	var statements []string
	for _, b := range batches {
		var rows []string
		for _, r := range b {
			rows = append(rows, "("+literals(r.values())+")")
		}
		statements = append(statements, "INSERT INTO "+table+" VALUES "+strings.Join(rows, ", ")+conflict(table))
	}
	return d.run(ctx, statements)
}

func (d *duckdb) Load(ctx context.Context, table string, files []string) (total time.Duration, err error) {
	var statements []string
	for _, name := range files {
		statements = append(statements, fmt.Sprintf("COPY %s FROM '%s' (FORMAT csv, HEADER false)", table, strings.ReplaceAll(name, "'", "''")))
	}
	took, err := d.run(ctx, statements)
	for _, t := range took {
		total += t
	}
	return total, err
}

func (d *duckdb) Settle(ctx context.Context, _ ...string) error {
	_, err := d.Execute(ctx, "CHECKPOINT")
	return err
}

// Compacting does nothing: a CHECKPOINT runs when it is told to.
func (d *duckdb) Compacting(context.Context, bool) error { return nil }

// Published writes the log into the file.
func (d *duckdb) Published(ctx context.Context) error { return d.Settle(ctx) }

func (d *duckdb) Index(ctx context.Context, name, table, method, columns string) (time.Duration, error) {
	if method != "btree" {
		return 0, errNoIndex // its ART finds values of one key
	}
	return d.Exec(ctx, fmt.Sprintf("CREATE INDEX %s ON %s (%s)", name, table, columns))
}

func (d *duckdb) DropIndex(ctx context.Context, name, _ string) error {
	_, err := d.Execute(ctx, "DROP INDEX "+name)
	return err
}

func (d *duckdb) Written() (int64, error) { return load.Written(d.PID()) }
