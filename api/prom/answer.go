package prom

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/prometheus/util/annotations"

	"github.com/automatanexus/aegis-db/column"
)

// answer is what a handler gives: an error, or data with what is to be said about it.
type answer struct {
	failed *failure
	// data appends the JSON of the answer's data to a writer.
	data     func(*writer)
	warnings annotations.Annotations
	// query is the text that warnings point into.
	query string
	// done gives back what data needs, once it is printed.
	done func()
}

// value is an answer of small data.
func value(v any) answer {
	return answer{data: func(w *writer) {
		b, err := json.Marshal(v)
		if err != nil { // the types are ours: none of them fails
			b = []byte("null")
		}
		w.buf = append(w.buf, b...)
	}}
}

// failing is what the server's own ResponseWriter does with the error behind an answer: it is logged with the request.
type failing interface{ Fail(err error) }

// serve prints what a handler gives.
func (a *API) serve(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			a.fail(w, &failure{badData, column.Errorf(column.Invalid, "error parsing form values: %w", err)})
			return
		}
		if name := database(r); name != "" && a.db.Catalog().Database(name) == nil {
			a.fail(w, &failure{notFound, column.Errorf(column.NotFound, "database %q does not exist", name)})
			return
		}
		got := h(r)
		if got.done != nil {
			defer got.done()
		}
		if got.failed != nil {
			a.fail(w, got.failed)
			return
		}
		out := &writer{w: w}
		out.buf = append(out.buf, `{"status":"success","data":`...)
		got.data(out)
		out.annotations(&got)
		out.buf = append(out.buf, '}')
		if err := out.flush(); err != nil {
			// Half an answer must not look like a whole one.
			panic(http.ErrAbortHandler)
		}
	}
}

// fail answers with an error.
func (a *API) fail(w http.ResponseWriter, f *failure) {
	if logged, ok := w.(failing); ok {
		logged.Fail(f.err)
	}
	h := w.Header()
	if f.kind == unavailable {
		h.Set("Retry-After", "1")
	}
	b, err := json.Marshal(struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}{"error", f.kind, f.text()})
	if err != nil { // strings never fail
		b = nil
	}
	head(h)
	w.WriteHeader(statusOf[f.kind])
	_, _ = w.Write(b) // a client that is gone needs no answer
}

func head(h http.Header) {
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// writer builds an answer and sends it in pieces.
type writer struct {
	w    http.ResponseWriter
	buf  []byte
	sent bool
	err  error // nothing is sent after the first one
}

// pieceBytes is the size of a piece: large enough to make the cost of sending one vanish, and all that an answer holds in memory
// beside the result.
const pieceBytes = 64 << 10

// full sends a piece if there is one.
func (w *writer) full() {
	if len(w.buf) >= pieceBytes {
		_ = w.flush() // it is kept
	}
}

func (w *writer) flush() error {
	if w.err != nil {
		w.buf = w.buf[:0]
		return w.err
	}
	if !w.sent {
		w.sent = true
		head(w.w.Header())
		w.w.WriteHeader(http.StatusOK)
	}
	_, w.err = w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return w.err
}

// annotations appends what is to be said about the data. Ten of each kind are enough, as they are for Prometheus.
func (w *writer) annotations(a *answer) {
	const most = 10
	warnings, infos := a.warnings.AsStrings(a.query, most, most)
	for _, list := range []struct {
		name  string
		texts []string
	}{{"warnings", warnings}, {"infos", infos}} {
		if len(list.texts) == 0 {
			continue
		}
		w.buf = append(append(append(w.buf, `,"`...), list.name...), `":`...)
		b, err := json.Marshal(list.texts)
		if err != nil { // strings never fail
			b = []byte("[]")
		}
		w.buf = append(w.buf, b...)
	}
}
