package api

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// TestRemote: other machines are answered over TLS, as long as there are users.
func TestRemote(t *testing.T) {
	ctx := context.Background()
	db, err := aegis.Open(ctx, aegis.Options{Dir: t.TempDir(), MemoryBytes: 256 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	// httptest has a certificate for example.com, and a client that trusts it.
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	config := &tls.Config{Certificates: other.TLS.Certificates, MinVersion: tls.VersionTLS12}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, o := range []Options{{}, {Remote: true, TLS: config}} {
		if err := New(db, o).Serve(listen()); !errors.Is(err, column.Denied) {
			t.Errorf("without users: %v", err)
		}
	}
	r := httptest.NewRequest("GET", "https://127.0.0.1/api/v1/tables", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	w := httptest.NewRecorder()
	if New(db, Options{Remote: true, TLS: config}).ServeHTTP(w, r); w.Code != 403 {
		t.Errorf("without users, from another machine: %d", w.Code)
	}
	run := func(text string) {
		session := db.NewSession("")
		session.LoggedIn, session.Trusted = true, true
		r, err := session.Run(ctx, query.Request{SQL: text})
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	run("CREATE USER root SUPERUSER PASSWORD 'r'")
	if err := New(db, Options{Remote: true}).Serve(listen()); !errors.Is(err, column.Denied) {
		t.Errorf("without TLS: %v", err)
	}
	s := New(db, Options{Remote: true, TLS: config})
	l := listen()
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		c, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		other.Client().CloseIdleConnections()
		if err := errors.Join(s.Shutdown(c), <-done); err != nil {
			t.Error(err)
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ask := func(scheme, password, host string) (int, string) {
		r, _ := http.NewRequest("GET", scheme+"://127.0.0.1:"+port+"/api/v1/export?format=csv&sql=SELECT+1+AS+a", nil)
		r.Host = host
		r.SetBasicAuth("root", password)
		answer, err := other.Client().Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.Proto
	}
	if status, proto := ask("https", "r", "db.example.com"); status != 200 || proto != "HTTP/1.1" {
		t.Errorf("%d %s", status, proto)
	}
	if status, _ := ask("https", "x", "db.example.com"); status != 401 {
		t.Errorf("a wrong password: %d", status)
	}
	if status, text := ask("http", "r", "db.example.com"); status != 400 && !strings.Contains(text, "malformed") {
		t.Errorf("plain HTTP: %d %s", status, text)
	}
}
