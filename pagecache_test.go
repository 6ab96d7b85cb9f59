package aegis

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestPagesStayDecoded: what a query has read is not decoded again by the next one, which EXPLAIN ANALYZE tells; without a cache, or with
// one that is far too small, the answers are the same.
func TestPagesStayDecoded(t *testing.T) {
	d := newTSBS(t, 8, 2000)
	const text = "SELECT hostname, max(usage_user), avg(usage_idle) FROM cpu WHERE usage_nice >= 0 GROUP BY hostname ORDER BY hostname"
	want := ask(t, d.db, text)
	before := d.db.Stats().Pages
	if before.Bytes == 0 || before.Misses == 0 {
		t.Fatalf("nothing is kept: %+v", before)
	}
	done := ""
	for _, line := range ask(t, d.db, "EXPLAIN ANALYZE "+text) {
		if strings.Contains(line, "done: ") {
			done = strings.TrimSpace(line)
		}
	}
	if !strings.HasPrefix(done, "done: rows 16000 of segments, pages ") || !strings.HasSuffix(done, " from the cache, 0 decoded") {
		t.Error(done)
	}
	if after := d.db.Stats().Pages; after.Misses != before.Misses || after.Hits <= before.Hits {
		t.Errorf("from %+v to %+v", before, after)
	}
	if used := d.db.Stats().MemoryUsed; used < before.Bytes {
		t.Errorf("%d bytes are accounted for, the cache has %d", used, before.Bytes)
	}
	dir := d.db.options.Dir
	if err := d.db.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, bytes := range []int64{-1, 1 << 20} {
		db := open(t, dir, func(o *Options) { o.CacheBytes = bytes })
		for range 2 {
			if got := ask(t, db, text); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("a cache of %d bytes: %v, want %v", bytes, got, want)
			}
		}
		if s := db.Stats().Pages; s.Bytes > max(0, bytes) {
			t.Errorf("a cache of %d bytes holds %d", bytes, s.Bytes)
		}
		if err := db.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNewestRowsReadLittle: statements about ends and newest groups are given few rows of the segments. Of eight series three are in the
// first batch, from which the bound is learned.
func TestNewestRowsReadLittle(t *testing.T) {
	d := newTSBS(t, 8, 2000)
	for text, most := range map[string]int64{
		"SELECT hostname, last(usage_user, time), max(time) FROM cpu GROUP BY hostname":                       8,
		"SELECT DISTINCT region FROM cpu":                                                                     8,
		"SELECT * FROM cpu WHERE hostname = 'host_3' ORDER BY time DESC LIMIT 1":                              1,
		"SELECT min(time), max(time) FROM cpu":                                                                16,
		"SELECT time_bucket('1 minute', time) t, max(usage_user) FROM cpu GROUP BY t ORDER BY t DESC LIMIT 5": 3*2000 + 5*36,
	} {
		s := d.db.NewSession("")
		s.Tuning = query.Tuning{Workers: 1}
		rows, err := s.Run(t.Context(), query.Request{SQL: "EXPLAIN (ANALYZE, FORMAT json) " + text})
		if err != nil {
			t.Fatal(err)
		}
		b, err := rows.Next()
		if err != nil {
			t.Fatal(err)
		}
		read := segmentRows(t, b.Columns[0].Bytes(0))
		rows.Close()
		if read == 0 || read > most {
			t.Errorf("%s: %d rows were read, not at most %d", text, read, most)
		}
	}
}

// segmentRows sums up what the scans of an explained statement were given by segments.
func segmentRows(t *testing.T, text []byte) int64 {
	type node struct {
		Actual *struct {
			SegmentRows int64 `json:"segment_rows"`
		} `json:"actual"`
		Inputs []node `json:"inputs"`
	}
	var list []struct {
		Plan node `json:"plan"`
	}
	if err := json.Unmarshal(text, &list); err != nil || len(list) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	var sum func(n node) int64
	sum = func(n node) (rows int64) {
		if n.Actual != nil {
			rows = n.Actual.SegmentRows
		}
		for _, in := range n.Inputs {
			rows += sum(in)
		}
		return rows
	}
	return sum(list[0].Plan)
}
