package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// changingStatement is a statement that changes something, and how what it changes is seen and undone.
type changingStatement struct {
	text  string // of which VALUES at its end stands for many rows, and :n for their number
	state string // a query whose answer is another after the statement; "" = there is none
	undo  string // statements after which the answer is as before; "" = the statement can be done again and again
}

const (
	// sumsOf tells states of a table of (k, g, v, s) apart.
	sumsOf    = "SELECT count(*), sum(k), sum(g), sum(v), sum(length(s)) FROM "
	relations = "SELECT count(*) FROM pg_class WHERE relname = 'made'"
	rules     = "SELECT count(*) FROM pg_constraint WHERE conname = 'made'"
	fields    = "SELECT string_agg(attname || atttypid || attnotnull, ' ' ORDER BY attnum), (SELECT sum(length(t::text)) FROM altered AS t) FROM pg_attribute WHERE attrelid = 'altered'::regclass AND NOT attisdropped"
)

// changingStatements work on tables of as many rows as big has: target, keyed and series are empty, stored has a primary key, altered has none.
var changingStatements = []changingStatement{
	{"INSERT INTO target VALUES", sumsOf + "target", "TRUNCATE target"},
	{"INSERT INTO keyed VALUES", sumsOf + "keyed", "TRUNCATE keyed"},
	{"INSERT INTO target SELECT k, g, v, s FROM big", sumsOf + "target", "TRUNCATE target"},
	{"INSERT INTO keyed SELECT k, g, v, s FROM big", sumsOf + "keyed", "TRUNCATE keyed"},
	{"INSERT INTO keyed SELECT k, g, v, s FROM big RETURNING k, s", sumsOf + "keyed", "TRUNCATE keyed"},
	{"INSERT INTO series SELECT 'host ' || g, timestamptz '2026-01-01' + k * interval '1 s', v FROM big", "SELECT count(*), sum(v) FROM series", "TRUNCATE series"},
	{"INSERT INTO stored SELECT k + :n, g, v, s FROM big", sumsOf + "stored", "DELETE FROM stored WHERE k >= :n"},
	{"INSERT INTO stored SELECT k, g, v, s FROM big ON CONFLICT (k) DO UPDATE SET v = stored.v + 1", sumsOf + "stored", ""},
	{"INSERT INTO stored SELECT k + :n / 2, g, v, s FROM big ON CONFLICT DO NOTHING", sumsOf + "stored", "DELETE FROM stored WHERE k >= :n"},
	{"UPDATE stored SET v = v + 1", sumsOf + "stored", ""},
	{"UPDATE altered SET v = v + 1, s = s || '.'", sumsOf + "altered", "UPDATE altered SET v = b.v, s = b.s FROM big AS b WHERE b.k = altered.k"},
	{"UPDATE stored SET v = stored.v + b.v + 1 FROM big AS b WHERE b.k = stored.k", sumsOf + "stored", ""},
	{"UPDATE stored SET k = k + :n", sumsOf + "stored", "UPDATE stored SET k = k - :n"},
	{"DELETE FROM altered", sumsOf + "altered", "INSERT INTO altered SELECT k, g, v, s FROM big"},
	{"DELETE FROM altered USING big AS b WHERE b.k = altered.k AND b.g >= 500", sumsOf + "altered", "INSERT INTO altered SELECT k, g, v, s FROM big WHERE g >= 500"},
	{
		"MERGE INTO stored AS t USING (SELECT k + :n / 2 AS k, g, v, s FROM big) AS b ON t.k = b.k " +
			"WHEN MATCHED THEN UPDATE SET g = 7 WHEN NOT MATCHED THEN INSERT VALUES (b.k, b.g, b.v, b.s)",
		"SELECT count(*), count(*) FILTER (WHERE g = 7), sum(k) FROM stored",
		"DELETE FROM stored WHERE k >= :n; UPDATE stored SET g = b.g FROM big AS b WHERE b.k = stored.k",
	},
	{
		"WITH gone AS (DELETE FROM altered WHERE g < 900 RETURNING *) INSERT INTO target SELECT k, g, v, s FROM gone",
		"SELECT (SELECT count(*) FROM altered), (SELECT count(*) FROM target)", "INSERT INTO altered SELECT * FROM target; TRUNCATE target",
	},
	{"CREATE TABLE made AS SELECT * FROM big", relations, "DROP TABLE made"},
	{"CREATE INDEX made ON stored (s, g)", relations, "DROP INDEX made"},
	{"ALTER TABLE altered ALTER g TYPE text", fields, "ALTER TABLE altered ALTER g TYPE integer USING g::integer"},
	{"ALTER TABLE altered ADD COLUMN x text NOT NULL DEFAULT random()::text", fields, "ALTER TABLE altered DROP COLUMN x"},
	{"ALTER TABLE altered ADD CONSTRAINT made CHECK (length(s || v::text || k::text) > 3)", rules, "ALTER TABLE altered DROP CONSTRAINT made"},
	{"ALTER TABLE altered ADD CONSTRAINT made UNIQUE (k, s)", rules, "ALTER TABLE altered DROP CONSTRAINT made"},
	{"ALTER TABLE altered ALTER s SET NOT NULL", fields, "ALTER TABLE altered ALTER s DROP NOT NULL"},
	{"TRUNCATE altered", sumsOf + "altered", "INSERT INTO altered SELECT k, g, v, s FROM big"},
	{"ANALYZE", "", ""},
	{"EXPLAIN ANALYZE INSERT INTO target SELECT k, g, v, s FROM big", sumsOf + "target", "TRUNCATE target"},
	{"REINDEX TABLE indexed", "", ""},
}

// TestCancelWrites cancels statements that change something at random moments of the time that they take, by the client and by their time-out. Each ends in time,
// as in TestCancel, and has been done as a whole or not at all, as it says; then it can be done again, and nothing of it is held. The point from which it is not
// given up any more is where its record, or its command, goes to a log: a statement that has come to it ends as if nobody had cancelled it, in the same time.
func TestCancelWrites(t *testing.T) {
	rows := 20_000
	c := cancelling{rounds: 2, again: 8, limit: 3 * cancelMost * slowdown}
	if testing.Short() {
		c.rounds = 1
	}
	if n, err := strconv.Atoi(os.Getenv("AEGIS_CANCEL_ROUNDS")); err == nil {
		rows, c.rounds, c.again, c.strict, c.limit = 400_000, n, 0, true, cancelMost
	}
	c.db = changedTables(t, rows)
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	used := c.db.Stats().MemoryUsed
	for _, s := range changingStatements {
		s = s.of(rows)
		if !strings.Contains(s.text, os.Getenv("AEGIS_CANCEL_LIKE")) {
			continue
		}
		c.change(t, rng, &s)
	}
	free := func() bool {
		s := c.db.Stats()
		return s.TempFiles == 0 && s.TempBytes == 0 && s.Admission.Running == 0 && s.Ingest.InflightBytes == 0 &&
			s.MemoryUsed <= used+s.Pages.Bytes+s.Ingest.HeadBytes
	}
	for until := time.Now().Add(time.Minute); !free() && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond)
	}
	if !free() {
		t.Errorf("left, of %d before: %+v", used, c.db.Stats())
	}
}

// change cancels one statement a number of times.
func (c *cancelling) change(t *testing.T, rng *rand.Rand, q *changingStatement) {
	before := q.read(t, c.db)
	began := time.Now()
	run(t, c.db, q.text)
	whole := time.Since(began)
	q.changed(t, c.db, before)
	var took []time.Duration
	late, ended := 0, 0
	for round := 0; round < c.rounds || late > 0 && round < c.rounds+c.again; round++ {
		before := q.read(t, c.db)
		after := time.Duration(rng.Int64N(int64(whole) + 1))
		var stacks lateStacks
		d, err := cancelled(c.db.NewSession(""), q.text, after, round%4 < 2, &stacks)
		var e *column.Error
		switch {
		case errors.Is(err, errEnded):
			ended++
			q.changed(t, c.db, before)
		case errors.As(err, &e) && e.SQLState == "57014":
			if now := q.read(t, c.db); now != before {
				t.Errorf("%.150s: cancelled after %v, it has left %s, and there was %s", q.text, after, now, before)
			}
		default:
			t.Errorf("%.150s: after %v: %v", q.text, after, err)
		}
		took = append(took, d)
		if d > c.limit {
			late++
			if c.strict {
				t.Logf("%.150s: ended %v after its cancelling, which came after %v of %v: %v; the stacks before that:\n%s", q.text, d, after, whole, err, stacks.text)
			}
		}
	}
	last := q.read(t, c.db)
	run(t, c.db, q.text)
	q.changed(t, c.db, last)
	slices.Sort(took)
	if 2*late > len(took) || c.strict && late > 0 {
		t.Errorf("%.150s: ended after %v", q.text, took)
	}
	t.Logf("median %v, most %v of %d, %d of them done; %v uncancelled: %.150s", took[len(took)/2].Round(time.Microsecond*100),
		took[len(took)-1].Round(time.Microsecond*100), len(took), ended, whole.Round(time.Millisecond), q.text)
}

// of gives a statement for tables of n rows.
func (q changingStatement) of(n int) changingStatement {
	number := strings.NewReplacer(":n", strconv.Itoa(n))
	q.text, q.state, q.undo = number.Replace(q.text), number.Replace(q.state), number.Replace(q.undo)
	if strings.HasSuffix(q.text, "VALUES") {
		q.text += manyValues(min(n, mostValues))
	}
	return q
}

const mostValues = 100_000 // a text of three megabytes

// manyValues are rows of (k, g, v, s).
func manyValues(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "(%d,%d,%d.5,'text %d')", i, i%1000, i%97, i%5000)
	}
	return b.String()
}

// read gives the state that the statement changes.
func (q *changingStatement) read(t *testing.T, db *DB) string {
	if q.state == "" {
		return ""
	}
	return run(t, db, q.state)
}

// changed checks that the statement has changed the state, and undoes it.
func (q *changingStatement) changed(t *testing.T, db *DB, before string) {
	if now := q.read(t, db); now == before && q.state != "" {
		t.Errorf("%.100s: has changed nothing: %s", q.text, now)
	}
	if q.undo == "" {
		return
	}
	for _, text := range strings.Split(q.undo, "; ") {
		run(t, db, text)
	}
	if now := q.read(t, db); now != before {
		t.Errorf("%.100s: undone it is %s, and there was %s", q.text, now, before)
	}
}

// changedTables is a database on disk with the tables of changingStatements, of n rows each.
func changedTables(t *testing.T, n int) *DB {
	ctx := context.Background()
	db, err := Open(ctx, Options{Dir: t.TempDir(), MemoryBytes: 4 << 30, QueryBytes: 1 << 30, Workers: 2, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	fillBig(t, db, n)
	run(t, db, "CREATE TABLE target (k bigint, g integer, v double precision, s text)")
	run(t, db, "CREATE TABLE keyed (k bigint PRIMARY KEY, g integer, v double precision, s text)")
	run(t, db, "CREATE TABLE series (host text, time timestamptz, v double precision) WITH (time_column = time, tags = (host))")
	for _, name := range []string{"stored", "altered", "indexed"} {
		key := ""
		if name == "stored" {
			key = " PRIMARY KEY"
		}
		run(t, db, fmt.Sprintf("CREATE TABLE %s (k bigint%s, g integer, v double precision, s text)", name, key))
		run(t, db, fmt.Sprintf("INSERT INTO %s SELECT k, g, v, s FROM big", name))
	}
	run(t, db, "CREATE INDEX ON indexed (s, g)")
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	return db
}
