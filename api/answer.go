package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// answer buffers the start of an answer, so that an error that comes early is still an error and not half an answer, and
// sends the rest in pieces.
type answer struct {
	w           http.ResponseWriter
	contentType string
	buf         []byte
	sent        bool
}

// pieceBytes is the size of a piece: large enough to make the cost of sending one vanish, small enough for a client to
// see rows soon.
const pieceBytes = 64 << 10

func newAnswer(w http.ResponseWriter, contentType string) *answer {
	return &answer{w: w, contentType: contentType, buf: make([]byte, 0, pieceBytes+pieceBytes/4)}
}

// Write appends to the answer; printers that build text append to buf and call full.
func (a *answer) Write(b []byte) (int, error) {
	a.buf = append(a.buf, b...)
	return len(b), a.full()
}

// full sends a piece if there is one.
func (a *answer) full() error {
	if len(a.buf) < pieceBytes {
		return nil
	}
	return a.flush()
}

func (a *answer) flush() error {
	if !a.sent {
		h := a.w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		a.sent = true
		a.w.WriteHeader(http.StatusOK)
	}
	_, err := a.w.Write(a.buf)
	a.buf = a.buf[:0]
	return err
}

// printer writes a result in one format.
type printer interface {
	batch(b *scan.Batch) error
	// end finishes a result that is whole.
	end() error
	// close gives back what the printer holds; it comes always, and last.
	close()
}

// format is a content type that results can have.
type format struct {
	contentType string
	printer     func(*Server, *answer, *query.Result) (printer, error)
}

// formats are tried in this order where a client takes any.
var formats = []struct {
	media string
	format
}{
	{"application/json", format{"application/json; charset=utf-8", newJSONPrinter}},
	{"application/x-ndjson", format{"application/x-ndjson; charset=utf-8", newLinePrinter}},
	{"application/ndjson", format{"application/x-ndjson; charset=utf-8", newLinePrinter}},
	{"text/csv", format{"text/csv; charset=utf-8; header=present", newCSVPrinter}},
	{"application/vnd.apache.arrow.stream", format{"application/vnd.apache.arrow.stream", newArrowPrinter}},
}

// negotiate finds the format that a client likes best.
func negotiate(accept []string) (format, error) {
	wanted := strings.Join(accept, ",")
	if strings.TrimSpace(wanted) == "" {
		return formats[0].format, nil
	}
	best, quality := -1, 0.0
	for _, one := range strings.Split(wanted, ",") {
		media, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		for i, f := range formats {
			if q > quality && matches(media, f.media) {
				best, quality = i, q
				break
			}
		}
	}
	if best >= 0 {
		return formats[best].format, nil
	}
	text := "no answer in " + wanted + " can be given; Accept application/json, text/csv, application/x-ndjson or application/vnd.apache.arrow.stream"
	if strings.Contains(wanted, "parquet") {
		text = "results as Parquet are not available in this version; Accept application/vnd.apache.arrow.stream, text/csv or application/x-ndjson"
	}
	return format{}, &statusError{status: http.StatusNotAcceptable, code: "NOT_ACCEPTABLE", text: text}
}

func matches(pattern, media string) bool {
	if pattern == "*/*" || pattern == media {
		return true
	}
	kind, ok := strings.CutSuffix(pattern, "/*")
	return ok && strings.HasPrefix(media, kind+"/")
}
