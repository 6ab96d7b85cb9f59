package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestImportCountsItsFile: a Parquet file that waits for its import takes room among temporary files, and gives it back.
func TestImportCountsItsFile(t *testing.T) {
	s := start(t)
	body, _ := json.Marshal(map[string]string{"sql": "SELECT n FROM generate_series(1, 1000) n"})
	_, parquet := s.do("POST", "/api/v1/export", body)
	others := s.db.TempSpace()
	const all = 64 << 30 // the usual bound
	if err := others.Take(all - 100); err != nil {
		t.Fatal(err)
	}
	answer, text := s.do("POST", "/api/v1/import/t?create&format=parquet", []byte(parquet))
	if answer.StatusCode == 200 || !strings.Contains(text, "--temp-files") {
		t.Errorf("%s %s", answer.Status, text)
	}
	others.Give(all - 100)
	if answer, text = s.do("POST", "/api/v1/import/t?create&format=parquet", []byte(parquet)); answer.StatusCode != 200 {
		t.Errorf("%s %s", answer.Status, text)
	}
	if used := s.db.Stats().TempBytes; used != 0 {
		t.Errorf("%d bytes are taken still", used)
	}
}
