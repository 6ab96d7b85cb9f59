package api

import (
	"net/http"
	"time"
)

// recorder is the ResponseWriter handlers get: it remembers what was answered, for log and metrics, and gives the client a
// bounded time to accept each piece.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	until   time.Time // the write deadline that is set
	status  int
	bytes   int64
	failed  error
}

func newRecorder(w http.ResponseWriter, stall time.Duration) *recorder {
	r := &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: stall}
	// The last request on this connection may have left one.
	_ = r.control.SetWriteDeadline(time.Time{}) // writers of tests have no deadlines
	return r
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Fail remembers the error behind an answer, for handlers of other packages.
func (r *recorder) Fail(err error) { r.failed = err }

// WriteHeader sends the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
		r.extend()
	}
	r.ResponseWriter.WriteHeader(status)
}

// extend gives the client its time from now on; what is left of the last time is enough for a piece that follows at once.
func (r *recorder) extend() {
	now := time.Now()
	if r.until.Sub(now) < r.stall-r.stall/64 {
		r.until = now.Add(r.stall)
		_ = r.control.SetWriteDeadline(r.until)
	}
}

// Write sends a piece of the body.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.extend()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}
