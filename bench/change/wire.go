package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// wire is a client of PostgreSQL's protocol: what Aegis and PostgreSQL have in common.
type wire struct{ conn *pgx.Conn }

func dial(ctx context.Context, url string) (wire, error) {
	conn, err := pgx.Connect(ctx, url)
	return wire{conn}, err
}

func (w *wire) Exec(ctx context.Context, sql string) (time.Duration, error) {
	started := time.Now()
	_, err := w.conn.PgConn().Exec(ctx, sql).ReadAll()
	return time.Since(started), err
}

func (w *wire) Query(ctx context.Context, sql string) (out [][]string, err error) {
	results, err := w.conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, r := range results[len(results)-1].Rows {
		var line []string
		for _, v := range r {
			line = append(line, string(v))
		}
		out = append(out, line)
	}
	return out, nil
}

func (w *wire) Repeat(ctx context.Context, sql string, calls [][]any) (took []time.Duration, err error) {
	const name = "repeated"
	if _, err := w.conn.Prepare(ctx, name, sql); err != nil {
		return nil, err
	}
	for _, args := range calls {
		started := time.Now()
		rows, err := w.conn.Query(ctx, name, args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			_ = rows.RawValues()
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(started))
	}
	return took, w.conn.Deallocate(ctx, name)
}

// conflict is the end of all upserts.
func conflict(table string) string {
	return " ON CONFLICT (id) DO UPDATE SET v = excluded.v, n = " + table + ".n + excluded.n"
}

func (w *wire) Upsert(ctx context.Context, table string, batches [][]row) ([]time.Duration, error) {
	var calls [][]any
	if len(batches[0]) == 1 {
		for _, b := range batches {
			calls = append(calls, b[0].values())
		}
		return w.Repeat(ctx, "INSERT INTO "+table+" VALUES ($1, $2, $3, $4, $5, $6, $7)"+conflict(table), calls)
	}
	for _, b := range batches {
		calls = append(calls, arrays(b))
	}
	return w.Repeat(ctx, "INSERT INTO "+table+" SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::bigint[], $5::double precision[], "+
		"$6::text[], $7::text[])"+conflict(table), calls)
}

// arrays gives rows column by column.
func arrays(rows []row) []any {
	var id, grp, n []int64
	var ts []time.Time
	var v []float64
	var tag, words []string
	for _, r := range rows {
		id, ts, grp, n, v, tag, words = append(id, r.id), append(ts, r.ts), append(grp, r.grp), append(n, r.n), append(v, r.v), append(tag, r.tag), append(words, r.words)
	}
	return []any{id, ts, grp, n, v, tag, words}
}

func (w *wire) Load(ctx context.Context, table string, files []string) (time.Duration, error) {
	started := time.Now()
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		_, err = w.conn.PgConn().CopyFrom(ctx, f, "COPY "+table+" FROM STDIN CSV")
		if err = errors.Join(err, f.Close()); err != nil {
			return 0, err
		}
	}
	return time.Since(started), nil
}

func (w *wire) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx) // the server is ended next
}
