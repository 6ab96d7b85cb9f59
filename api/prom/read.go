package prom

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/automatanexus/aegis-db/column"
)

// readBytes is the largest remote read request, compressed and plain: it holds matchers only.
const readBytes = 8 << 20

// read is /api/v1/read: series with all of their samples, as chunks if the client takes them. Errors are plain text, as Prometheus
// has them here.
func (a *API) read(w http.ResponseWriter, r *http.Request) {
	request, err := decodeRead(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, leave, err := a.engine.Enter(r.Context())
	if err != nil {
		a.failRead(w, err)
		return
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, a.engine.Limits().Timeout)
	defer cancel()
	if request.chunks {
		a.readChunks(ctx, w, r, request)
		return
	}
	a.readSamples(ctx, w, r, request)
}

func decodeRead(w http.ResponseWriter, r *http.Request) (*readRequest, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, readBytes))
	if err != nil {
		return nil, column.Errorf(column.Invalid, "read the body: %w", err)
	}
	n, err := s2.DecodedLen(body)
	if err != nil || n > readBytes {
		return nil, column.Errorf(column.Invalid, "the body is not snappy, or of more than %d bytes", readBytes)
	}
	plain, err := s2.Decode(nil, body)
	if err != nil {
		return nil, column.Errorf(column.Invalid, "the body is not snappy: %w", err)
	}
	return parseRead(plain)
}

func (a *API) failRead(w http.ResponseWriter, err error) {
	if logged, ok := w.(failing); ok {
		logged.Fail(err)
	}
	f := classify(err)
	http.Error(w, f.text(), statusOf[f.kind])
}

// selected calls f with the series of a query of a request.
func (a *API) selected(ctx context.Context, r *http.Request, q *readQuery, f func(storage.Series) error) error {
	querier, err := a.engine.QueryableAsOf(database(r), asOf(r)).Querier(q.start, q.end)
	if err != nil {
		return err
	}
	defer querier.Close()
	set := querier.Select(ctx, true, &storage.SelectHints{Start: q.start, End: q.end}, q.matchers...)
	for set.Next() {
		if err := f(set.At()); err != nil {
			return err
		}
	}
	return set.Err()
}

// plainSamples is how many samples an answer that is no stream may have: about 100 MB.
const plainSamples = 5_000_000

// readSamples answers with one message.
func (a *API) readSamples(ctx context.Context, w http.ResponseWriter, r *http.Request, request *readRequest) {
	left := plainSamples
	var out []byte
	for i := range request.queries {
		m := marshalers.Get()
		result := m.MessageMarshaler().AppendMessage(1)
		err := a.selected(ctx, r, &request.queries[i], func(s storage.Series) error {
			series := result.AppendMessage(1)
			appendReadLabels(series, s.Labels())
			it := s.Iterator(nil)
			for it.Next() != 0 {
				if left--; left < 0 {
					return column.Errorf(column.Limit, "exceeded sample limit (%d); accept STREAMED_XOR_CHUNKS, which has none", plainSamples)
				}
				t, v := it.At()
				sample := series.AppendMessage(2)
				sample.AppendDouble(1, v)
				sample.AppendInt64(2, t)
			}
			return it.Err()
		})
		if err == nil {
			out = m.Marshal(out)
		}
		marshalers.Put(m)
		if err != nil {
			a.failRead(w, err)
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-protobuf")
	h.Set("Content-Encoding", "snappy")
	packed := s2.EncodeSnappy(nil, out)
	h.Set("Content-Length", strconv.Itoa(len(packed)))
	_, _ = w.Write(packed) // a client that is gone needs no answer
}

// readQuery is one query of a remote read request.
type readQuery struct {
	start, end int64
	matchers   []*labels.Matcher
}

// readRequest is a remote read request.
type readRequest struct {
	queries []readQuery
	chunks  bool // the client takes a stream of chunks
}
