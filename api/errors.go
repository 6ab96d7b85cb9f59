package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
)

// answerOf is the one place that says what a class of errors is in HTTP.
var answerOf = map[column.Class]struct {
	status int
	code   string
}{
	column.Internal:    {http.StatusInternalServerError, "INTERNAL"},
	column.Invalid:     {http.StatusBadRequest, "INVALID_REQUEST"},
	column.Unsupported: {http.StatusNotImplemented, "UNSUPPORTED"},
	column.NotFound:    {http.StatusNotFound, "NOT_FOUND"},
	column.Conflict:    {http.StatusConflict, "CONFLICT"},
	column.Limit:       {http.StatusRequestEntityTooLarge, "LIMIT_EXCEEDED"},
	column.Overloaded:  {http.StatusServiceUnavailable, "OVERLOADED"},
	column.Denied:      {http.StatusForbidden, "FORBIDDEN"},
	column.Cancelled:   {http.StatusGatewayTimeout, "CANCELLED"},
	column.Corrupt:     {http.StatusInternalServerError, "CORRUPT"},
}

// failure is what an answer says about an error.
type failure struct {
	Success  bool   `json:"success"` // always false
	Error    string `json:"error"`
	Code     string `json:"code"`
	SQLState string `json:"sqlstate,omitempty"`
	Position int    `json:"position,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Hint     string `json:"hint,omitempty"`
}

// statusError is an error of the protocol that no class has a status for.
type statusError struct {
	status int
	code   string
	text   string
	hint   string

	sqlState, detail string
}

func (e *statusError) Error() string { return e.text }

// internalText is all that a client learns about a fault of ours; the log has the rest, under the same request id.
const internalText = "internal error; the server's log has the details under this answer's x-request-id"

// retryAfter is what a client is asked to wait where the refusal does not say.
const retryAfter = time.Second

// describe turns an error into status and body.
func describe(err error) (status int, f failure, retry time.Duration) {
	var s *statusError
	if errors.As(err, &s) {
		return s.status, failure{Error: s.text, Code: s.code, SQLState: s.sqlState, Detail: s.detail, Hint: s.hint}, 0
	}
	class := column.ClassOf(err)
	a, ok := answerOf[class]
	if !ok {
		class, a = column.Internal, answerOf[column.Internal]
	}
	f = failure{Error: err.Error(), Code: a.code}
	var e *column.Error
	if errors.As(err, &e) {
		f.SQLState, f.Position, f.Detail, f.Hint = e.SQLState, e.Position, e.Detail, e.Hint
	}
	switch class {
	case column.Internal:
		f.Error = internalText
		f.Detail = ""
	case column.Overloaded:
		retry = max(ingest.RetryAfter(err), retryAfter)
	}
	return a.status, f, retry
}

// fail answers with an error, and leaves it for the access log.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.failAs(w, err, func(_ int, f failure) any { return f })
}

// failAs does the same in a body of another form.
func (s *Server) failAs(w http.ResponseWriter, err error, body func(status int, f failure) any) {
	status, f, retry := describe(err)
	if r, ok := w.(*recorder); ok {
		r.failed = err
	}
	h := w.Header()
	if retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((retry+time.Second-1)/time.Second), 10))
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Trailer"} {
		h.Del(name)
	}
	writeJSON(w, status, body(status, f))
}

// writeJSON answers with a small value.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // the types are ours: none of them fails
		status, b = http.StatusInternalServerError, []byte(`{"success":false,"error":"internal error","code":"INTERNAL"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that is gone needs no answer
}
