package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/automatanexus/aegis-db/api/imports"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/spill"
)

// importAnswer is what is said about an import that is whole.
type importAnswer struct {
	Success bool    `json:"success"`
	Table   string  `json:"table"`
	Rows    int64   `json:"rows"`              // that the table has got from this file
	Before  int64   `json:"rows_before"`       // of them, how many were there before this request
	Commits int     `json:"commits"`           // of this request
	Done    bool    `json:"already,omitempty"` // all of them were
	Millis  float64 `json:"execution_time_ms"`
}

// importRows takes a file of rows into a table.
func (s *Server) importRows(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	a, err := s.runImport(w, r)
	s.metrics.queried(time.Since(started), err)
	if err != nil {
		if column.ClassOf(err) == column.Cancelled && r.Context().Err() == nil {
			err = column.Errorf(column.Overloaded, "the import was interrupted: %w", err)
		}
		s.fail(w, err)
		return
	}
	a.Success, a.Millis = true, float64(time.Since(started).Microseconds())/1000
	writeJSON(w, http.StatusOK, a)
}

func (s *Server) runImport(w http.ResponseWriter, r *http.Request) (*importAnswer, error) {
	q, err := parseImport(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost && r.ContentLength == 0 {
		return nil, column.Errorf(column.Invalid, "the request has no body: it is the file to import")
	}
	body, done, err := decoded(&patient{r.Body, http.NewResponseController(w), s.options.ReadTimeout}, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	defer done()
	size := int64(0)
	if q.format == imports.Parquet {
		// Its last bytes say where the first ones belong.
		f, n, err := s.spoolBody(body)
		if err != nil {
			return nil, err
		}
		defer f.Close() // nothing in it is needed any more
		body, size = f, n
	}
	rows, err := imports.Open(q.format, body, size)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	session, err := s.openSession(r, q.database)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	pool := session.NewPool("the import")
	defer pool.Close()
	rows.Charge(pool)
	defer rows.Close()
	// A commit that is larger than this share of the memory may never find room.
	const share = 16
	i := &importing{importRequest: q, session: session, rows: rows, mostBytes: s.db.Stats().MemoryLimit / share}
	if err := i.run(r.Context()); err != nil {
		return nil, i.soFar(readError(err))
	}
	return &importAnswer{Table: q.table, Rows: i.before + i.added, Before: i.before, Commits: i.commits, Done: i.whole}, nil
}

// readError gives an error of reading the body its class.
func readError(err error) error {
	var e *column.Error
	var status *statusError
	switch {
	case errors.As(err, &e), errors.As(err, &status):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return column.Errorf(column.Cancelled, "the file stopped coming: %w", err)
	}
	return column.Errorf(column.Invalid, "read the file: %w", err)
}

// patient lets a body take as long as it likes, as long as some of it comes within a time.
type patient struct {
	r       io.Reader
	control *http.ResponseController
	stall   time.Duration
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(p.stall)) // readers of tests have no deadlines
	return p.r.Read(b)
}

// onlyWriter hides that a file can read, which would not count.
type onlyWriter struct{ io.Writer }

// spooled is a body in a file without a name, whose bytes count among those of temporary files.
type spooled struct {
	*os.File
	space *spill.Space
	size  int64
}

// Write implements io.Writer.
func (f *spooled) Write(p []byte) (int, error) {
	if err := f.space.Take(int64(len(p))); err != nil {
		return 0, err
	}
	f.size += int64(len(p))
	return f.File.Write(p)
}

// Close gives back what the file takes.
func (f *spooled) Close() error {
	f.space.Give(f.size)
	f.size = 0
	return f.File.Close()
}

// spoolBody puts a body into a file without a name.
func (s *Server) spoolBody(body io.Reader) (f *spooled, size int64, err error) {
	file, err := os.CreateTemp(s.options.SpoolDir, "aegis-import-*")
	if err != nil {
		return nil, 0, column.Errorf(column.Internal, "keep the file: %w", err)
	}
	f = &spooled{File: file, space: s.db.TempSpace()}
	err = os.Remove(f.Name()) // it lives until it is closed
	if err == nil {
		size, err = io.CopyBuffer(onlyWriter{f}, io.LimitReader(body, s.options.ImportBytes+1), make([]byte, 1<<20))
	}
	var path *os.PathError
	var full *column.Error
	switch {
	case errors.As(err, &full): // there is no room among temporary files
	case errors.As(err, &path):
		err = column.Errorf(column.Overloaded, "keep the file: %w", err)
	case err != nil:
		err = readError(err)
	case size > s.options.ImportBytes:
		err = tooLarge(s.options.ImportBytes)
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, size, nil
}
