package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// accepts are the formats that results stream in.
var accepts = []string{
	"application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet",
}

// wideRows is some batches of rows.
const wideRows = 12_000

// wideTable fills table n with rows of 80 digits that do not repeat, and gives a query whose result has them copies times.
func wideTable(s *serving, copies int) string {
	s.t.Helper()
	s.sql("CREATE TABLE n (i bigint, text text)")
	var b strings.Builder
	for i := range wideRows {
		fmt.Fprintf(&b, ",(%d,'", i)
		for word := range 4 {
			fmt.Fprintf(&b, "%020d", uint64(i*4+word+1)*0x9e3779b97f4a7c15)
		}
		b.WriteString("')")
	}
	s.sql("INSERT INTO n VALUES " + b.String()[1:])
	return "SELECT i" + strings.Repeat(", text", copies) + " FROM n"
}

// ask sends a query and leaves the answer to be read.
func (s *serving) ask(sql, accept string) (*http.Response, error) {
	body, err := json.Marshal(map[string]string{"sql": sql})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest("POST", s.url+"/api/v1/query", strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	return http.DefaultClient.Do(r)
}

// TestLargerThanMemory: a result may be larger than a statement's memory, which here is 64 MiB; what a format holds of it is
// accounted for, or in a file.
func TestLargerThanMemory(t *testing.T) {
	copies := 90 // 86 MB
	if testing.Short() {
		copies = 10
	}
	s := start(t)
	sql := wideTable(s, copies)
	for _, accept := range accepts {
		answer, err := s.ask(sql, accept)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 || n < int64(copies)*wideRows*30 { // Parquet packs digits
			t.Errorf("%s: %s, %d bytes, %v", accept, answer.Status, n, err)
		}
	}
	if st := s.db.Stats(); st.Admission.Running != 0 {
		t.Errorf("%d statements run", st.Admission.Running)
	}
}

// TestErrorInTheMiddle: an error that comes when a part of the answer is out breaks the answer off, in every format.
func TestErrorInTheMiddle(t *testing.T) {
	s := start(t)
	sql := strings.Replace(wideTable(s, 20), "SELECT i", "SELECT 1/(11999-i)", 1)
	for _, accept := range accepts {
		answer, err := s.ask(sql, accept)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		switch {
		case answer.StatusCode == 400 && strings.Contains(string(b), "22012"): // it came before the first piece
			if accept != "application/vnd.apache.parquet" { // whose pieces are row groups
				t.Errorf("%s: nothing was sent before the error: %.200s", accept, b)
			}
		case answer.StatusCode != 200 || err == nil:
			t.Errorf("%s: %s, an answer of %d bytes that looks whole", accept, answer.Status, len(b))
		}
	}
}

// TestSlowReader: a client that stops reading blocks nobody else, and is cut off.
func TestSlowReader(t *testing.T) {
	s := start(t, func(o *Options) { o.Stall = time.Second })
	sql := wideTable(s, 60) // more than lies in the buffers between server and client
	for _, accept := range accepts {
		slow, err := s.ask(sql, accept)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var others sync.WaitGroup
		for range 4 {
			others.Go(func() {
				for range 5 {
					answer, err := s.ask("SELECT count(*), min(i), max(i) FROM n", "text/csv")
					if err != nil {
						t.Error(err)
						return
					}
					b, err := io.ReadAll(answer.Body)
					answer.Body.Close()
					if err != nil || !strings.HasSuffix(string(b), "12000,0,11999\r\n") {
						t.Errorf("%s, %v", b, err)
					}
				}
			})
		}
		others.Wait()
		for s.db.Stats().Admission.Running > 0 && time.Since(began) < 20*time.Second {
			time.Sleep(10 * time.Millisecond)
		}
		if n := s.db.Stats().Admission.Running; n > 0 {
			t.Errorf("%s: %d statements still run %s after their client stopped reading", accept, n, time.Since(began))
		}
		if _, err := io.Copy(io.Discard, slow.Body); err == nil {
			t.Errorf("%s: the answer of a client that was cut off looks whole", accept)
		}
		slow.Body.Close()
	}
}
