package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// commandHeader carries PostgreSQL's command tag, such as SELECT or INSERT 0 3, for formats that have no place for it.
const commandHeader = "X-Aegis-Command"

// queryRequest is the body of POST /api/v1/query.
type queryRequest struct {
	SQL      string          `json:"sql"`
	Query    string          `json:"query"`
	Params   json.RawMessage `json:"params"`
	Database string          `json:"database"`
	Timeout  string          `json:"timeout"`
	// Transaction is the token of the one that the statement runs in.
	Transaction string `json:"transaction"`
}

// query runs a statement. Without a JSON body the path is Prometheus' instant query.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	buf := questions.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	body, release, err := s.readBodyInto(*buf, w, r, s.options.QueryBody)
	if err != nil {
		questions.Put(buf)
		s.fail(w, err)
		return
	}
	defer func() {
		release()
		if cap(body) <= usualQuestion {
			*buf = body[:0]
		}
		questions.Put(buf)
	}()
	if !isJSON(body) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // as in runQuery
		s.prom.Query(w, r)
		return
	}
	started := time.Now()
	err = s.runQuery(w, r, body)
	s.metrics.queried(time.Since(started), err)
	if err != nil {
		s.fail(w, err)
	}
}

// isJSON looks at the body, not at its Content-Type: curl -d calls everything a form.
func isJSON(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && body[0] == '{'
}

// runQuery runs the statement of a JSON body and answers.
func (s *Server) runQuery(w http.ResponseWriter, r *http.Request, body []byte) error {
	var q queryRequest
	if err := decodeJSON(body, &q); err != nil {
		return err
	}
	request, err := q.request()
	if err != nil {
		return err
	}
	format, err := negotiate(r.Header.Values("Accept"))
	if err != nil {
		return err
	}
	_, err = s.answer(w, r, request, &q, format)
	return err
}

// answer runs a statement, sends its result and counts its rows. An error means that nothing was sent; one that comes later aborts the
// connection, so that the client sees a broken answer and not a short one.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, request query.Request, q *queryRequest, f format) (rows int64, err error) {
	// The request is read: how long the statement takes is its own time-out's business.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	session, done, err := s.sessionFor(r, q.Database, q.Transaction)
	if err != nil {
		return 0, err
	}
	result, err := session.Run(r.Context(), request)
	if q.Transaction != "" {
		w.Header().Set(transactionHeader, stateAfter(session, err))
	}
	if err != nil {
		done(false, "")
		return 0, err
	}
	tag := result.Command()
	if tag != "" {
		w.Header().Set(commandHeader, tag)
	}
	ended := false
	end := func(ok bool) {
		if !ended {
			ended = true
			result.Close()
			done(ok, tag)
		}
	}
	defer end(false)
	out := newAnswer(w, f.contentType)
	defer out.close()
	rows, err = s.send(out, f, result)
	if err == nil {
		// Before the last piece is out: whoever has it may ask the next question of the transaction.
		end(true)
		err = out.end()
	}
	if err != nil && out.sent {
		if rec, ok := w.(*recorder); ok {
			rec.failed = err
		}
		s.metrics.queried(result.Elapsed(), err)
		panic(http.ErrAbortHandler)
	}
	if err != nil && q.Transaction != "" {
		w.Header().Set(transactionHeader, stateAfter(session, err))
	}
	return rows, err
}

// send prints a result.
func (s *Server) send(out *answer, f format, result *query.Result) (rows int64, err error) {
	p, err := f.printer(s, out, result)
	if err != nil {
		return 0, err
	}
	defer p.close()
	for {
		b, err := result.Next()
		if errors.Is(err, io.EOF) {
			return rows, p.end()
		}
		if err != nil {
			return rows, err
		}
		if err := p.batch(b); err != nil {
			return rows, err
		}
		rows += int64(b.Len)
	}
}

// decodeJSON reads a body that is one object.
func decodeJSON(body []byte, v any) error {
	d := decoders.Get().(*decoder) //nolint:forcetypeassert // nothing else is put there
	d.body.Reset(body)
	if err := d.json.Decode(v); err != nil {
		return column.Errorf(column.Invalid, "the body is not a query: %w", err)
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return column.Errorf(column.Invalid, "the body has something after its JSON object")
	}
	if len(body) <= usualQuestion {
		d.body.Reset(nil)
		decoders.Put(d)
	}
	return nil
}

// decoder reads one body after the other. One that has met an error is of no use any more.
type decoder struct {
	body bytes.Reader
	json *json.Decoder
}

var decoders = sync.Pool{New: func() any {
	d := &decoder{}
	d.json = json.NewDecoder(&d.body)
	d.json.DisallowUnknownFields()
	return d
}}

// request checks what was asked.
func (q *queryRequest) request() (request query.Request, err error) {
	switch {
	case q.SQL == "" && q.Query == "":
		return request, column.Errorf(column.Invalid, `there is no statement: give it as "sql"`)
	case q.SQL != "" && q.Query != "" && q.SQL != q.Query:
		return request, column.Errorf(column.Invalid, `"sql" and "query" differ: give one of them`)
	case q.SQL == "":
		q.SQL = q.Query
	}
	request.SQL = q.SQL
	if q.Timeout != "" {
		d, err := time.ParseDuration(q.Timeout)
		if err != nil || d <= 0 {
			return request, column.Errorf(column.Invalid, `"timeout" is %q; write it like "5s" or "200ms"`, q.Timeout)
		}
		request.Timeout = d
	}
	request.Params, request.Named, err = parseParams(q.Params)
	return request, err
}

// parseParams reads an array for $1 and ?, or an object for :name.
func parseParams(raw json.RawMessage) (list []*string, named map[string]*string, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil, nil
	}
	switch raw[0] {
	case '[':
		var values []json.RawMessage
		if err := json.Unmarshal(raw, &values); err != nil {
			return nil, nil, column.Errorf(column.Invalid, "params: %w", err)
		}
		list = make([]*string, len(values))
		for i, v := range values {
			if list[i], err = paramText(v); err != nil {
				return nil, nil, fmt.Errorf("params[%d]: %w", i, err)
			}
		}
		return list, nil, nil
	case '{':
		var values map[string]json.RawMessage
		if err := json.Unmarshal(raw, &values); err != nil {
			return nil, nil, column.Errorf(column.Invalid, "params: %w", err)
		}
		named = make(map[string]*string, len(values))
		for name, v := range values {
			if named[name], err = paramText(v); err != nil {
				return nil, nil, fmt.Errorf("params.%s: %w", name, err)
			}
		}
		return nil, named, nil
	}
	return nil, nil, column.Errorf(column.Invalid, `"params" is neither an array, for $1 or ?, nor an object, for :name`)
}

// paramText gives a value in the text form that the statement's types read: what is no string is as it was written.
func paramText(raw json.RawMessage) (*string, error) {
	text := string(raw)
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, column.Errorf(column.Invalid, "%w", err)
		}
	}
	return &text, nil
}
