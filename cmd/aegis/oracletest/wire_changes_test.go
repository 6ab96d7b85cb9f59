//go:build linux

package oracletest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestChangesOverTheWire asks PostgreSQL and Aegis' listener the same by both protocols: what a statement that changes rows takes and gives is described alike, its
// rows come in both formats, and its tag counts what it changed.
func TestChangesOverTheWire(t *testing.T) {
	sides := []*pgconn.PgConn{startPostgres(t), wired(t)}
	both := func(what string, ask func(c *pgconn.PgConn) string) {
		t.Helper()
		if want, got := ask(sides[0]), ask(sides[1]); want != got {
			t.Errorf("%s\n    gives  %s\n    PostgreSQL %s", what, got, want)
		}
	}
	simple := func(text string) {
		t.Helper()
		both(text, func(c *pgconn.PgConn) string { return manyResults(c.Exec(t.Context(), text).ReadAll()) })
	}
	simple("CREATE TABLE w (id integer NOT NULL, v numeric, w text, at timestamptz)")
	simple("CREATE TABLE other (id integer, n bigint)")
	simple("INSERT INTO w VALUES (1, 1.50, 'a', '2026-01-01'), (2, 2.50, NULL, NULL) RETURNING id, v, w, at")
	simple("INSERT INTO w (id) VALUES (3)")
	simple("UPDATE w SET v = v * 2 WHERE id < 3 RETURNING id, v AS twice")
	simple("UPDATE w SET v = 0 WHERE id = 77")
	simple("UPDATE w SET v = 0 WHERE id = 77 RETURNING *")
	simple("INSERT INTO other VALUES (1, 10), (2, 20); UPDATE w SET w = 'x' WHERE id = 1; SELECT 5")
	simple("UPDATE w SET w = 'y'; SELECT 1 / 0")
	simple("SELECT id, w FROM w ORDER BY id")
	simple("MERGE INTO w USING other ON w.id = other.id WHEN MATCHED THEN UPDATE SET v = other.n WHEN NOT MATCHED THEN DO NOTHING")
	simple("WITH d AS (DELETE FROM other WHERE id = 1 RETURNING n) SELECT n FROM d")
	simple("WITH d AS (DELETE FROM other RETURNING n) INSERT INTO w (id, v) SELECT 4, n FROM d")
	simple("SELECT id, v, w FROM w ORDER BY id")
	simple("PREPARE p AS UPDATE w SET v = $1 WHERE id = $2 RETURNING id, v")
	simple("EXECUTE p(5.25, 1)")
	simple("EXECUTE p(5.25, 1000)")
	simple("DELETE FROM w WHERE id > 3")
	simple("COPY (DELETE FROM w WHERE id = 3 RETURNING id, v) TO STDOUT")
	simple("COPY (DELETE FROM w WHERE id = 3) TO STDOUT")
	simple("SELECT id FROM w ORDER BY id")

	for _, q := range []struct {
		text   string
		values [][]string // by run; "∅" is NULL
	}{
		{"INSERT INTO w (id, v, w, at) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8)", [][]string{{"10", "1", "x", "2026-02-01", "11", null, null, null}}},
		{"INSERT INTO w (id, v) SELECT $1::integer + g, $2 FROM generate_series(1, 3) g RETURNING id, v", [][]string{{"20", "7.5"}}},
		{"UPDATE w SET v = $1, w = $2 WHERE id = $3", [][]string{{"9.75", "nine", "10"}, {null, null, "10"}, {"1", "1", "12345"}}},
		{"UPDATE w SET v = v + $1 WHERE id BETWEEN $2 AND $3 RETURNING id, v, w, at", [][]string{{"1", "20", "22"}, {"-1", "500", "600"}}},
		{"UPDATE w SET at = $1, w = $2 || w WHERE v > $3 RETURNING at, w", [][]string{{"2026-03-01", "pre-", "3"}}},
		{"DELETE FROM w WHERE id = $1 RETURNING *", [][]string{{"21"}, {"21"}}},
		{"DELETE FROM w WHERE w = $1 OR at < $2", [][]string{{"none", "2026-01-15"}}},
		{"MERGE INTO w USING (SELECT $1::integer AS id, $2::numeric AS v) s ON s.id = w.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, $3)", [][]string{{"10", "3", "4"}, {"30", "3", "4"}}},
		{"WITH d AS (DELETE FROM w WHERE id = $1 RETURNING id, v) SELECT id, v, $2 AS note FROM d", [][]string{{"30", "gone"}}},
		{"WITH d AS (UPDATE w SET v = $1 WHERE id = $2 RETURNING id) UPDATE other SET n = $3 WHERE id IN (SELECT id FROM d)", [][]string{{"1", "10", "5"}}},
		{"UPDATE w SET v = $1 WHERE id = 'x'", nil},
		{"UPDATE w SET nosuch = $1", nil},
		{"DELETE FROM w WHERE id = $1 RETURNING nosuch", nil},
	} {
		both("describe "+q.text, func(c *pgconn.PgConn) string {
			d, err := c.Prepare(t.Context(), "", q.text, nil)
			if err != nil {
				return failure(err)
			}
			return fmt.Sprint(d.ParamOIDs, fieldsOf(d.Fields))
		})
		for _, values := range q.values {
			for _, format := range []int16{0, 1} {
				both(fmt.Sprint(q.text, values, format), func(c *pgconn.PgConn) string {
					return oneResult(c.ExecParams(t.Context(), q.text, texts(values), nil, nil, []int16{format}).Read())
				})
			}
		}
		both("the rows", func(c *pgconn.PgConn) string {
			return manyResults(c.Exec(t.Context(), "SELECT * FROM w ORDER BY id, v").ReadAll())
		})
	}
	both("a pipeline", func(c *pgconn.PgConn) string { return pipelined(t, c, 1) })
	both("a pipeline that fails", func(c *pgconn.PgConn) string { return pipelined(t, c, 0) })
	both("the rows", func(c *pgconn.PgConn) string {
		return manyResults(c.Exec(t.Context(), "SELECT id, v FROM w UNION ALL SELECT id, n FROM other ORDER BY 1, 2").ReadAll())
	})
}

// TestCopyLimits: COPY FROM holds values to the limits that their types were declared with, and rows to NOT NULL, as PostgreSQL does.
func TestCopyLimits(t *testing.T) {
	sides := []*pgconn.PgConn{startPostgres(t), wired(t)}
	const table = "CREATE TABLE m (id integer NOT NULL, c char(3), vc varchar(3), nu numeric(4,1), tm timestamp(0), iv interval hour to minute)"
	for _, c := range sides {
		if _, err := c.Exec(t.Context(), table).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range []string{
		"1\ta\tb\t1.25\t2026-01-01 00:00:00.6\t1 hour 2 minutes 3 seconds\n", "2\tabc\tabc\t999.94\t\\N\t\\N\n3\tabc   \tabc  \t-0.05\t\\N\t\\N\n",
		"4\tabcd\t\t1\t\\N\t\\N\n", "4\t\tabcd\t1\t\\N\t\\N\n", "4\t\t\t1000\t\\N\t\\N\n", "4\t\t\t999.95\t\\N\t\\N\n", "\\N\ta\ta\t1\t\\N\t\\N\n",
	} {
		var got []string
		for _, c := range sides {
			tag, err := c.CopyFrom(t.Context(), strings.NewReader(data), "COPY m FROM STDIN")
			text := tag.String()
			if err != nil {
				text = failure(err)
			}
			got = append(got, text+manyResults(c.Exec(t.Context(), "SELECT id, c || '|', vc || '|', nu::text, tm::text, iv::text FROM m ORDER BY id").ReadAll()))
		}
		if got[0] != got[1] {
			t.Errorf("%q\n    gives  %s\n    PostgreSQL %s", data, got[1], got[0])
		}
	}
	var got []string
	for _, c := range sides {
		tag, err := c.CopyFrom(t.Context(), strings.NewReader("x,9\n"), "COPY m (vc, id) FROM STDIN (FORMAT csv)")
		got = append(got, tag.String(), fmt.Sprint(err))
	}
	if got[0] != got[2] || got[1] != got[3] {
		t.Error(got)
	}
}

// pipelined sends statements together: they are one transaction.
func pipelined(t *testing.T, c *pgconn.PgConn, divisor int) string {
	p := c.StartPipeline(t.Context())
	p.SendQueryParams("UPDATE w SET v = -1 WHERE id = $1 RETURNING v", texts([]string{"10"}), nil, nil, nil)
	p.SendQueryParams("INSERT INTO other VALUES (1, $1)", texts([]string{"1"}), nil, nil, nil)
	p.SendQueryParams(fmt.Sprintf("SELECT 1 / %d", divisor), nil, nil, nil, nil)
	if err := p.Sync(); err != nil {
		return failure(err)
	}
	var out []string
	for {
		r, err := p.GetResults()
		if err != nil {
			out = append(out, failure(err))
			break
		}
		if r == nil {
			break
		}
		if rr, ok := r.(*pgconn.ResultReader); ok {
			out = append(out, oneResult(rr.Read()))
			continue
		}
		break // the Sync
	}
	_ = p.Close()
	return strings.Join(out, "; ")
}

func texts(values []string) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		if v != null {
			out[i] = []byte(v)
		}
	}
	return out
}

func failure(err error) string {
	var p *pgconn.PgError
	switch {
	case !errors.As(err, &p):
		return err.Error()
	case strings.HasPrefix(p.Code, "22"): // errors at run time have a place in Aegis only
		return "error " + p.Code
	}
	return fmt.Sprintf("error %s at %d", p.Code, p.Position)
}

func fieldsOf(list []pgconn.FieldDescription) string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s:%d(%d)", f.Name, f.DataTypeOID, f.TypeModifier))
	}
	return strings.Join(out, " ")
}

func oneResult(r *pgconn.Result) string {
	if r.Err != nil {
		return failure(r.Err)
	}
	var rows []string
	for _, row := range r.Rows {
		rows = append(rows, fmt.Sprintf("%q", row))
	}
	slices.Sort(rows)
	return fmt.Sprint(fieldsOf(r.FieldDescriptions), " ", rows, " ", r.CommandTag.String())
}

func manyResults(list []*pgconn.Result, err error) string {
	var out []string
	for _, r := range list {
		if r.Err == nil {
			out = append(out, oneResult(r))
		}
	}
	if err != nil {
		out = append(out, failure(err))
	}
	return strings.Join(out, "; ")
}
