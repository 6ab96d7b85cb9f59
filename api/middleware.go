package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// requestIDHeader names a request in the log, in the answer and, if the client gave one, in the client's own log.
// Header names are in their canonical form: any other is brought into it each time.
const requestIDHeader = "X-Request-Id"

// requestID takes the client's id if it is short and harmless to print, and makes one otherwise.
func requestID(r *http.Request) string {
	const longest = 64
	id := r.Header.Get(requestIDHeader)
	if id == "" || len(id) > longest {
		return rand.Text()
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return rand.Text()
		}
	}
	return id
}

// outer is around every request: id, log, metrics, panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		rec := newRecorder(w, r, s.options.Stall)
		id := requestID(r)
		rec.Header().Set(requestIDHeader, id)
		aborted := true
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler { //nolint:errorlint // it is thrown as it is
				rec.failed = fmt.Errorf("panic: %v", p)
				s.options.Logger.Error("a handler panicked", "request_id", id, "path", loggedPath(r), "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					s.fail(rec, column.Errorf(column.Internal, "panic: %v", p))
					p = nil
				}
			}
			s.measured(r, rec, time.Since(started))
			s.access(r, rec, id, time.Since(started), aborted && p != nil)
			if p != nil {
				panic(http.ErrAbortHandler) // the answer is half out: the client must not take it for a whole one
			}
		}()
		next.ServeHTTP(rec, r)
		aborted = false
	})
}

// slowRequest is what makes a request that went well worth a line: somebody waited for it.
const slowRequest = time.Second

// access writes the line about a request: of one that failed, and of a slow one; of all at level debug. Bodies, parameters and
// credentials are not in it.
func (s *Server) access(r *http.Request, rec *recorder, id string, took time.Duration, aborted bool) {
	level := slog.LevelDebug // they come by the thousand and say nothing
	switch {
	case rec.status >= 500 || aborted:
		level = slog.LevelError
		if rec.status == http.StatusServiceUnavailable {
			level = slog.LevelWarn // pushed back: the client comes again
		}
	case rec.status >= 400:
		level = slog.LevelWarn
	case took >= slowRequest:
		level = slog.LevelInfo
	}
	ctx, l := context.WithoutCancel(r.Context()), s.options.Logger
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", id), slog.String("method", r.Method), slog.String("path", loggedPath(r)), slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes), slog.Duration("took", took), slog.String("client", r.RemoteAddr),
	}
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	if rec.failed != nil && !errors.Is(rec.failed, context.Canceled) {
		attrs = append(attrs, slog.String("error", rec.failed.Error()))
	}
	l.LogAttrs(ctx, level, "request", attrs...)
}

// transactionsPath is in front of tokens of transactions.
const transactionsPath = "/api/v1/transactions/"

// loggedPath is a request's path as the log may have it: without the token that is all it takes to use a transaction.
func loggedPath(r *http.Request) string {
	rest, ok := strings.CutPrefix(r.URL.Path, transactionsPath)
	if !ok {
		return r.URL.Path
	}
	_, what, more := strings.Cut(rest, "/")
	if more {
		what = "/" + what
	}
	return transactionsPath + "{token}" + what
}
