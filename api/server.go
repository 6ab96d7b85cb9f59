package api

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api/auth"
	"github.com/automatanexus/aegis-db/api/prom"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
)

// Server answers HTTP for a DB. Safe for concurrent use.
type Server struct {
	db          *aegis.DB
	options     Options
	handler     http.Handler
	http        *http.Server
	crossOrigin *http.CrossOriginProtection
	receiver    *remotewrite.Receiver
	lines       *lineproto.Receiver
	lineBodies  sync.Pool // *lineBody
	prom        *prom.API
	checker     *auth.Checker
	leases      *leases
	bodies      *mem.Pool
	metrics     *metrics
	started     time.Time
	stopping    atomic.Bool
	spooled     atomic.Int64 // see spool
}

// New makes a server over a database, which stays the caller's to close, after the server.
func New(db *aegis.DB, o Options) *Server {
	o.defaults()
	s := &Server{
		db: db, options: o, crossOrigin: http.NewCrossOriginProtection(), receiver: remotewrite.New(o.Write),
		lines: lineproto.New(o.Lines), bodies: queryPool(), leases: newLeases(o.Transactions), started: o.Now(),
	}
	if checker, err := auth.New(db.Catalog); err == nil { // it fails where the system has no random numbers: then nobody gets in
		s.checker = checker
	}
	s.metrics = newMetrics(s)
	s.prom = prom.New(db, prom.Options{
		Version: o.Version, Started: s.started, Now: o.Now, Ready: func() bool { _, ready := s.check(); return ready },
	})
	s.handler = s.outer(s.guard(s.login(s.routes())))
	// A connection may say nothing for a while between requests; a header that takes longer than this is an attack.
	const headerTimeout, idleTimeout, headerBytes = 10 * time.Second, 2 * time.Minute, 64 << 10
	s.http = &http.Server{
		Handler: s, ConnContext: withConnection, ReadHeaderTimeout: headerTimeout, ReadTimeout: o.ReadTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
		// No WriteTimeout: a long answer is fine as long as its reader keeps up, which the recorder sees to.
	}
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers what comes in at a listener of Listen, or at one of another address if the options let it, until Shutdown; then it gives nil.
func (s *Server) Serve(l net.Listener) error {
	if host, _, err := net.SplitHostPort(l.Addr().String()); err != nil || !loopback(host) {
		switch o := &s.options; {
		case !o.Remote || s.checker == nil || s.checker.Open():
			return errors.Join(column.Errorf(column.Denied, "refusing to serve on %s without credentials", l.Addr()), l.Close())
		case o.TLS == nil && !o.Insecure:
			return errors.Join(column.Errorf(column.Denied, "refusing to serve on %s without TLS", l.Addr()), l.Close())
		}
	}
	l = holding{l}
	if s.options.TLS != nil {
		config := s.options.TLS.Clone()
		config.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, config)
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops accepting, lets requests that run finish until ctx ends, and cuts off those that do not.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.leases.close()
	err := s.http.Shutdown(ctx)
	if err != nil {
		return errors.Join(column.Errorf(column.Cancelled, "requests were cut off: %w", err), s.http.Close())
	}
	return nil
}

// routes says who answers what.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/query", s.query)
	mux.HandleFunc("POST /api/v1/transactions", s.beginTransaction)
	mux.HandleFunc("GET "+transactionsPath+"{token}", s.showTransaction)
	mux.HandleFunc("POST "+transactionsPath+"{token}/commit", s.commitTransaction)
	mux.HandleFunc("POST "+transactionsPath+"{token}/rollback", s.rollbackTransaction)
	mux.HandleFunc("GET /api/v1/query", s.promQuery)
	mux.HandleFunc("GET /prometheus/api/v1/query", s.promQuery)
	mux.HandleFunc("POST /prometheus/api/v1/query", s.promQuery)
	mux.HandleFunc("GET /api/v1/export", s.export)
	mux.HandleFunc("POST /api/v1/export", s.export)
	mux.HandleFunc("POST /api/v1/import/{table}", s.importRows)
	mux.HandleFunc("GET /api/v1/tables", s.tables)
	mux.HandleFunc("GET /api/v1/tables/{name}", s.table)
	mux.HandleFunc("GET /api/v1/databases", s.databases)
	mux.HandleFunc("GET /api/v1/metrics", s.metricsJSON)
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /api/v1/admin/users", s.users)
	mux.HandleFunc("GET "+profilesPath+"{profile}", s.profile)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /health/live", s.live)
	mux.HandleFunc("GET /health/ready", s.ready)
	mux.HandleFunc("POST /write", s.writeLines(influx1))
	mux.HandleFunc("POST /api/v1/influx/write", s.writeLines(influx1))
	mux.HandleFunc("POST /api/v2/write", s.writeLines(influx2))
	mux.HandleFunc("GET /ping", s.ping)
	mux.HandleFunc("GET /query", s.influxQuery)
	mux.HandleFunc("POST /query", s.influxQuery)
	for _, prefix := range []string{"", "/prometheus"} {
		mux.HandleFunc("POST "+prefix+"/api/v1/write", s.write)
		s.prom.Register(prefix, func(pattern string, h http.HandlerFunc) { mux.HandleFunc(pattern, s.form(h)) })
	}
	return s.elsewhere(mux)
}

// elsewhere gives paths and methods that nobody answers the same kind of error as everything else.
func (s *Server) elsewhere(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		switch {
		case pattern == "":
		case strings.Contains(pattern, "{"):
			mux.ServeHTTP(w, r) // it gives the handler what stands in the braces' place
			return
		default: // not looked for twice
			r.Pattern = pattern
			h.ServeHTTP(w, r)
			return
		}
		probe := &discard{header: http.Header{}}
		h.ServeHTTP(probe, r)
		switch {
		case probe.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			s.fail(w, &statusError{
				status: probe.status, code: "METHOD_NOT_ALLOWED", text: r.Method + " is not for " + loggedPath(r) + "; use " + probe.header.Get("Allow"),
			})
		case probe.status >= 300 && probe.status < 400:
			w.Header().Set("Location", probe.header.Get("Location"))
			w.WriteHeader(probe.status)
		default:
			s.fail(w, &statusError{status: http.StatusNotFound, code: "NOT_FOUND", text: "there is nothing at " + loggedPath(r)})
		}
	})
}

// discard keeps the status and header of an answer.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int) {
	if d.status == 0 {
		d.status = status
	}
}
