package api

import (
	"io"
	"os"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// spool keeps bytes for later: the first in memory, the rest in a file without a name.
type spool struct {
	dir    string
	limit  int64
	memory []byte
	pooled *[]byte // where memory goes back to
	file   *os.File
	size   int64
}

// spoolMemory is what most answers fit into; above it a file costs less than the memory of many clients.
const spoolMemory = 1 << 20

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

func (s *spool) write(b []byte) error {
	if err := s.room(len(b)); err != nil {
		return err
	}
	s.size += int64(len(b))
	if len(s.memory)+len(b) > spoolMemory {
		if err := s.spill(); err != nil {
			return column.Errorf(column.Internal, "keep the answer's rows: %w", err)
		}
	}
	if s.pooled == nil {
		s.pooled = borrow()
		s.memory = *s.pooled
	}
	s.memory = append(s.memory, b...)
	return nil
}

func (s *spool) spill() error {
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
	_, err := s.file.Write(s.memory)
	s.memory = s.memory[:0]
	return err
}

func (s *spool) copyTo(w io.Writer) error {
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return column.Errorf(column.Internal, "read the answer's rows again: %w", err)
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	_, err := w.Write(s.memory)
	return err
}

func (s *spool) close() {
	if s.pooled != nil {
		*s.pooled = s.memory
		giveBack(s.pooled)
		s.memory, s.pooled = nil, nil
	}
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
