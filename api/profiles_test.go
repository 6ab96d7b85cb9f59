package api

import (
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// TestProfiles reads each profile while statements run, and looks for what they do.
func TestProfiles(t *testing.T) {
	s := start(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				s.sql("SELECT count(*) FROM generate_series(1, 300000) AS a, generate_series(1, 3) AS b WHERE a % 7 = b")
			}
		}
	}()
	for _, c := range []struct{ path, value string }{
		{"profile?seconds=1", "cpu"},
		{"allocs?seconds=1", "alloc_space"},
		{"block?seconds=1", "delay"},
		{"mutex?seconds=1", "delay"},
		{"goroutine", "goroutine"},
	} {
		answer, body := s.do("GET", profilesPath+c.path, nil)
		if answer.StatusCode != 200 {
			t.Errorf("%s: %s %s", c.path, answer.Status, body)
			continue
		}
		p, err := profile.Parse(strings.NewReader(body))
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if !hasValue(p, c.value) {
			t.Errorf("%s has no %s: %v", c.path, c.value, p.SampleType)
		}
		if (c.value == "cpu" || c.value == "alloc_space") && !strings.Contains(p.String(), "aegis-db/query/exec") {
			t.Errorf("nothing of what the statements do is in %d samples of %s", len(p.Sample), c.path)
		}
	}
	close(stop)
	<-stopped
	if watched.viewers != 0 {
		t.Errorf("%d still look at what blocks", watched.viewers)
	}
}

func hasValue(p *profile.Profile, name string) bool {
	for _, v := range p.SampleType {
		if v.Type == name {
			return true
		}
	}
	return false
}

// TestProfilesAreRefused asks for what there is not, and as who may not.
func TestProfilesAreRefused(t *testing.T) {
	s := start(t)
	for path, want := range map[string]string{
		"profile":              "seconds=10",
		"allocs":               "seconds=10",
		"block":                "seconds=10",
		"profile?seconds=0":    "1 to 300 seconds",
		"profile?seconds=301":  "1 to 300 seconds",
		"allocs?seconds=later": "1 to 300 seconds",
	} {
		if answer, body := s.do("GET", profilesPath+path, nil); answer.StatusCode != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %s %s", path, answer.Status, body)
		}
	}
	for _, path := range []string{"cmdline", "symbol", "heap", "nothing", ""} {
		if answer, body := s.do("GET", profilesPath+path, nil); answer.StatusCode != 404 {
			t.Errorf("%s: %s %s", path, answer.Status, body)
		}
	}
	s.sql("CREATE USER root SUPERUSER PASSWORD 'sesame'")
	if status, text := s.as("root", "sesame", "POST", "/api/v1/query", `{"sql":"CREATE USER bob PASSWORD 'b'"}`); status != 200 {
		t.Fatal(text)
	}
	for user, want := range map[string]int{"": 401, "bob": 403, "root": 200} {
		password := map[string]string{"bob": "b", "root": "sesame"}[user]
		if status, text := s.as(user, password, "GET", profilesPath+"goroutine", ""); status != want {
			t.Errorf("%q: %d %.200s", user, status, text)
		}
	}
}
