package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func (s *serving) as(user, password, method, path, body string) (status int, text string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b := new(strings.Builder)
	if _, err := io.Copy(b, answer.Body); err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, b.String()
}

func TestLogin(t *testing.T) {
	s := start(t)
	const path = "/api/v1/query"
	if status, text := s.as("", "", "POST", path, `{"sql":"CREATE USER root SUPERUSER PASSWORD 'sesame'"}`); status != 200 {
		t.Fatal(text)
	}
	for name, c := range map[string]struct {
		user, password, method, path, body string
		status                             int
	}{
		"nobody":           {"", "", "POST", path, `{"sql":"SELECT 1"}`, 401},
		"wrong":            {"root", "open", "POST", path, `{"sql":"SELECT 1"}`, 401},
		"unknown":          {"nobody", "sesame", "POST", path, `{"sql":"SELECT 1"}`, 401},
		"right":            {"root", "sesame", "POST", path, `{"sql":"SELECT 1"}`, 200},
		"right again":      {"root", "sesame", "POST", path, `{"sql":"SELECT 1"}`, 200},
		"metrics":          {"", "", "GET", "/metrics", "", 401},
		"PromQL":           {"", "", "GET", "/api/v1/query?query=up", "", 401},
		"PromQL, right":    {"root", "sesame", "GET", "/api/v1/query?query=up", "", 200},
		"a path of no one": {"", "", "GET", "/nothing", "", 401},
		"write":            {"", "", "POST", "/write", "m v=1", 401},
		"health":           {"", "", "GET", "/health", "", 200},
		"live":             {"", "", "GET", "/health/live", "", 200},
		"not health":       {"", "", "GET", "/healthy", "", 401},
		"users":            {"root", "sesame", "GET", "/api/v1/admin/users", "", 200},
		"another user":     {"root", "sesame", "POST", path, `{"sql":"CREATE USER bob PASSWORD 'b'"}`, 200},
	} {
		if status, text := s.as(c.user, c.password, c.method, c.path, c.body); status != c.status {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, _ := s.as("bob", "b", "POST", path, `{"sql":"CREATE USER carol PASSWORD 'c'"}`); status != 403 {
		t.Errorf("bob makes users: %d", status)
	}
	if status, _ := s.as("bob", "b", "GET", "/api/v1/admin/users", ""); status != 403 {
		t.Errorf("bob lists users: %d", status)
	}
	if status, _ := s.as("root", "sesame", "POST", path, `{"sql":"ALTER USER root PASSWORD 'new'"}`); status != 200 {
		t.Error("the password stays")
	}
	if status, _ := s.as("root", "sesame", "POST", path, `{"sql":"SELECT 1"}`); status != 401 {
		t.Errorf("the old password is still taken: %d", status)
	}
	if text := s.logs.String(); strings.Contains(text, "sesame") || strings.Contains(text, "SCRAM") {
		t.Errorf("a password was logged: %s", text)
	}
}
