package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
)

// dialect is what the two versions of InfluxDB's API differ in.
type dialect struct {
	database   func(url.Values) string
	precisions map[string]lineproto.Precision
	// failure is the body of an answer to an error.
	failure func(status int, text string) any
}

var influx1 = dialect{
	database: func(q url.Values) string { return q.Get("db") },
	precisions: map[string]lineproto.Precision{
		"": lineproto.Nanosecond, "n": lineproto.Nanosecond, "ns": lineproto.Nanosecond,
		"u": lineproto.Microsecond, "us": lineproto.Microsecond, "µ": lineproto.Microsecond,
		"ms": lineproto.Millisecond, "s": lineproto.Second, "m": lineproto.Minute, "h": lineproto.Hour,
	},
	failure: func(_ int, text string) any { return map[string]string{"error": text} },
}

var influx2 = dialect{
	// A bucket of version 1 is a database and a retention policy: "telegraf/autogen".
	database: func(q url.Values) string {
		name, _, _ := strings.Cut(q.Get("bucket"), "/")
		return name
	},
	precisions: map[string]lineproto.Precision{
		"": lineproto.Nanosecond, "ns": lineproto.Nanosecond, "us": lineproto.Microsecond, "ms": lineproto.Millisecond, "s": lineproto.Second,
	},
	failure: func(status int, text string) any {
		return map[string]string{"code": influx2Code(status), "message": text}
	},
}

// influx2Code is what version 2 calls a status.
func influx2Code(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "invalid"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not found"
	case http.StatusRequestEntityTooLarge:
		return "request too large"
	case http.StatusUnsupportedMediaType:
		return "unsupported media type"
	case http.StatusServiceUnavailable:
		return "unavailable"
	}
	return "internal error"
}

// writeLines takes line protocol. Clients drop a request on 400 and send it again on 503, so bad lines are the former, with all
// others stored, and what ends by itself is the latter.
func (s *Server) writeLines(d dialect) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		report, err := s.receiveLines(w, r, d)
		s.metrics.lines.received(report, err)
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		switch column.ClassOf(err) {
		case column.Unsupported, column.Conflict:
			err = column.Errorf(column.Invalid, "%w", err)
		case column.Cancelled:
			err = column.Errorf(column.Overloaded, "the write was interrupted: %w", err)
		}
		s.failIn(w, d, err)
	}
}

func (s *Server) receiveLines(w http.ResponseWriter, r *http.Request, d dialect) (lineproto.Report, error) {
	q := r.URL.Query()
	precision, ok := d.precisions[q.Get("precision")]
	if !ok {
		return lineproto.Report{}, column.Errorf(column.Invalid, "precision=%s is not known; use ns, us, ms or s", q.Get("precision"))
	}
	ack, err := ackOf(q.Get("ack"))
	if err != nil {
		return lineproto.Report{}, err
	}
	target, err := s.db.Lines(d.database(q))
	if err != nil {
		return lineproto.Report{}, err
	}
	kept, _ := s.lineBodies.Get().(*lineBody)
	if kept == nil {
		kept = &lineBody{}
	}
	body, release, err := s.readBodyInto(kept.buf, w, r, s.options.LinesBody)
	if err != nil {
		return lineproto.Report{}, err
	}
	defer func() {
		release()
		if cap(body) <= keepLineBody {
			kept.buf = body
			s.lineBodies.Put(kept)
		}
	}()
	return s.lines.Receive(r.Context(), target, lineproto.Request{Body: body, Precision: precision, Now: s.options.Now(), Ack: ack})
}

// lineBody is the memory of a body that was stored.
type lineBody struct{ buf []byte }

// keepLineBody is the largest body whose memory is kept for the next one: what Telegraf sends is below 1 MiB.
const keepLineBody = 2 << 20

// failIn answers with an error as clients of a dialect read it.
func (s *Server) failIn(w http.ResponseWriter, d dialect, err error) {
	s.failAs(w, err, func(status int, f failure) any { return d.failure(status, f.Error) })
}
