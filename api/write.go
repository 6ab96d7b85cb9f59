package api

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

// write takes Prometheus' remote write 1.0. Prometheus drops a request on 4xx and sends it again on 5xx, so only what
// may succeed later gets a 5xx: 503, not 429, since Prometheus retries that one only if it is told to.
func (s *Server) write(w http.ResponseWriter, r *http.Request) {
	report, err := s.receive(r)
	s.metrics.remoteWrite(report, err)
	w.Header().Set("X-Prometheus-Remote-Write-Version", "1.0.0")
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var status *statusError
	if !errors.As(err, &status) {
		switch column.ClassOf(err) {
		case column.Unsupported, column.Conflict:
			// As a class these are 501 and 409; nothing that Prometheus can do about them.
			err = &statusError{status: http.StatusBadRequest, code: "INVALID_REQUEST", text: err.Error()}
		case column.Cancelled:
			err = column.Errorf(column.Overloaded, "the write was interrupted: %w", err)
		}
	}
	s.fail(w, err)
}

func (s *Server) receive(r *http.Request) (remotewrite.Report, error) {
	if err := checkWriteHeaders(r.Header); err != nil {
		return remotewrite.Report{}, err
	}
	ack, err := ackOf(r.URL.Query().Get("ack"))
	if err != nil {
		return remotewrite.Report{}, err
	}
	samples, err := s.db.Samples(r.URL.Query().Get("database"))
	if err != nil {
		return remotewrite.Report{}, err
	}
	return s.receiver.Receive(r.Context(), samples, r.Body, ack)
}

func ackOf(level string) (meta.Ack, error) {
	switch level {
	case "", "wal":
		return meta.AckWAL, nil
	case "buffer":
		return meta.AckBuffer, nil
	case "none":
		return meta.AckNone, nil
	}
	return 0, column.Errorf(column.Invalid, "ack=%s is not known; use wal, buffer or none", level)
}

// checkWriteHeaders refuses everything but remote write 1.0 with 415, upon which a sender of 2.0 falls back.
func checkWriteHeaders(h http.Header) error {
	refuse := func(code, text string) error {
		return &statusError{status: http.StatusUnsupportedMediaType, code: code, text: text}
	}
	if t := h.Get("Content-Type"); t != "" {
		media, params, err := mime.ParseMediaType(t)
		switch proto := params["proto"]; {
		case err != nil || media != "application/x-protobuf":
			return refuse("UNSUPPORTED_CONTENT_TYPE", "Content-Type "+t+" is not known; remote write is application/x-protobuf")
		case proto != "" && proto != "prometheus.WriteRequest":
			return refuse("UNSUPPORTED_CONTENT_TYPE", "message "+proto+" is not known; this version takes remote write 1.0 (prometheus.WriteRequest)")
		}
	}
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "snappy") {
		return refuse("UNSUPPORTED_ENCODING", "Content-Encoding "+e+" is not known; remote write 1.0 is snappy")
	}
	return nil
}
