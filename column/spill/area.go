package spill

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// suffix ends the names of temporary files: the only ones that Open removes.
const suffix = ".spill"

// Area is a folder for temporary files. Safe for concurrent use.
type Area struct {
	fs    vfs.FS
	dir   string
	limit int64 // bytes of all files together; 0 = none

	next    atomic.Int64 // names
	used    atomic.Int64
	files   atomic.Int64
	written atomic.Int64

	mu       sync.Mutex // closed
	closed   bool
	removing sync.WaitGroup // large files that are being removed
}

// Open makes the folder if it is missing, and removes the files that a process before this one left there. limit bounds what all files
// together may take, in bytes; 0 = no bound.
func Open(fs vfs.FS, dir string, limit int64) (*Area, error) {
	if err := fs.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("folder for temporary files: %w", err)
	}
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("folder for temporary files: %w", err)
	}
	for _, n := range names {
		if strings.HasSuffix(n, suffix) {
			if err := fs.Remove(filepath.Join(dir, n)); err != nil {
				return nil, fmt.Errorf("remove temporary file %s: %w", n, err)
			}
		}
	}
	return &Area{fs: fs, dir: dir, limit: limit}, nil
}

// Used is what the files take now, in bytes.
func (a *Area) Used() int64 { return a.used.Load() }

// Files is how many there are now.
func (a *Area) Files() int64 { return a.files.Load() }

// Written is what was ever written, in bytes.
func (a *Area) Written() int64 { return a.written.Load() }

// Close waits for the files that are being removed. Spaces that are still open can be closed afterwards.
func (a *Area) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.removing.Wait()
}

// beside does something while the caller goes on, but before Close returns.
func (a *Area) beside(do func()) {
	a.mu.Lock()
	closed := a.closed
	if !closed {
		a.removing.Go(do)
	}
	a.mu.Unlock()
	if closed {
		do()
	}
}

// Space is one query's part of an Area. Safe for concurrent use.
type Space struct {
	area    *Area
	limit   int64 // bytes; 0 = none of its own
	used    atomic.Int64
	peak    atomic.Int64
	written atomic.Int64

	mu     sync.Mutex
	open   map[*File]bool
	closed bool
}

// Space gives a query its part, of at most limit bytes (0 = only the area's bound). Close it.
func (a *Area) Space(limit int64) *Space {
	return &Space{area: a, limit: limit, open: map[*File]bool{}}
}

// Peak is the most that the query's files took at a time, in bytes.
func (s *Space) Peak() int64 { return s.peak.Load() }

// Written is what was ever written, in bytes.
func (s *Space) Written() int64 { return s.written.Load() }

// Create makes a file.
func (s *Space) Create() (*File, error) {
	name := filepath.Join(s.area.dir, strconv.FormatInt(s.area.next.Add(1), 10)+suffix)
	inner, err := s.area.fs.Create(name)
	if err != nil {
		// It may be there, without somebody to close it.
		_ = s.area.fs.Remove(name)
		return nil, diskError(fmt.Errorf("create temporary file: %w", err))
	}
	s.area.files.Add(1)
	f := &File{space: s, name: name, file: inner}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(column.Errorf(column.Internal, "spill: a file for a query that has ended"), f.remove())
	}
	s.open[f] = true
	return f, nil
}

// Close removes what is left. The error says which file stayed; it is removed at the next start.
func (s *Space) Close() error {
	s.mu.Lock()
	files := s.open
	s.open, s.closed = nil, true
	s.mu.Unlock()
	var errs []error
	for f := range files {
		errs = append(errs, f.remove())
	}
	return errors.Join(errs...)
}

// Take counts n bytes of a file that is kept elsewhere, which its owner gives back.
func (s *Space) Take(n int64) error { return s.take(n) }

// Give gives back what was taken.
func (s *Space) Give(n int64) { s.give(n) }

// take reserves n bytes of disk.
func (s *Space) take(n int64) error {
	used := s.used.Add(n)
	if s.limit > 0 && used > s.limit {
		s.used.Add(-n)
		return &column.Error{
			Class: column.Limit, SQLState: "53400",
			Message: "temporary files of the statement would need more than temp_file_limit (" + kilobytes(s.limit) + ")",
			Hint:    "Ask for less at once, give the statement more memory, or raise the limit (--query-temp-files).",
		}
	}
	if all := s.area.used.Add(n); s.area.limit > 0 && all > s.area.limit {
		s.area.used.Add(-n)
		s.used.Add(-n)
		return &column.Error{
			Class: column.Limit, SQLState: "53100",
			Message: "temporary files of all statements would need more than the server's limit (" + kilobytes(s.area.limit) + ")",
			Hint:    "Try again when other statements have ended, or raise the limit (--temp-files).",
		}
	}
	for {
		peak := s.peak.Load()
		if used <= peak || s.peak.CompareAndSwap(peak, used) {
			return nil
		}
	}
}

func (s *Space) give(n int64) {
	s.used.Add(-n)
	s.area.used.Add(-n)
}

func kilobytes(n int64) string { return strconv.FormatInt(n>>10, 10) + "kB" }

// diskError gives a failure of the disk its class: a full one is the machine's limit, not our fault.
func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &column.Error{
			Class: column.Limit, SQLState: "53100", Message: "the disk with the temporary files is full",
			Hint: "Free some space, or lower --temp-files so that statements end before it is.", Err: err,
		}
	}
	return &column.Error{Class: column.Internal, SQLState: "58030", Message: "temporary files", Err: err}
}
