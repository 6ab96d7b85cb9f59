package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestChangedRows: what a statement has changed is counted, and what it returns are rows like any.
func TestChangedRows(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint NOT NULL, v double precision) WITH (unique_key = (id))")
	s.sql("INSERT INTO t VALUES (1, 1.5), (2, 2.5), (3, NULL)")
	for _, c := range []struct{ text, params, rows, affected, command string }{
		{"UPDATE t SET v = $1 WHERE id < $2", "[10, 3]", "[]", "2", "UPDATE 2"},
		{"UPDATE t SET v = v + 1 WHERE id < ? RETURNING id, v", "[3]", "[[1,11],[2,11]]", "2", "UPDATE 2"},
		{"UPDATE t SET v = v WHERE id > 100 RETURNING id", "[]", "[]", "0", "UPDATE 0"},
		{"INSERT INTO t VALUES (:a, 1), (4, 4) ON CONFLICT (id) DO UPDATE SET v = excluded.v RETURNING id, v", `{"a": 3}`, "[[3,1],[4,4]]", "2", "INSERT 0 2"},
		{"INSERT INTO t VALUES (1, 1) ON CONFLICT DO NOTHING", "[]", "[]", "0", "INSERT 0 0"},
		{"DELETE FROM t WHERE id = 4 RETURNING *", "[]", "[[4,4]]", "1", "DELETE 1"},
		{"MERGE INTO t USING (SELECT 9 AS id) s ON s.id = t.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0)", "[]", "[]", "1", "MERGE 1"},
		{"WITH d AS (DELETE FROM t WHERE id = 9 RETURNING id) SELECT id + 1 AS n FROM d", "[]", "[[10]]", "0", "SELECT"},
		{"DELETE FROM t", "[]", "[]", "3", "DELETE 3"},
	} {
		body := `{"sql":` + quoted(c.text) + `,"params":` + c.params + `}`
		answer, text := s.do("POST", "/api/v1/query", []byte(body), "Content-Type", "application/json")
		var a struct {
			Rows     json.RawMessage
			Affected json.Number `json:"rows_affected"`
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil || string(a.Rows) != c.rows || a.Affected.String() != c.affected {
			t.Errorf("%s: %s, want rows %s and %s affected", c.text, text, c.rows, c.affected)
		}
		if got := answer.Header.Get("X-Aegis-Command"); got != c.command {
			t.Errorf("%s: command %q, want %q", c.text, got, c.command)
		}
	}
	if answer, text := s.do("POST", "/api/v1/query", []byte(`{"sql":"UPDATE up SET x = 1"}`), "Content-Type", "application/json"); answer.StatusCode != 404 || !strings.Contains(text, "42P01") {
		t.Errorf("%s %s", answer.Status, text)
	}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
