package api

import (
	"io"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
)

// spool keeps what was sent for a second time: the first of it in memory, in the buffers that it was sent from, the rest in a file without a name.
type spool struct {
	dir    string
	limit  int64
	shared *atomic.Int64 // bytes that all spools keep in memory beyond their first
	pieces []spoolPiece
	held   int64 // bytes of the pieces' buffers
	file   *os.File
	size   int64
}

// spoolPiece is a buffer and the part of it that is meant.
type spoolPiece struct {
	pooled *[]byte // where the buffer goes back to
	rows   []byte
}

const (
	// spoolMemory is what most answers fit into.
	spoolMemory = 1 << 20
	// spoolMost is what an answer may have in memory, if all that have more than the above together have no more than spoolShare: a file costs as much as
	// sending the rows.
	spoolMost  = 16 << 20
	spoolShare = 64 << 20
)

// room fails if n more bytes are more than may be kept.
func (s *spool) room(n int) error {
	if s.size+int64(n) > s.limit {
		return &column.Error{
			Class: column.Limit, Message: "the answer is too large for JSON: its rows take more than " + sizeText(s.limit),
			Hint: "Accept application/x-ndjson, text/csv, application/vnd.apache.arrow.stream or application/vnd.apache.parquet: they have no bound.",
		}
	}
	return nil
}

// keep sends what an answer has gathered, and keeps what of it begins at start.
func (s *spool) keep(a *answer, start int) error {
	rows := a.buf[start:]
	if err := s.room(len(rows)); err != nil {
		return err
	}
	s.size += int64(len(rows))
	if s.file != nil || !s.reserve(int64(cap(a.buf))) {
		if err := s.write(rows); err != nil {
			return column.Errorf(column.Internal, "keep the answer's rows: %w", err)
		}
		return a.flush()
	}
	s.pieces = append(s.pieces, spoolPiece{a.pooled, rows})
	*a.pooled = a.buf
	err := a.flush()
	a.renew()
	return err
}

// reserve makes n more bytes of memory the spool's, if it may have them.
func (s *spool) reserve(n int64) bool {
	if s.held+n > spoolMost {
		return false
	}
	if more := s.held + n - max(s.held, spoolMemory); more > 0 && s.shared.Add(more) > spoolShare {
		s.shared.Add(-more)
		return false
	}
	s.held += n
	return true
}

func (s *spool) write(b []byte) error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "aegis-answer-*")
		if err != nil {
			return err
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil { // it lives until it is closed
			return err
		}
	}
	_, err := s.file.Write(b)
	return err
}

// copyTo sends what is kept.
func (s *spool) copyTo(a *answer) error {
	for _, p := range s.pieces {
		if err := a.whole(p.rows); err != nil {
			return err
		}
	}
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return column.Errorf(column.Internal, "read the answer's rows again: %w", err)
	}
	_, err := io.Copy(a, s.file)
	return err
}

func (s *spool) close() {
	for _, p := range s.pieces {
		giveBack(p.pooled)
	}
	s.shared.Add(-max(s.held-spoolMemory, 0))
	s.pieces, s.held = nil, 0
	if s.file != nil {
		_ = s.file.Close() // nothing in it is needed any more
	}
}

// sizeText prints a size for people: 20 MiB.
func sizeText(n int64) string {
	units := []string{" bytes", " KiB", " MiB", " GiB", " TiB"}
	i := 0
	for n >= 1024 && n%1024 == 0 && i < len(units)-1 {
		n /= 1024
		i++
	}
	return strconv.FormatInt(n, 10) + units[i]
}
