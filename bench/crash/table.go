package crash

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// table is a kind of table that rows are written to, each with its own way through the server.
type table struct {
	name   string
	create string // "" = it is there already
	unique bool   // rows of the same key replace each other, so a batch may be sent twice
	read   string // a query whose columns are writer, key (or the time that stands for it) and value
	insert func(rows []Row) string
	lines  func(rows []Row) string // line protocol, which makes the table
}

// tables are every kind there is. Keys spread over a few partitions.
var tables = []*table{
	{
		name: "plain", create: `CREATE TABLE crash_plain (w bigint, k bigint, v bigint, note text)`,
		read: `SELECT w, k, v FROM crash_plain`,
		insert: func(rows []Row) string {
			return values(`INSERT INTO crash_plain (w, k, v, note) VALUES `, rows, func(r Row) string {
				return fmt.Sprintf("(%d,%d,%d,'note %d')", r.Writer, r.Key, r.Value, r.Key%100)
			})
		},
	},
	{
		name: "tagged",
		create: `CREATE TABLE crash_tagged (ts timestamptz, host text, w bigint, k bigint, v bigint, load double precision, up boolean)
			WITH (time_column = ts, tags = (host))`,
		read: `SELECT w, k, v FROM crash_tagged`,
		insert: func(rows []Row) string {
			return values(`INSERT INTO crash_tagged (ts, host, w, k, v, load, up) VALUES `, rows, func(r Row) string {
				return fmt.Sprintf("('%s','host-%d',%d,%d,%d,%d.5,%v)", keyTime(r.Key), r.Key%7, r.Writer, r.Key, r.Value, r.Key%100, r.Key%2 == 0)
			})
		},
	},
	{
		name: "unique", unique: true,
		create: `CREATE TABLE crash_unique (ts timestamptz, writer text, w bigint, k bigint, v bigint)
			WITH (time_column = ts, tags = (writer), unique_key = (writer, ts))`,
		read: `SELECT w, k, v FROM crash_unique`,
		insert: func(rows []Row) string {
			return values(`INSERT INTO crash_unique (ts, writer, w, k, v) VALUES `, rows, func(r Row) string {
				return fmt.Sprintf("('%s','writer-%d',%d,%d,%d)", keyTime(r.Key), r.Writer, r.Writer, r.Key, r.Value)
			})
		},
	},
	{
		name: "keyed", unique: true,
		create: `CREATE TABLE crash_keyed (w bigint, k bigint, v bigint) WITH (unique_key = (w, k))`,
		read:   `SELECT w, k, v FROM crash_keyed`,
		insert: func(rows []Row) string {
			return values(`INSERT INTO crash_keyed (w, k, v) VALUES `, rows, func(r Row) string {
				return fmt.Sprintf("(%d,%d,%d)", r.Writer, r.Key, r.Value)
			})
		},
	},
	{name: "lines", unique: true, read: `SELECT w, k, v FROM crash_lines`, lines: asLines},
	{name: "samples", unique: true, read: `SELECT labels, ts, value FROM prometheus.samples WHERE metric = 'crash_rows'`},
}

func values(head string, rows []Row, tuple func(Row) string) string {
	var b strings.Builder
	b.WriteString(head)
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(tuple(r))
	}
	return b.String()
}

// send writes rows; what its error means is for verdict to say.
func (t *table) send(ctx context.Context, s *server.Server, c *load.Client, rows []Row) error {
	switch {
	case t.lines != nil:
		return c.SendLines(ctx, []byte(t.lines(rows)))
	case t.insert == nil:
		return c.Send(ctx, load.Encode(asSeries(rows)).Data)
	}
	answer, err := s.Query(ctx, t.insert(rows))
	if err == nil && answer.Affected != int64(len(rows)) {
		return &server.QueryError{Message: fmt.Sprintf("INSERT of %d rows answers that it affected %d", len(rows), answer.Affected)}
	}
	return err
}

// asLines splits each row over two lines, which are one row only if they are merged. Tables and columns are made on the way: some fields come
// with later batches, and the tag late with later keys; it depends on the key alone, so the row of a key stays in its series.
func asLines(rows []Row) string {
	const manyKeys, moreFields = 100, 8
	var b strings.Builder
	for _, r := range rows {
		series := fmt.Sprintf("crash_lines,writer=writer-%d", r.Writer)
		if r.Key >= manyKeys {
			series += ",late=yes"
		}
		nanos := keyMillis(r.Key) * 1_000_000
		fmt.Fprintf(&b, "%s w=%di,k=%di,more_%d=%d.5 %d\n", series, r.Writer, r.Key, r.Batch()/20%moreFields, r.Key, nanos)
		fmt.Fprintf(&b, "%s v=%di %d\n", series, r.Value, nanos)
	}
	return b.String()
}

// seriesPerWriter spreads a writer's samples over several series.
const seriesPerWriter = 5

func asSeries(rows []Row) []load.Series {
	out := make([]load.Series, len(rows))
	for i, r := range rows {
		out[i] = load.Series{
			Labels: []load.Label{
				{Name: "__name__", Value: "crash_rows"},
				{Name: "part", Value: strconv.FormatInt(r.Key%seriesPerWriter, 10)},
				{Name: "writer", Value: strconv.FormatInt(r.Writer, 10)},
			},
			Samples: []load.Sample{{T: keyMillis(r.Key), V: float64(r.Value)}},
		}
	}
	return out
}

// rowsOf reads all rows that a table shows, by writer.
func (t *table) rowsOf(ctx context.Context, s *server.Server) (map[int64][]Row, error) {
	answer, err := s.Query(ctx, t.read)
	var refusal *server.QueryError
	if t.lines != nil && errors.As(err, &refusal) && refusal.SQLState == undefinedTable {
		return nil, nil // killed before the first lines made it
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.read, err)
	}
	out := map[int64][]Row{}
	for _, values := range answer.Rows {
		var r Row
		if t.insert == nil && t.lines == nil {
			r, err = sampleRow(values)
		} else {
			r, err = sqlRow(values)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: row %v: %w", t.name, values, err)
		}
		out[r.Writer] = append(out[r.Writer], r)
	}
	return out, nil
}

func sqlRow(values []any) (r Row, err error) {
	for i, to := range []*int64{&r.Writer, &r.Key, &r.Value} {
		if *to, err = server.Int(values[i]); err != nil {
			return r, err
		}
	}
	return r, nil
}

func sampleRow(values []any) (r Row, err error) {
	labels, err := server.Labels(values[0])
	if err != nil {
		return r, err
	}
	if r.Writer, err = strconv.ParseInt(labels["writer"], 10, 64); err != nil {
		return r, err
	}
	at, err := server.Time(values[1])
	if err != nil {
		return r, err
	}
	v, err := server.Float(values[2])
	if err != nil {
		return r, err
	}
	r.Key, r.Value = millisKey(at.UnixMilli()), int64(v)
	if labels["part"] != strconv.FormatInt(r.Key%seriesPerWriter, 10) {
		return r, fmt.Errorf("key %d is in the series of part %s", r.Key, labels["part"])
	}
	return r, nil
}
