package aegis

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/ingest/lineproto"
)

// TestLinesGoAroundNoRules: line protocol refuses, by name, tables whose rows only the SQL engine can complete or check.
func TestLinesGoAroundNoRules(t *testing.T) {
	w := &world{disk: newDisk()}
	w.reopen(t)
	defer w.close(t)
	ctx := context.Background()
	target, err := w.db.Lines("")
	if err != nil {
		t.Fatal(err)
	}
	write := func(lines string) error {
		_, err := lineproto.New(lineproto.Limits{}).Receive(ctx, target, lineproto.Request{Body: []byte(lines), Precision: lineproto.Nanosecond, Now: time.Now()})
		return err
	}
	for name, columns := range map[string]string{
		"checked": "ts timestamp_ns, v float8, CHECK (v > 0)", "computed": "ts timestamp_ns, v float8, w float8 GENERATED ALWAYS AS (v * 2) STORED",
		"defaulted": "ts timestamp_ns, v float8, w int DEFAULT 5", "numbered": "ts timestamp_ns, v float8, id int GENERATED ALWAYS AS IDENTITY",
	} {
		if _, err := textRows(ctx, w.db, "CREATE TABLE "+name+" ("+columns+") WITH (time_column = ts)"); err != nil {
			t.Fatal(err)
		}
		err := write(name + " v=-1 1\n")
		if err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%s: %v", name, err)
		}
		if rows, err := textRows(ctx, w.db, "SELECT count(*) FROM "+name); err != nil || rows[0] != "0" {
			t.Errorf("%s: %v rows, %v", name, rows, err)
		}
	}
	if _, err := textRows(ctx, w.db, "CREATE VIEW seen AS SELECT 1 AS a"); err != nil {
		t.Fatal(err)
	}
	if err := write("seen v=1 1\n"); err == nil || !strings.Contains(err.Error(), "no table") {
		t.Errorf("lines for a view: %v", err)
	}
}
