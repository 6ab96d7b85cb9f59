package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"time"
)

// promQuery is Prometheus' instant query where no statement shares its path.
func (s *Server) promQuery(w http.ResponseWriter, r *http.Request) { s.form(s.prom.Query)(w, r) }

// form reads a request's form, if it has one, before its handler asks for values: bounded, accounted for, and with its
// Content-Encoding undone.
func (s *Server) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err == nil && media == "application/x-www-form-urlencoded" && r.Method != http.MethodGet {
			body, release, err := s.readBody(w, r, s.options.QueryBody)
			if err != nil {
				s.fail(w, err)
				return
			}
			defer release()
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		// The request is read: how long the query takes is its own time-out's business.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		next(w, r)
	}
}
