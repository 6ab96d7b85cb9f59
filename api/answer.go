package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// Values of headers that every answer has; nobody changes them.
var noSniff, noStore = []string{"nosniff"}, []string{"no-store"}

// answer buffers the start of an answer, so that an error that comes early is still an error and not half an answer, and
// sends the rest in pieces.
type answer struct {
	w           http.ResponseWriter
	contentType []string // the header
	buf         []byte
	pooled      *[]byte // where buf goes back to
	sent        bool
}

// pieceBytes is the size of a piece: large enough to make the cost of sending one vanish, small enough for a client to
// see rows soon.
const pieceBytes = 64 << 10

func newAnswer(w http.ResponseWriter, contentType []string) *answer {
	a := &answer{w: w, contentType: contentType}
	a.renew()
	return a
}

// renew takes another buffer: what was sent of the present one is kept by somebody.
func (a *answer) renew() {
	a.pooled = borrow()
	a.buf = *a.pooled
}

// close gives the buffer back.
func (a *answer) close() {
	*a.pooled = a.buf
	giveBack(a.pooled)
	a.buf, a.pooled = nil, nil
}

// Write appends to the answer; printers that build text append to buf and call full. What is long goes out in pieces: the client has
// its time for each of them.
func (a *answer) Write(b []byte) (n int, err error) {
	for n < len(b) {
		piece := b[n:min(len(b), n+pieceBytes)]
		n += len(piece)
		a.buf = append(a.buf, piece...)
		if err := a.full(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// whole sends what was gathered, and then b as it is: a piece already.
func (a *answer) whole(b []byte) error {
	if err := a.flush(); err != nil {
		return err
	}
	_, err := a.w.Write(b)
	return err
}

// full sends a piece if there is one.
func (a *answer) full() error {
	if len(a.buf) < pieceBytes {
		return nil
	}
	return a.flush()
}

// end sends what is left. Of an answer of one piece clients learn the length at once, if nothing comes behind it.
func (a *answer) end() error {
	if !a.sent && a.w.Header()["Trailer"] == nil {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.buf)))
	}
	return a.flush()
}

func (a *answer) flush() error {
	if !a.sent {
		h := a.w.Header()
		h["Content-Type"], h["X-Content-Type-Options"], h["Cache-Control"] = a.contentType, noSniff, noStore
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

// format is a form that results can have.
type format struct {
	name        string   // in a query, and the ending of a file's name
	contentType []string // the header
	printer     func(*Server, *answer, *query.Result) (printer, error)
}

var (
	jsonFormat    = format{"json", []string{"application/json; charset=utf-8"}, newJSONPrinter}
	lineFormat    = format{"ndjson", []string{"application/x-ndjson; charset=utf-8"}, newLinePrinter}
	csvFormat     = format{"csv", []string{"text/csv; charset=utf-8; header=present"}, newCSVPrinter}
	arrowFormat   = format{"arrow", []string{"application/vnd.apache.arrow.stream"}, newArrowPrinter}
	parquetFormat = format{"parquet", []string{"application/vnd.apache.parquet"}, newParquetPrinter}
)

// formats are tried in this order where a client takes any.
var formats = []struct {
	media string
	format
}{
	{"application/json", jsonFormat},
	{"application/x-ndjson", lineFormat},
	{"application/ndjson", lineFormat},
	{"text/csv", csvFormat},
	{"application/vnd.apache.arrow.stream", arrowFormat},
	{"application/vnd.apache.parquet", parquetFormat},
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
	return format{}, &statusError{status: http.StatusNotAcceptable, code: "NOT_ACCEPTABLE", text: "no answer in " + wanted +
		" can be given; Accept application/json, application/x-ndjson, text/csv, application/vnd.apache.arrow.stream or application/vnd.apache.parquet"}
}

func matches(pattern, media string) bool {
	if pattern == "*/*" || pattern == media {
		return true
	}
	kind, ok := strings.CutSuffix(pattern, "/*")
	return ok && strings.HasPrefix(media, kind+"/")
}
