package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/arrowio"
	"github.com/automatanexus/aegis-db/column/scan"
)

// parquetRows reads a Parquet file's rows as text.
func parquetRows(t *testing.T, file string) (rows []string) {
	t.Helper()
	f, err := parquet.OpenFile(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range f.RowGroups() {
		r := g.Rows()
		buf := make([]parquet.Row, 100)
		for {
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				rows = append(rows, fmt.Sprint(row))
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func TestParquetAnswer(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint NOT NULL, name text)")
	s.sql("INSERT INTO t VALUES (1, 'a'), (2, NULL)")
	answer, b := s.do("POST", "/api/v1/query", []byte(`{"sql":"SELECT id, name, NULL, id AS id FROM t ORDER BY 1"}`), "Accept", "application/vnd.apache.parquet")
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "application/vnd.apache.parquet" {
		t.Fatalf("%s %v %s", answer.Status, answer.Header, b)
	}
	if got := strings.Join(parquetRows(t, b), "\n"); got != "[1 a <null> 1]\n[2 <null> <null> 2]" {
		t.Errorf("rows %s", got)
	}
	f, err := parquet.OpenFile(strings.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Schema().String(); !strings.Contains(got, "int64 id (INT(64,true)) = 1") || !strings.Contains(got, "int64 id_2 (INT(64,true)) = 4") {
		t.Errorf("schema %s", got)
	}
	// No rows, and no columns.
	for _, sql := range []string{"SELECT * FROM t WHERE id > 5", "INSERT INTO t VALUES (7, 'x')"} {
		body, _ := json.Marshal(map[string]string{"sql": sql})
		answer, b := s.do("POST", "/api/v1/query", body, "Accept", "application/vnd.apache.parquet")
		if answer.StatusCode != 200 || !strings.HasPrefix(b, "PAR1") || !strings.HasSuffix(b, "PAR1") {
			t.Errorf("%s: %s %q", sql, answer.Status, b)
		}
	}
	if got := s.rows("SELECT count(*) FROM t"); got != "[[3]]" {
		t.Errorf("%s rows", got)
	}
}

func TestExport(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint, name text)")
	s.sql("INSERT INTO t VALUES (1, 'a'), (2, NULL)")
	const sql = "SELECT id, name FROM t ORDER BY id"
	query := url.QueryEscape(sql)
	body := func(more string) []byte { return []byte(`{"sql":"` + sql + `"` + more + `}`) }
	const csv, ndjson = "id,name\r\n1,a\r\n2,\r\n", "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":null}\n"
	for _, c := range []struct {
		method, path string
		body         []byte
		accept       string
		name         string
		want         string // "" = not compared
	}{
		{"GET", "?format=csv&sql=" + query, nil, "", "csv", csv},
		{"GET", "?format=ndjson&query=" + query, nil, "text/csv", "ndjson", ndjson},
		{"GET", "?sql=" + query, nil, "text/csv", "csv", csv},
		{"GET", "?sql=" + query, nil, "", "parquet", ""},
		{"GET", "?sql=" + query, nil, "text/html,*/*;q=0.8", "parquet", ""},
		{"POST", "", body(`,"format":"csv","database":"default","timeout":"5s"`), "", "csv", csv},
		{"POST", "?format=ndjson", body(``), "", "ndjson", ndjson},
		{"POST", "", []byte("format=csv&sql=" + query), "", "csv", csv},
		{"POST", "?format=json", body(`,"params":[]`), "", "json", ""},
		{"POST", "?format=arrow", body(``), "", "arrow", ""},
	} {
		answer, b := s.do(c.method, "/api/v1/export"+c.path, c.body, "Accept", c.accept)
		what := c.method + " " + c.path + " " + string(c.body)
		if answer.StatusCode != 200 || answer.Header.Get("Content-Disposition") != `attachment; filename="export.`+c.name+`"` || answer.Trailer.Get(rowsTrailer) != "2" {
			t.Errorf("%s: %s %v, rows %q: %s", what, answer.Status, answer.Header, answer.Trailer, b)
			continue
		}
		switch c.name {
		case "parquet":
			b = strings.Join(parquetRows(t, b), "")
			c.want = "[1 a][2 <null>]"
		case "arrow":
			rows := 0
			err := arrowio.ReadStream(strings.NewReader(b), func(_ []arrowio.Field, batch *scan.Batch) error { rows += batch.Len; return nil })
			if err != nil || rows != 2 {
				t.Errorf("%s: %d rows, %v", what, rows, err)
			}
			continue
		case "json":
			if !json.Valid([]byte(b)) || !strings.Contains(b, `"rows":[[1,"a"],[2,null]]`) {
				t.Errorf("%s: %s", what, b)
			}
			continue
		}
		if b != c.want {
			t.Errorf("%s: %q, want %q", what, b, c.want)
		}
	}
}

func TestExportRefused(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint)")
	for _, c := range []struct {
		path   string
		body   string
		status int
		want   string
	}{
		{"?sql=DROP+TABLE+t", "", 400, "25006"},
		{"?sql=INSERT+INTO+t+VALUES+(1)", "", 400, "25006"},
		{"?sql=EXPLAIN+ANALYZE+INSERT+INTO+t+VALUES+(1)", "", 400, "25006"},
		{"", `{"sql":"CREATE TABLE u (id bigint)"}`, 400, "25006"},
		{"?sql=SELECT+1&format=xlsx", "", 400, `format \"xlsx\" is not known`},
		{"?sql=SELECT+1&color=red", "", 400, `parameter \"color\" is not known`},
		{"", "", 400, "there is no statement"},
		{"?sql=SELECT+1&query=SELECT+2", "", 400, "differ"},
		{"?sql=SELECT+1&timeout=soon", "", 400, "timeout"},
		{"?sql=SELECT+*+FROM+nope", "", 404, "42P01"},
		{"", `{"sql":"SELECT 1","colour":1}`, 400, "not a query"},
	} {
		method := "GET"
		if c.body != "" {
			method = "POST"
		}
		answer, b := s.do(method, "/api/v1/export"+c.path, []byte(c.body))
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) || answer.Header.Get("Content-Disposition") != "" || !json.Valid([]byte(b)) {
			t.Errorf("%s%s: %s %v %s, want %d %s", c.path, c.body, answer.Status, answer.Header, b, c.status, c.want)
		}
	}
	if got := s.rows("SELECT count(*) FROM t"); got != "[[0]]" {
		t.Errorf("%s rows were written by exports", got)
	}
	if answer, b := s.do("GET", "/api/v1/export?sql=SELECT+1", nil, "Accept", "image/png"); answer.StatusCode != 406 {
		t.Errorf("%s %s", answer.Status, b)
	}
}

// TestAnswerPieces: what is written at once goes out in pieces that a slow client has time for.
func TestAnswerPieces(t *testing.T) {
	w := &pieces{header: http.Header{}}
	a := newAnswer(w, []string{"text/plain"})
	whole := bytes.Repeat([]byte("0123456789"), pieceBytes/2)
	if n, err := a.Write(whole); n != len(whole) || err != nil {
		t.Fatal(n, err)
	}
	if err := a.flush(); err != nil || !bytes.Equal(w.all, whole) || w.largest >= 2*pieceBytes {
		t.Errorf("%d bytes, the largest piece has %d; %v", len(w.all), w.largest, err)
	}
	w.err = column.Errorf(column.Cancelled, "gone")
	if n, err := a.Write(whole); n == len(whole) || err == nil {
		t.Error("a client that is gone took everything")
	}
}

// pieces is a ResponseWriter that looks at what it gets.
type pieces struct {
	header  http.Header
	all     []byte
	largest int
	err     error
}

func (p *pieces) Header() http.Header { return p.header }
func (p *pieces) WriteHeader(int)     {}
func (p *pieces) Write(b []byte) (int, error) {
	p.all, p.largest = append(p.all, b...), max(p.largest, len(b))
	return len(b), p.err
}
