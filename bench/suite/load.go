package suite

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/automatanexus/aegis-db/bench/server"
)

// insertRows is how many rows one INSERT has: enough that the request costs nothing beside them, some 300 KB of text.
const insertRows = 2000

// load creates a table and inserts its file's rows, from several connections at once; it gives the number of rows.
func load(ctx context.Context, s *server.Server, t Table, dir string, connections int) (rows int64, err error) {
	if _, err := s.Query(ctx, t.create()); err != nil {
		return 0, fmt.Errorf("%s: %w", t.create(), err)
	}
	f, err := os.Open(filepath.Join(dir, t.Name+".csv"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil { // the names
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	statements := make(chan string, connections)
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for sql := range statements {
				if _, err := s.Query(ctx, sql); err != nil {
					cancel(fmt.Errorf("%.100s …: %w", sql, err))
				}
			}
		})
	}
	rows, err = insertAll(ctx, r, t, statements)
	close(statements)
	group.Wait()
	return rows, cmp.Or(context.Cause(ctx), err)
}

// insertAll hands on the statements of all rows.
func insertAll(ctx context.Context, r *csv.Reader, t Table, statements chan<- string) (rows int64, err error) {
	for {
		sql, n, err := insert(r, t)
		if n > 0 {
			rows += int64(n)
			select {
			case statements <- sql:
			case <-ctx.Done():
				return rows, ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
	}
}

// insert makes the statement of the next rows; io.EOF if there are no more.
func insert(r *csv.Reader, t Table) (sql string, n int, err error) {
	quoted := t.quoted()
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.Name + " VALUES ")
	for ; n < insertRows; n++ {
		fields, err := r.Read()
		if err != nil {
			return b.String(), n, err
		}
		if n > 0 {
			b.WriteByte(',')
		}
		for i, v := range fields {
			b.WriteByte("(,"[min(i, 1)])
			if quoted[i] {
				b.WriteString("'" + strings.ReplaceAll(v, "'", "''") + "'")
			} else {
				b.WriteString(v)
			}
		}
		b.WriteByte(')')
	}
	return b.String(), n, nil
}
