package prom

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"net/http"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/automatanexus/aegis-db/column"
)

// The messages of remote read, https://github.com/prometheus/prometheus/blob/main/prompb/remote.proto, are read and written field by
// field: package prompb would bring a generator's runtime along.

var marshalers easyproto.MarshalerPool

var errReadWire = column.Errorf(column.Invalid, "the body is no remote read request: a field has the wrong type")

// parseRead reads a ReadRequest.
func parseRead(src []byte) (*readRequest, error) {
	out := &readRequest{}
	chosen := false
	err := eachField(src, func(f *easyproto.FieldContext) error {
		switch f.FieldNum {
		case 1:
			m, ok := f.MessageData()
			if !ok {
				return errReadWire
			}
			q, err := parseReadQuery(m)
			out.queries = append(out.queries, q)
			return err
		case 2: // types of answers that the client takes, the best one first; one or packed
			types, ok := f.UnpackInt32s(nil)
			if !ok {
				return errReadWire
			}
			for _, t := range types {
				if !chosen && (t == 0 || t == 1) {
					out.chunks, chosen = t == 1, true
				}
			}
		}
		return nil
	})
	return out, err
}

func parseReadQuery(src []byte) (q readQuery, err error) {
	err = eachField(src, func(f *easyproto.FieldContext) error {
		ok := true
		switch f.FieldNum {
		case 1:
			q.start, ok = f.Int64()
		case 2:
			q.end, ok = f.Int64()
		case 3:
			var m []byte
			if m, ok = f.MessageData(); ok {
				one, err := parseReadMatcher(m)
				if err != nil {
					return err
				}
				q.matchers = append(q.matchers, one)
			}
		}
		if !ok {
			return errReadWire
		}
		return nil
	})
	return q, err
}

func parseReadMatcher(src []byte) (*labels.Matcher, error) {
	var kind int32
	var name, value string
	err := eachField(src, func(f *easyproto.FieldContext) error {
		ok := true
		switch f.FieldNum {
		case 1:
			kind, ok = f.Int32()
		case 2:
			name, ok = f.String()
		case 3:
			value, ok = f.String()
		}
		if !ok {
			return errReadWire
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	types := []labels.MatchType{labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp}
	if kind < 0 || int(kind) >= len(types) {
		return nil, column.Errorf(column.Invalid, "matcher of type %d is not known", kind)
	}
	m, err := labels.NewMatcher(types[kind], name, value)
	if err != nil {
		return nil, column.Errorf(column.Invalid, "matcher of label %q: %w", name, err)
	}
	return m, nil
}

func eachField(src []byte, f func(*easyproto.FieldContext) error) error {
	var field easyproto.FieldContext
	for len(src) > 0 {
		var err error
		if src, err = field.NextField(src); err != nil {
			return column.Errorf(column.Invalid, "the body is no remote read request: %w", err)
		}
		if err := f(&field); err != nil {
			return err
		}
	}
	return nil
}

func appendReadLabels(m *easyproto.MessageMarshaler, set labels.Labels) {
	set.Range(func(l labels.Label) {
		one := m.AppendMessage(1)
		one.AppendString(1, l.Name)
		one.AppendString(2, l.Value)
	})
}

// frameBytes is the size from which a frame of a stream is sent, which is Prometheus'.
const frameBytes = 1 << 20

// chunkSamples is how many samples a chunk has, which is what Prometheus cuts at.
const chunkSamples = 120

// chunkStream sends ChunkedReadResponse messages, each in a frame: length, CRC32C, message.
type chunkStream struct {
	w     http.ResponseWriter
	query int64
	frame []byte
	sent  bool
}

// readChunks answers with a stream.
func (a *API) readChunks(ctx context.Context, w http.ResponseWriter, r *http.Request, request *readRequest) {
	s := &chunkStream{w: w}
	for i := range request.queries {
		s.query = int64(i)
		err := a.selected(ctx, r, &request.queries[i], s.series)
		if err == nil {
			continue
		}
		if s.sent {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		a.failRead(w, err)
		return
	}
	if !s.sent {
		s.head()
	}
}

func (s *chunkStream) head() {
	s.sent = true
	s.w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
	s.w.WriteHeader(http.StatusOK)
}

// series sends one series, in several messages if it is long.
func (s *chunkStream) series(one storage.Series) error {
	it := one.Iterator(nil)
	for more := it.Next() != chunkenc.ValNone; more; {
		m := marshalers.Get()
		message := m.MessageMarshaler()
		series := message.AppendMessage(1)
		appendReadLabels(series, one.Labels())
		for size := 0; more && size < frameBytes; {
			var n int
			var err error
			if n, more, err = appendChunk(series, it); err != nil {
				marshalers.Put(m)
				return err
			}
			size += n
		}
		message.AppendInt64(2, s.query)
		s.frame = m.Marshal(s.frame[:0])
		marshalers.Put(m)
		if err := s.send(); err != nil {
			return err
		}
	}
	return it.Err()
}

// appendChunk encodes samples from the iterator's present one on; more says that there are others after them.
func appendChunk(series *easyproto.MessageMarshaler, it chunkenc.Iterator) (size int, more bool, err error) {
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		return 0, false, err
	}
	first, last := it.AtT(), int64(0)
	more = true
	for n := 0; more && n < chunkSamples; n++ {
		t, v := it.At()
		app.Append(0, t, v)
		last = t
		more = it.Next() != chunkenc.ValNone
	}
	out := series.AppendMessage(2)
	out.AppendInt64(1, first)
	out.AppendInt64(2, last)
	out.AppendInt32(3, 1) // XOR
	out.AppendBytes(4, c.Bytes())
	return len(c.Bytes()), more, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *chunkStream) send() error {
	if !s.sent {
		s.head()
	}
	head := binary.AppendUvarint(nil, uint64(len(s.frame)))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(s.frame, castagnoli))
	if _, err := s.w.Write(head); err != nil {
		return err
	}
	_, err := s.w.Write(s.frame)
	return err
}
