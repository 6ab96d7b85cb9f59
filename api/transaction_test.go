package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// begin begins a transaction and gives its token.
func (s *serving) begin(body string) string {
	s.t.Helper()
	answer, text := s.do("POST", "/api/v1/transactions", []byte(body))
	var a transactionAnswer
	if err := json.Unmarshal([]byte(text), &a); err != nil || answer.StatusCode != 201 || len(a.Transaction) < 40 {
		s.t.Fatalf("begin %s: %s %s", body, answer.Status, text)
	}
	return a.Transaction
}

// in runs a statement in a transaction, and gives the status, the header about the transaction and the answer.
func (s *serving) in(token, sql string) (status int, state, text string) {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"sql": sql, "transaction": token})
	answer, text := s.do("POST", "/api/v1/query", body)
	return answer.StatusCode, answer.Header.Get("x-aegis-transaction"), text
}

// expect runs a statement in a transaction whose answer must have a status and a text in it.
func (s *serving) expect(token, sql string, status int, state, part string) {
	s.t.Helper()
	if got, gotState, text := s.in(token, sql); got != status || gotState != state || !strings.Contains(text, part) {
		s.t.Errorf("%s: %d %q %s; want %d %q %s", sql, got, gotState, text, status, state, part)
	}
}

// end commits or rolls back.
func (s *serving) end(token, how string, status int, part string) {
	s.t.Helper()
	if answer, text := s.do("POST", "/api/v1/transactions/"+token+"/"+how, nil); answer.StatusCode != status || !strings.Contains(text, part) {
		s.t.Errorf("%s: %s %s; want %d %s", how, answer.Status, text, status, part)
	}
}

// show asks for the state.
func (s *serving) show(token string, status int, part string) {
	s.t.Helper()
	if answer, text := s.do("GET", "/api/v1/transactions/"+token, nil); answer.StatusCode != status || !strings.Contains(text, part) {
		s.t.Errorf("GET: %s %s; want %d %s", answer.Status, text, status, part)
	}
}

func TestTransactions(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (n bigint)")
	token := s.begin("")
	s.show(token, 200, `"state":"idle","isolation":"read committed","read_only":false,"database":"default","lease_seconds":60,`)
	s.expect(token, "INSERT INTO t VALUES (1), (2)", 200, "open", `"rows_affected":2`)
	if got := s.rows("SELECT count(*) FROM t"); got != "[[0]]" {
		t.Errorf("others see %s", got)
	}
	s.end(token, "commit", 200, `"committed"`)
	s.end(token, "commit", 200, `"committed"`) // the answer was lost
	s.end(token, "rollback", 410, `"TRANSACTION_ENDED"`)
	s.expect(token, "SELECT 1", 410, "", `"the transaction was committed"`)
	s.show(token, 200, `"state":"committed"`)
	if got := s.rows("SELECT count(*) FROM t"); got != "[[2]]" {
		t.Errorf("after the commit: %s", got)
	}

	token = s.begin(`{"isolation":"Repeatable Read","read_only":true}`)
	s.expect(token, "SELECT count(*) FROM t", 200, "open", "[[2]]")
	s.sql("INSERT INTO t VALUES (3)")
	s.expect(token, "SELECT count(*) FROM t", 200, "open", "[[2]]")
	s.expect(token, "INSERT INTO t VALUES (4)", 400, "failed", `"25006"`)
	s.show(token, 200, `"state":"failed"`)
	s.expect(token, "SELECT 1", 400, "failed", `"25P02"`)
	s.end(token, "commit", 409, `"TRANSACTION_FAILED"`)
	s.show(token, 200, `"rolled back"`)

	token = s.begin("")
	s.expect(token, "INSERT INTO t VALUES (4)", 200, "open", "")
	s.expect(token, "SAVEPOINT a", 200, "open", "")
	s.expect(token, "SELECT 1/0", 400, "failed", "22012")
	s.expect(token, "ROLLBACK TO a", 200, "open", "")
	s.expect(token, "COMMIT", 200, "ended", "")
	s.show(token, 200, `"state":"committed"`)
	token = s.begin("")
	s.expect(token, "INSERT INTO t VALUES (5)", 200, "open", "")
	s.expect(token, "ROLLBACK", 200, "ended", "")
	s.end(token, "rollback", 200, `"rolled back"`)
	s.end(token, "commit", 410, `"the transaction was rolled back"`)
	if got := s.rows("SELECT count(*) FROM t"); got != "[[4]]" {
		t.Errorf("at the end: %s", got)
	}

	for body, part := range map[string]string{
		`{"isolation":"chaos"}`: "chaos", `{"lease":"1h"}`: "1h", `{"lease":"x"}`: "x", `{"lease":"1ms"}`: "1ms", `{"nope":1}`: "nope", `[]`: "",
	} {
		if answer, text := s.do("POST", "/api/v1/transactions", []byte(body)); answer.StatusCode != 400 || !strings.Contains(text, part) {
			t.Errorf("%s: %s %s", body, answer.Status, text)
		}
	}
	s.expect("nosuch", "SELECT 1", 404, "", `"TRANSACTION_NOT_FOUND"`)
	s.end("nosuch", "commit", 404, `"TRANSACTION_NOT_FOUND"`)
	s.show("nosuch", 404, `"TRANSACTION_NOT_FOUND"`)
	if n := len(s.server.leases.open); n != 0 {
		t.Errorf("%d transactions are left", n)
	}
}

// TestTransactionLease: a lease that runs out rolls back; one that is used does not run out, and not while a statement runs.
func TestTransactionLease(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (n bigint)")
	token := s.begin(`{"lease":"300ms"}`)
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		s.expect(token, "INSERT INTO t VALUES (1)", 200, "open", "")
	}
	s.expect(token, "SELECT pg_sleep(0.5)", 200, "open", "")
	s.show(token, 200, `"idle"`)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, text := s.do("GET", "/api/v1/transactions/"+token, nil)
		if answer.StatusCode == 200 && strings.Contains(text, `"expired"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %s", answer.Status, text)
		}
	}
	s.expect(token, "SELECT 1", 410, "", `"code":"TRANSACTION_EXPIRED","sqlstate":"25P03"`)
	s.end(token, "commit", 410, "TRANSACTION_EXPIRED")
	if got := s.rows("SELECT count(*) FROM t"); got != "[[0]]" {
		t.Errorf("after the lease: %s", got)
	}
}

// TestTransactionBusy: of several requests with one token at a time, one is served.
func TestTransactionBusy(t *testing.T) {
	s := start(t)
	token := s.begin("")
	var all sync.WaitGroup
	got := make(chan int, 8)
	for range 8 {
		all.Go(func() {
			status, _, _ := s.in(token, "SELECT pg_sleep(0.3)")
			got <- status
		})
	}
	all.Wait()
	close(got)
	count := map[int]int{}
	for status := range got {
		count[status]++
	}
	if count[200] < 1 || count[409] < 1 || count[200]+count[409] != 8 {
		t.Errorf("statuses %v", count)
	}
	s.expect(token, "SELECT 1", 200, "open", "[[1]]")
	s.end(token, "rollback", 200, "")
}

// TestTransactionLimits: so many and no more; what the engine ends, ends; a server that stops leaves nothing behind.
func TestTransactionLimits(t *testing.T) {
	s := start(t, func(o *Options) { o.Transactions = 2 })
	first, second := s.begin(""), s.begin("")
	if answer, text := s.do("POST", "/api/v1/transactions", nil); answer.StatusCode != 503 || !strings.Contains(text, "53300") || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the third: %s %s", answer.Status, text)
	}
	s.end(second, "rollback", 200, "")
	third := s.begin("")
	s.expect(third, "SET LOCAL transaction_timeout = '50ms'", 200, "open", "")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if status, _, text := s.in(third, "SELECT 1"); status == 410 && strings.Contains(text, `"sqlstate":"25P04"`) {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d %s", status, text)
		}
	}
	s.show(third, 200, `"terminated"`)
	s.server.leases.close()
	s.expect(first, "SELECT 1", 410, "", `"57P01"`)
	if answer, text := s.do("POST", "/api/v1/transactions", nil); answer.StatusCode != 503 || !strings.Contains(text, "57P01") {
		t.Errorf("a stopping server: %s %s", answer.Status, text)
	}
}

// TestTransactionOwner: a token is of no use to others, and no token is in the log.
func TestTransactionOwner(t *testing.T) {
	s := start(t)
	s.sql("CREATE USER root SUPERUSER PASSWORD 'sesame'")
	s.as("root", "sesame", "POST", "/api/v1/query", `{"sql":"CREATE USER bob PASSWORD 'b'"}`)
	_, text := s.as("root", "sesame", "POST", "/api/v1/transactions", "{}")
	var a transactionAnswer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(text)
	}
	path := "/api/v1/transactions/" + a.Transaction
	query := fmt.Sprintf(`{"sql":"SELECT 1","transaction":%q}`, a.Transaction)
	for _, c := range []struct {
		user, password, method, path, body string
		status                             int
	}{
		{"bob", "b", "POST", "/api/v1/query", query, 404},
		{"bob", "b", "POST", path + "/commit", "", 404},
		{"bob", "b", "GET", path, "", 404},
		{"", "", "GET", path, "", 401},
		{"", "", "POST", path + "/rollback", "", 401},
		{"root", "sesame", "POST", path + "/nothing", "", 404},
		{"root", "sesame", "DELETE", path, "", 405},
		{"root", "sesame", "POST", "/api/v1/query", query, 200},
		{"root", "sesame", "POST", path + "/commit", "", 200},
		{"bob", "b", "GET", path, "", 404},
		{"bob", "b", "POST", path + "/commit", "", 404},
	} {
		if status, text := s.as(c.user, c.password, c.method, c.path, c.body); status != c.status {
			t.Errorf("%s as %q: %d %s, want %d", c.path, c.user, status, text, c.status)
		}
	}
	if strings.Contains(s.logs.String(), a.Transaction) {
		t.Error("the token is in the log")
	}
	if !strings.Contains(s.logs.String(), transactionsPath+"{token}/commit") {
		t.Error("the log does not have the requests")
	}
}

// TestTransactionDocs runs the examples of docs/http.md: a method and a path, a body if there is one, and the answer, in which "…" is anything. A
// token in what is sent is the one that came last.
func TestTransactionDocs(t *testing.T) {
	b, err := os.ReadFile("../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n## Transactions\n")
	text, _, _ = strings.Cut(text, "\n## ")
	s := start(t)
	s.sql("CREATE TABLE account (name text, balance bigint)")
	token, examples := "", 0
	var method, path, body string
	for line := range strings.SplitSeq(text, "\n") {
		line, ok := strings.CutPrefix(line, "    ")
		switch {
		case !ok:
		case strings.HasPrefix(line, "POST ") || strings.HasPrefix(line, "GET "):
			method, path, _ = strings.Cut(line, " ")
			body = ""
		case strings.HasPrefix(line, "{"):
			body = strings.ReplaceAll(line, `"…"`, `"`+token+`"`)
		default:
			examples++
			want, wantBody, _ := strings.Cut(line, " ")
			answer, got := s.do(method, strings.ReplaceAll(path, "{transaction}", token), []byte(body))
			if !strings.HasPrefix(answer.Status, want) || !like(t, got, wantBody) {
				t.Errorf("%s %s %s: %s %s\nthe docs have %s", method, path, body, answer.Status, got, line)
			}
			var a transactionAnswer
			if json.Unmarshal([]byte(got), &a) == nil && a.Transaction != "" {
				token = a.Transaction
			}
		}
	}
	if examples < 4 {
		t.Errorf("%d examples were found", examples)
	}
}

// like compares two JSON objects; "…" in the second is anything.
func like(t *testing.T, got, want string) bool {
	t.Helper()
	var a, b map[string]any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil || len(a) != len(b) {
		return false
	}
	for name, v := range b {
		if v != "…" && fmt.Sprint(a[name]) != fmt.Sprint(v) {
			return false
		}
	}
	return true
}

// asking is a client that asks the next question as soon as it has a piece of an answer's end.
type asking struct {
	*httptest.ResponseRecorder
	next func()
}

func (a *asking) Write(b []byte) (int, error) {
	n, err := a.ResponseRecorder.Write(b)
	if bytes.HasSuffix(bytes.TrimSpace(b), []byte("}")) {
		a.next()
	}
	return n, err
}

// TestTransactionAtOnce: whoever has the whole answer finds the transaction free, although the request is not over on the server's side.
func TestTransactionAtOnce(t *testing.T) {
	s := start(t)
	token := s.begin("")
	ask := func(w http.ResponseWriter, sql string) {
		body, _ := json.Marshal(map[string]string{"sql": sql, "transaction": token})
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/api/v1/query", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		s.server.ServeHTTP(w, r)
	}
	for _, rows := range []int{1, 5_000} {
		asked := 0
		first := &asking{httptest.NewRecorder(), func() {
			asked++
			second := httptest.NewRecorder()
			ask(second, "SELECT 1")
			if second.Code != http.StatusOK {
				t.Errorf("%d rows: the next statement: %d %s", rows, second.Code, second.Body)
			}
		}}
		ask(first, fmt.Sprintf("SELECT n FROM generate_series(1, %d) AS t(n)", rows))
		if first.Code != http.StatusOK || asked != 1 {
			t.Errorf("%d rows: %d, asked %d times behind it: %.200s", rows, first.Code, asked, first.Body)
		}
	}
	s.end(token, "rollback", 200, "")
}
