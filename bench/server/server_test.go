package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDecodeAnswer(t *testing.T) {
	rows, err := decodeAnswer(200, []byte(`{"success":true,"data":{"columns":["a","b"],"types":["bigint","text"],"rows":[[9007199254740993,null]],"rows_affected":2}}`))
	must(t, err)
	if n, err := Int(rows.Rows[0][0]); err != nil || n != 9007199254740993 || rows.Affected != 2 || rows.Rows[0][1] != nil {
		t.Errorf("rows %+v, %v", rows, err)
	}
	var refusal *QueryError
	_, err = decodeAnswer(400, []byte(`{"success":false,"error":"no such table","code":"NOT_FOUND","sqlstate":"42P01"}`))
	if !errors.As(err, &refusal) || refusal.SQLState != "42P01" || refusal.Status != 400 {
		t.Errorf("error %v", err)
	}
	for _, bad := range []string{`{"success":true}`, `<html>`, ``} {
		if _, err := decodeAnswer(200, []byte(bad)); err == nil || errors.As(err, &refusal) {
			t.Errorf("answer %q gave %v, want an error that is no refusal", bad, err)
		}
	}
	if v, err := Float("NaN"); err != nil || v == v {
		t.Errorf("NaN is read as %v, %v", v, err)
	}
}

func TestOutputFindsTheAddress(t *testing.T) {
	o := &output{found: make(chan struct{})}
	for _, part := range []string{"http is at 127.0.", "0.1:0 no, 127.0.0.1:43", "21\n", "http too: 127.0.0.1:99\n"} {
		_, err := o.Write([]byte(part))
		must(t, err)
	}
	<-o.found
	if o.address != "127.0.0.1:4321" {
		t.Errorf("address %q", o.address)
	}
}

// script is a stand-in for the binary.
func script(t *testing.T, text string) string {
	name := filepath.Join(t.TempDir(), "aegis")
	must(t, os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755))
	return name
}

func TestStartSaysWhyNot(t *testing.T) {
	ctx := context.Background()
	_, err := Start(ctx, Options{Binary: script(t, "echo the disk is on fire; exit 3"), Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("a server that ends at once gives %v", err)
	}
	_, err = Start(ctx, Options{Binary: script(t, "exec sleep 60"), Dir: t.TempDir(), Ready: 50 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent server gives %v", err)
	}
}

func TestKillAndStop(t *testing.T) {
	s, err := Launch(Options{Binary: script(t, "exec sleep 60"), Dir: t.TempDir()})
	must(t, err)
	if !s.Running() {
		t.Error("the child does not run")
	}
	s.Kill()
	if s.Running() {
		t.Error("the child outlived its kill")
	}
	s, err = Launch(Options{Binary: script(t, "trap 'exit 0' TERM\necho up\nwhile :; do sleep 0.01; done"), Dir: t.TempDir()})
	must(t, err)
	must(t, Until(context.Background(), 5*time.Second, func() (bool, string, error) { return s.Printed() != "", "silent", nil }))
	must(t, s.Stop(5*time.Second))
	s, err = Launch(Options{Binary: script(t, "trap '' TERM\necho up\nwhile :; do sleep 0.01; done"), Dir: t.TempDir()})
	must(t, err)
	must(t, Until(context.Background(), 5*time.Second, func() (bool, string, error) { return s.Printed() != "", "silent", nil }))
	if err := s.Stop(100 * time.Millisecond); err == nil || s.Running() {
		t.Error("a deaf server stopped well")
	}
}

func TestReadMetrics(t *testing.T) {
	page := "# HELP a b\na 1\nb{c=\"d e\"} 2.5\n\n"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }))
	defer s.Close()
	m, err := ReadMetrics(context.Background(), s.Client(), s.URL)
	must(t, err)
	if len(m) != 2 || m["a"] != 1 || m[`b{c="d e"}`] != 2.5 {
		t.Errorf("metrics %v", m)
	}
	page = "a one\n"
	if _, err := ReadMetrics(context.Background(), s.Client(), s.URL); err == nil {
		t.Error("nonsense was read")
	}
}

func TestLabels(t *testing.T) {
	for _, in := range []any{`{"a":"1"}`, map[string]any{"a": "1"}} {
		if got, err := Labels(in); err != nil || len(got) != 1 || got["a"] != "1" {
			t.Errorf("%v gives %v, %v", in, got, err)
		}
	}
	for _, in := range []any{nil, `[]`, map[string]any{"a": 1.0}} {
		if _, err := Labels(in); err == nil {
			t.Errorf("%v was read", in)
		}
	}
}

func TestWaitSettled(t *testing.T) {
	page := func(unflushed, running, failures string) string {
		return "aegis_flush_failures_total " + failures + "\naegis_compaction_failures_total 0\naegis_segments 2\naegis_compactions_total 1\n" +
			"aegis_flushes_total 1\naegis_garbage_files 0\naegis_commits_unflushed " + unflushed + "\naegis_compactions_running " + running + "\n"
	}
	var mu sync.Mutex
	var now string
	show := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		now = text
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = w.Write([]byte(now))
	}))
	defer h.Close()
	s := &Server{URL: h.URL, http: h.Client(), out: &output{}}
	for _, busy := range []string{page("5", "0", "0"), page("0", "1", "0")} {
		show(busy)
		done := time.Now().Add(300 * time.Millisecond)
		time.AfterFunc(300*time.Millisecond, func() { show(page("0", "0", "0")) })
		must(t, s.WaitSettled(context.Background(), time.Second))
		if time.Since(done) < quiet-150*time.Millisecond {
			t.Errorf("a server that shows this counts as settled:\n%s", busy)
		}
	}
	show(page("0", "0", "1"))
	if s.WaitSettled(context.Background(), 0) == nil {
		t.Error("a failed flush is overlooked")
	}
	show("")
	if s.WaitSettled(context.Background(), 0) == nil {
		t.Error("a server that shows no figures counts as settled")
	}
}
