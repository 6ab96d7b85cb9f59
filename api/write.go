package api

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

// The headers that say how much of a request of remote write 2.0 was stored.
const (
	writtenSamples    = "X-Prometheus-Remote-Write-Samples-Written"
	writtenHistograms = "X-Prometheus-Remote-Write-Histograms-Written"
	writtenExemplars  = "X-Prometheus-Remote-Write-Exemplars-Written"
)

// write takes Prometheus' remote write 1.0 and 2.0. Prometheus drops a request on 4xx and sends it again on 5xx, so only what
// may succeed later gets a 5xx: 503, not 429, since Prometheus retries that one only if it is told to.
func (s *Server) write(w http.ResponseWriter, r *http.Request) {
	message, err := checkWriteHeaders(r.Header)
	if err != nil {
		s.metrics.remoteWrite(remotewrite.Report{}, err)
		s.fail(w, err) // not understood: nothing is said about what was written
		return
	}
	report, err := s.receive(r, message)
	s.metrics.remoteWrite(report, err)
	h := w.Header()
	h.Set("X-Prometheus-Remote-Write-Version", map[remotewrite.Message]string{remotewrite.V1: "1.0.0", remotewrite.V2: "2.0.0"}[message])
	h.Set(writtenSamples, strconv.Itoa(report.Stored))
	h.Set(writtenHistograms, "0") // they are refused
	h.Set(writtenExemplars, "0")
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

func (s *Server) receive(r *http.Request, message remotewrite.Message) (remotewrite.Report, error) {
	ack, err := ackOf(r.URL.Query().Get("ack"))
	if err != nil {
		return remotewrite.Report{}, err
	}
	samples, err := s.db.Samples(r.URL.Query().Get("database"))
	if err != nil {
		return remotewrite.Report{}, err
	}
	return s.receiver.Receive(r.Context(), remotewrite.Request{Message: message, Samples: samples, Metadata: s.db, Ack: ack}, r.Body)
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

// messages are the names of remote write's messages; none stands for the first one.
var messages = map[string]remotewrite.Message{
	"": remotewrite.V1, "prometheus.WriteRequest": remotewrite.V1, "io.prometheus.write.v2.Request": remotewrite.V2,
}

// checkWriteHeaders says which message a request is, and refuses with 415 what is not known, upon which a sender may try another one.
func checkWriteHeaders(h http.Header) (message remotewrite.Message, err error) {
	refuse := func(code, text string) error {
		return &statusError{status: http.StatusUnsupportedMediaType, code: code, text: text}
	}
	if t := h.Get("Content-Type"); t != "" {
		media, params, err := mime.ParseMediaType(t)
		if err != nil || media != "application/x-protobuf" {
			return 0, refuse("UNSUPPORTED_CONTENT_TYPE", "Content-Type "+t+" is not known; remote write is application/x-protobuf")
		}
		known := false
		if message, known = messages[params["proto"]]; !known {
			return 0, refuse("UNSUPPORTED_CONTENT_TYPE", "message "+params["proto"]+" is not known; use prometheus.WriteRequest or io.prometheus.write.v2.Request")
		}
	}
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "snappy") {
		return 0, refuse("UNSUPPORTED_ENCODING", "Content-Encoding "+e+" is not known; remote write is snappy")
	}
	return message, nil
}
