package peer

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// wire asks a server over PostgreSQL's protocol, on connections that stay open. Each query is a text of its own in the extended protocol.
type wire struct {
	dsn     string
	dialect tsbs.Dialect
	conns   []*pgconn.PgConn // the k-th is the k-th client's
}

// connect makes sure that there are so many connections.
func (w *wire) connect(ctx context.Context, n int) error {
	for len(w.conns) < n {
		c, err := pgconn.Connect(ctx, w.dsn)
		if err != nil {
			return err
		}
		w.conns = append(w.conns, c)
	}
	return nil
}

func (w *wire) disconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range w.conns {
		_ = c.Close(ctx) // the server is ended next
	}
	w.conns = nil
}

// Execute runs statements without parameters and gives the rows of the last one as text.
func (w *wire) Execute(ctx context.Context, sql string) ([][]any, error) {
	if err := w.connect(ctx, 1); err != nil {
		return nil, err
	}
	results, err := w.conns[0].Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	var rows [][]any
	for _, line := range results[len(results)-1].Rows {
		row := make([]any, len(line))
		for i, v := range line {
			row[i] = string(v)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (w *wire) Answer(ctx context.Context, q tsbs.Query) (tsbs.Answer, error) {
	rows, err := w.Execute(ctx, q.SQL(w.dialect))
	if err != nil {
		return nil, err
	}
	return readRows(q, rows)
}

func (w *wire) Time(ctx context.Context, queries []tsbs.Query, clients int, b Budget) ([]time.Duration, error) {
	if err := w.connect(ctx, clients); err != nil {
		return nil, err
	}
	return timeEach(ctx, len(queries), clients, b, func(ctx context.Context, client, i int) (time.Duration, error) {
		sql := queries[i].SQL(w.dialect)
		started := time.Now()
		r := w.conns[client].ExecParams(ctx, sql, nil, nil, nil, nil)
		for r.NextRow() {
			_ = r.Values() // they are read, as text
		}
		_, err := r.Close()
		return time.Since(started), err
	})
}
