package api

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/automatanexus/aegis-db/column"
)

// readBody reads a request's body, undoing its Content-Encoding, up to limit bytes of the plain and as many of the coded form.
// release gives back the memory that is accounted for it.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	return s.readBodyInto(nil, w, r, limit)
}

// readBodyInto does the same in a buffer that was used before. The result has room for a byte more.
func (s *Server) readBodyInto(buf []byte, w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	coded := http.MaxBytesReader(w, r.Body, limit)
	plain, done, err := decoded(coded, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, nil, err
	}
	defer done()
	reserved := int64(cap(buf))
	if err := s.bodies.Grow(reserved); err != nil {
		return nil, nil, column.Errorf(column.Overloaded, "too many large requests at once: %w", err)
	}
	release = func() { s.bodies.Shrink(reserved) }
	if cap(buf) == 0 {
		buf = make([]byte, 0, 4<<10)
	}
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			// Grown by what has come, never by what was announced.
			more := int64(2 * cap(buf))
			if err := s.bodies.Grow(more); err != nil {
				release()
				return nil, nil, column.Errorf(column.Overloaded, "too many large requests at once: %w", err)
			}
			reserved += more
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		n, err := plain.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			err = tooLarge(limit)
		}
		if errors.Is(err, io.EOF) {
			return buf, release, nil
		}
		if err != nil {
			release()
			return nil, nil, bodyError(err, limit)
		}
	}
}

func tooLarge(limit int64) error {
	return &statusError{status: http.StatusRequestEntityTooLarge, code: "BODY_TOO_LARGE", text: "the body is larger than " + sizeText(limit)}
}

func bodyError(err error, limit int64) error {
	var large *http.MaxBytesError
	var status *statusError
	switch {
	case errors.As(err, &status):
		return err
	case errors.As(err, &large):
		return tooLarge(limit)
	}
	return column.Errorf(column.Invalid, "read the body: %w", err)
}

// decoded undoes a Content-Encoding while reading. A bomb meets the reader's limit: neither decoder holds more than its window.
func decoded(r io.Reader, encoding string) (plain io.Reader, done func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return r, func() {}, nil
	case "gzip", "x-gzip":
		g, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, column.Errorf(column.Invalid, "the body is not gzip: %w", err)
		}
		return g, func() {}, nil
	case "zstd":
		// A window above 8 MiB is more than RFC 8878 asks decoders to take.
		const window = 8 << 20
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, column.Errorf(column.Internal, "zstd: %w", err)
		}
		return z, z.Close, nil
	}
	return nil, nil, &statusError{
		status: http.StatusUnsupportedMediaType, code: "UNSUPPORTED_ENCODING",
		text: "Content-Encoding " + encoding + " is not known; use gzip, zstd or none",
	}
}
