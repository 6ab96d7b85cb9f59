package api

import (
	"errors"
	"net/http"
	"time"
)

// recorder is the ResponseWriter handlers get: it remembers what was answered, for log and metrics, and gives the client a
// bounded time to accept each piece.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	conn    *connection // nil = it sends whatever net/http gives it
	stall   time.Duration
	until   time.Time // the write deadline that is set
	status  int
	bytes   int64
	failed  error
}

func newRecorder(w http.ResponseWriter, r *http.Request, stall time.Duration) *recorder {
	return &recorder{ResponseWriter: w, control: http.NewResponseController(w), conn: connectionOf(r), stall: stall}
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
		_ = r.control.SetWriteDeadline(r.until) // writers of tests have no deadlines
	}
}

// Write sends a piece of the body.
func (r *recorder) Write(b []byte) (n int, err error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.extend()
	if len(b) >= wholePiece && r.conn != nil {
		n, err = r.writeAtOnce(b)
	} else {
		n, err = r.ResponseWriter.Write(b)
	}
	r.bytes += int64(n)
	return n, err
}

// wholePiece is how long a piece is at least that goes out in one write: with its header a shorter one fits into net/http's buffer, and leaves it
// when the handler returns.
const wholePiece = 2 << 10

func (r *recorder) writeAtOnce(b []byte) (int, error) {
	r.conn.hold()
	n, err := r.ResponseWriter.Write(b)
	if err == nil {
		err = r.control.Flush()
	}
	return n, errors.Join(err, r.conn.release())
}
