package aegis

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestInsertFromItself: the statement reads its snapshot, not what it writes.
func TestInsertFromItself(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, `CREATE TABLE n (i bigint, s text)`)
	ask(t, db, `INSERT INTO n SELECT g, 'row ' || g FROM generate_series(1, 1000) AS g`)
	for range 3 {
		ask(t, db, `INSERT INTO n SELECT i + (SELECT max(i) FROM n), s FROM n`)
	}
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	ask(t, db, `INSERT INTO n SELECT i + (SELECT max(i) FROM n), s FROM n`)
	got := strings.Join(ask(t, db, `SELECT count(*), count(DISTINCT i), max(i), count(DISTINCT s) FROM n`), "")
	if got != "16000|16000|16000|1000" {
		t.Errorf("the table holds %s, want 16000|16000|16000|1000", got)
	}
}

// TestInsertIsOneCommit: what does not fit into memory is refused whole, with a hint, and leaves no row and no memory behind. It has to fit where
// rows replace each other.
func TestInsertIsOneCommit(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.QueryBytes = 8 << 20 })
	ask(t, db, `CREATE TABLE n (ts timestamptz NOT NULL, i bigint, s text) WITH (time_column = ts, unique_key = (ts))`)
	before := db.Stats().MemoryUsed
	for _, text := range []string{
		`INSERT INTO n (ts, i) SELECT now(), g FROM generate_series(1, 1000000000) AS g`,
		// A constant takes nothing until it is written out.
		`INSERT INTO n (ts, s) SELECT now(), 'eighty bytes: ' || repeat('.', 66) FROM generate_series(1, 1000000000)`,
	} {
		_, err := tryAsk(db.NewSession(""), text)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "53200" || !strings.Contains(e.Hint, "in parts") {
			t.Errorf("%s: error %v, want 53200 with a hint", text, err)
		}
	}
	if rows := ask(t, db, `SELECT count(*) FROM n`); rows[0] != "0" {
		t.Errorf("%s rows were written", rows[0])
	}
	if after := db.Stats().MemoryUsed; after != before {
		t.Errorf("%d bytes are held after the refusal, %d before", after, before)
	}
}

// TestParameterErrors: an error about a value says which parameter gave it; named ones have the same number wherever they stand.
func TestParameterErrors(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, `CREATE TABLE n (i bigint, s text)`)
	ask(t, db, `INSERT INTO n VALUES (1, 'one'), (2, 'two')`)
	one, word := "1", "word"
	run := func(r query.Request) (rows int, err error) {
		result, err := db.NewSession("").Run(context.Background(), r)
		if err != nil {
			return 0, err
		}
		defer result.Close()
		for {
			b, err := result.Next()
			if errors.Is(err, io.EOF) {
				return rows, nil
			}
			if err != nil {
				return rows, err
			}
			rows += b.Len
		}
	}
	const named = `WITH a AS (SELECT i FROM n WHERE i = :id) SELECT s FROM n WHERE i IN (SELECT i FROM a) AND EXISTS (SELECT 1 FROM n b WHERE b.i = n.i AND b.i = :id)`
	for range 2 { // parsed, and remembered
		if rows, err := run(query.Request{SQL: named, Named: map[string]*string{"id": &one}}); err != nil || rows != 1 {
			t.Errorf("%d rows, %v, want 1", rows, err)
		}
	}
	for want, r := range map[string]query.Request{
		"It is the value of parameter :id.": {SQL: named, Named: map[string]*string{"id": &word}},
		"It is the value of parameter $2.":  {SQL: `SELECT a.s FROM n a JOIN n b USING (i) WHERE a.s = $1 AND b.i = $2`, Params: []*string{&one, &word}},
		"It is the value of parameter $1.":  {SQL: `SELECT i FROM n UNION ALL SELECT ?`, Params: []*string{&word}},
	} {
		_, err := run(r)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "22P02" || e.Detail != want || e.Position == 0 {
			t.Errorf("%s: error %v (%+v), want 22P02 with a place and %q", r.SQL, err, e, want)
		}
	}
	for text, position := range map[string]int{"SELECT 1; SELECT 2": 11, "SELECT 'ü';\nSELECT 2;": 13, "SELECT 1;": 0} {
		_, err := run(query.Request{SQL: text})
		var e *column.Error
		switch {
		case position == 0 && err != nil:
			t.Errorf("%s: %v", text, err)
		case position > 0 && (!errors.As(err, &e) || e.SQLState != "42601" || e.Position != position || e.Hint == ""):
			t.Errorf("%s: error %+v, want 42601 at %d with a hint", text, e, position)
		}
	}
}
