package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// TestRulesMeetWriters: what writes rows anew, and rules that rows must satisfy, meet rows that are written at the same moment: either the statement is
// refused, and the rows are as they were written, or the rows are as the new table has them.
func TestRulesMeetWriters(t *testing.T) {
	db := open(t, t.TempDir())
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for i, c := range []struct {
		name, alter, state string
		lost               string // what no row may be after it was done
	}{
		{"a default that differs", "ADD COLUMN c double precision DEFAULT random()", "", "c IS NULL"},
		{"an identity", "ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY", "", "c IS NULL"},
		{"a generated column", "ADD COLUMN c bigint GENERATED ALWAYS AS (v * 2) STORED", "", "c IS NULL OR c <> v * 2"},
		{"NOT NULL", "ADD COLUMN c text NOT NULL", "23502", "true"},
		{"SET NOT NULL", "ALTER v SET NOT NULL", "23502", "v IS NULL"},
		{"a check", "ADD CHECK (v < 5)", "23514", "v >= 5"},
		{"a key", "ADD PRIMARY KEY (k)", "23505", "k < 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			done := 0
			for n := range rounds {
				table := fmt.Sprintf("t%d_%d", i, n)
				ask(t, db, "CREATE TABLE "+table+" (k bigint, v bigint)")
				written := make(chan error, 1)
				value := "7"
				if c.name == "SET NOT NULL" {
					value = "NULL"
				}
				pause := time.Duration(rand.IntN(1500)) * time.Microsecond
				go func() {
					time.Sleep(pause)
					_, err := tryAsk(db.NewSession(""), "INSERT INTO "+table+" (k, v) VALUES (1, "+value+"), (1, 8)")
					written <- err
				}()
				_, err := tryAsk(db.NewSession(""), "ALTER TABLE "+table+" "+c.alter)
				var refused *column.Error
				if err != nil && (!errors.As(err, &refused) || refused.SQLState != c.state) {
					t.Fatal(err)
				}
				wrote := <-written
				there := ask(t, db, "SELECT count(*) FROM "+table)[0]
				if there == "0" != (wrote != nil) {
					t.Fatalf("%s rows, though INSERT says %v", there, wrote)
				}
				if err == nil {
					done++
					if n := ask(t, db, "SELECT count(*) FROM "+table+" WHERE "+c.lost)[0]; n != "0" {
						t.Fatalf("%s of %s rows are wrong", n, there)
					}
				} else if n := ask(t, db, "SELECT count(*) FROM information_schema.columns WHERE table_name = '"+table+"'")[0]; n != "2" {
					t.Fatalf("refused, but the table has %s columns", n)
				}
				ask(t, db, "DROP TABLE "+table)
			}
			t.Logf("%d of %d were done", done, rounds)
		})
	}
}

// TestRulesAreValid: what a rule leaves behind in the catalog is the rule, and nothing that is only for the time of looking.
func TestRulesAreValid(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, "CREATE TABLE t (k bigint, v bigint)")
	ask(t, db, "INSERT INTO t VALUES (1, 1), (2, 2)")
	before := findTable(db, "t").Columns.Version
	ask(t, db, "ALTER TABLE t ADD CHECK (v < 5), ALTER v SET NOT NULL, ADD PRIMARY KEY (k), ADD CHECK (v > 5) NOT VALID")
	table := findTable(db, "t")
	if table.Columns.Version != before+1 || len(table.Constraints) != 3 {
		t.Errorf("version %d after %d, constraints %+v", table.Columns.Version, before, table.Constraints)
	}
	for _, k := range table.Constraints {
		if k.NotValid != (k.Text == "(v > 5)" || k.Text == "v > 5") {
			t.Errorf("%+v", k)
		}
	}
	for _, f := range table.Columns.Fields {
		if !f.NotNull {
			t.Errorf("%s may be NULL", f.Name)
		}
	}
	if _, err := tryAsk(db.NewSession(""), "ALTER TABLE t VALIDATE CONSTRAINT t_v_check1"); err == nil {
		t.Error("rows break the check")
	}
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	ask(t, db, "UPDATE t SET v = 6 WHERE false")
	ask(t, db, "ALTER TABLE t DROP CONSTRAINT t_v_check")
	ask(t, db, "UPDATE t SET v = v + 6")
	ask(t, db, "ALTER TABLE t VALIDATE CONSTRAINT t_v_check1")
	if k := findTable(db, "t").Constraint("t_v_check1"); k == nil || k.NotValid {
		t.Errorf("%+v", k)
	}
}
