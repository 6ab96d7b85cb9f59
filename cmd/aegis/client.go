package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client asks a server, or a database in this very process, which answers by the same handlers.
type client struct {
	base     string
	database string
	http     *http.Client

	user, password string // "" = nobody logs in

	transaction string // the token of the block that is open; "" = none is
}

// newClient makes a client of a server's URL.
func newClient(server, database string) (*client, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usageError{fmt.Sprintf("--server %q is not a URL such as http://127.0.0.1:9090", server)}
	}
	return &client{base: strings.TrimSuffix(u.String(), "/"), database: database, http: &http.Client{}}, nil
}

// newLocalClient makes a client of a handler.
func newLocalClient(h http.Handler, database string) *client {
	return &client{base: "http://127.0.0.1", database: database, http: &http.Client{Transport: local{h}}}
}

// serverError is an error that a server answered with.
type serverError struct {
	Message  string `json:"error"`
	Code     string `json:"code"`
	SQLState string `json:"sqlstate"`
	Position int    `json:"position"`
	Detail   string `json:"detail"`
	Hint     string `json:"hint"`

	status     int
	blockEnded bool // and with it the transaction it was in
}

func (e *serverError) Error() string {
	if e.Hint != "" {
		return e.Message + ". " + e.Hint
	}
	return e.Message
}

// reply is an answer whose body is still to be read, and closed.
type reply struct {
	body    io.ReadCloser
	command string // PostgreSQL's command tag
	took    time.Duration
}

// query runs one statement and asks for an answer of a media type.
func (c *client) query(ctx context.Context, sql, accept string) (*reply, error) {
	if err := c.block(ctx, sql); err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"sql": sql, "database": c.database, "transaction": c.transaction})
	if err != nil {
		return nil, err
	}
	started := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	answer, err := c.do(r)
	c.ran(answer, err)
	if err != nil {
		return nil, err
	}
	return &reply{body: answer.Body, command: answer.Header.Get("x-aegis-command"), took: time.Since(started)}, nil
}

// export runs a statement that reads rows; the answer's body is the file.
func (c *client) export(ctx context.Context, sql, format string) (*http.Response, error) {
	body, err := json.Marshal(map[string]string{"sql": sql, "database": c.database, "format": format})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/export", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return c.do(r)
}

// get reads a JSON answer into v.
func (c *client) get(ctx context.Context, path string, v any) error {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+separator+"database="+url.QueryEscape(c.database), nil)
	if err != nil {
		return err
	}
	answer, err := c.do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil {
		return fmt.Errorf("%s: the answer is not understood: %w", c.base, err)
	}
	return nil
}

// do sends a request; an answer that is an error is one.
func (c *client) do(r *http.Request) (*http.Response, error) {
	if c.user != "" {
		r.SetBasicAuth(c.user, c.password)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		if r.Context().Err() != nil {
			return nil, &serverError{Message: "canceled"}
		}
		return nil, fmt.Errorf("%s: %w; is the server running? `aegis serve` starts it, --data-dir asks a folder without one", c.base, err)
	}
	if answer.StatusCode < 300 {
		return answer, nil
	}
	defer answer.Body.Close()
	const longest = 1 << 20
	b, err := io.ReadAll(io.LimitReader(answer.Body, longest))
	e := &serverError{}
	if err != nil || json.Unmarshal(b, e) != nil || e.Message == "" {
		return nil, fmt.Errorf("%s: %s", c.base, answer.Status)
	}
	e.status, e.blockEnded = answer.StatusCode, answer.Header.Get(transactionHeader) == "ended"
	if answer.StatusCode == http.StatusUnauthorized {
		e.Hint = "Give --user NAME, and the password in AEGIS_PASSWORD or when it is asked for."
	}
	return nil, e
}

// local carries requests to a handler in this process, answers as they come.
type local struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	in, out := io.Pipe()
	w := &localWriter{header: http.Header{}, body: out, started: make(chan struct{})}
	q := r.Clone(r.Context())
	if q.Body == nil {
		q.Body = http.NoBody
	}
	q.RequestURI, q.Host = q.URL.RequestURI(), q.URL.Host
	trailer := http.Header{} // complete when the body ends
	go func() {
		defer func() {
			if recover() != nil { // the handler has logged it, and could not say it otherwise
				_ = out.CloseWithError(io.ErrUnexpectedEOF)
			}
			w.WriteHeader(http.StatusOK)
			for _, name := range w.sent["Trailer"] {
				trailer[name] = w.header[name]
			}
			_ = out.Close()
		}()
		l.handler.ServeHTTP(w, q)
	}()
	<-w.started
	return &http.Response{
		Status: fmt.Sprint(w.status, " ", http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Trailer: trailer, Body: in, ContentLength: -1, Request: r,
	}, nil
}

// localWriter is the ResponseWriter of local.
type localWriter struct {
	header, sent http.Header
	body         *io.PipeWriter
	started      chan struct{}
	status       int
}

// Header implements http.ResponseWriter.
func (w *localWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *localWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
		close(w.started)
	}
}

// Write implements http.ResponseWriter.
func (w *localWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
