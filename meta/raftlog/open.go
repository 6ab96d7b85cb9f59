package raftlog

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// OpenLog opens the log in dir, or begins one. It reads every record; damage other than a torn end of the last
// segment is an error that names file and offset, and so is a segment that is missing.
func OpenLog(fsys vfs.FS, dir string, o Options) (*LogStore, error) {
	s := &LogStore{fsys: fsys, dir: dir, opts: o.withDefaults()}
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("raft log: %w", err)
	}
	if _, err := vfs.RemoveTemp(fsys, dir); err != nil {
		return nil, fmt.Errorf("raft log: %w", err)
	}
	if err := s.load(); err != nil {
		// The files were only read, or the writer never written to: what Close says adds nothing.
		s.failed = err
		_ = s.Close()
		return nil, fmt.Errorf("raft log: %w", err)
	}
	return s, nil
}

func (s *LogStore) load() error {
	numbers, err := segmentNumbers(s.fsys, s.dir)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		return s.begin(1, 0)
	}
	lastEmpty, err := s.empty(segmentName(s.dir, numbers[len(numbers)-1]))
	if err != nil {
		return err
	}
	r := &replay{store: s}
	for i, number := range numbers {
		r.begin(&segment{number: number, name: segmentName(s.dir, number)})
		left := len(numbers) - 1 - i
		switch {
		case left == 0:
			err = s.loadLast(r)
		case left == 1 && lastEmpty:
			// A crash may have come between making the last segment and sealing this one.
			if err = s.loadLast(r); err == nil && !r.sealed {
				return s.finishLoad(r, segmentName(s.dir, number+1))
			}
			if err == nil {
				err = s.writer.Close()
			}
		default:
			err = s.loadSealed(r)
		}
		if err != nil {
			return err
		}
	}
	if r.sealed {
		return column.Errorf(column.Corrupt, "%s: the file is missing: the segment before it was finished", segmentName(s.dir, r.seg.number+1))
	}
	return s.finishLoad(r, "")
}

// finishLoad checks the whole and deletes what a crash kept from being deleted: an empty last segment, and
// segments without live entries.
func (s *LogStore) finishLoad(r *replay, unused string) error {
	if r.missing > 0 {
		return column.Errorf(column.Corrupt, "%s: entries before %d belong to an older segment, which is missing",
			s.segments[0].name, r.missing)
	}
	if unused != "" {
		if err := errors.Join(s.fsys.Remove(unused), s.fsys.SyncDir(filepath.Dir(unused))); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeDeadLocked()
}

func (s *LogStore) empty(name string) (bool, error) {
	r, err := frame.Open(s.fsys, name, s.frameOptions(false))
	if err != nil {
		return false, err
	}
	defer r.Close()
	_, err = r.Next()
	switch {
	case err == nil, errors.Is(err, frame.ErrTorn), errors.Is(err, column.Corrupt):
		return false, nil
	case errors.Is(err, io.EOF):
		return true, nil
	}
	return false, err
}

// loadLast reads the segment that grows, and opens it for writing.
func (s *LogStore) loadLast(r *replay) error {
	w, _, err := frame.Resume(s.fsys, r.seg.name, s.frameOptions(false), r.record)
	if err != nil {
		return err
	}
	s.writer = w
	if err := r.header(w.Header()); err != nil {
		return err
	}
	r.seg.reader, err = frame.Open(s.fsys, r.seg.name, s.frameOptions(false))
	return err
}

// loadSealed reads a finished segment.
func (s *LogStore) loadSealed(r *replay) error {
	reader, err := frame.Open(s.fsys, r.seg.name, s.frameOptions(true))
	if err != nil {
		return err
	}
	r.seg.reader = reader
	if err := r.header(reader.Header()); err != nil {
		return err
	}
	for {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.record(reader.Header(), rec)
		}
		if err != nil {
			return err
		}
	}
	if !r.sealed {
		return r.corrupt(reader.Offset(), "the segment ends without its seal: records are missing")
	}
	return nil
}

// replay builds the index from records.
type replay struct {
	store *LogStore
	seg   *segment
	// checked says that the header of seg was looked at, sealed that its seal was read, next what index the
	// seal promised.
	checked, sealed bool
	next            uint64
	// missing says, if not 0, that entries before it were live when the oldest segment here began. They
	// must have been given up since; if not, a file is lost.
	missing uint64
}

func (r *replay) begin(seg *segment) {
	r.seg, r.checked, r.sealed = seg, false, false
	r.store.segments = append(r.store.segments, seg)
}

func (r *replay) corrupt(offset int64, format string, args ...any) error {
	return &frame.CorruptError{File: r.seg.name, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

func (r *replay) header(b []byte) error {
	if r.checked {
		return nil
	}
	r.checked = true
	number, next, err := parseSegmentHeader(b)
	switch {
	case err != nil:
		return r.corrupt(0, "%v", err)
	case number != r.seg.number:
		return r.corrupt(0, "this is segment %d under another name", number)
	case len(r.store.segments) == 1:
		r.missing = next
	case next != r.next:
		return r.corrupt(0, "the segment begins at entry %d, the one before ends before entry %d", next, r.next)
	}
	return nil
}

func (r *replay) record(header []byte, rec frame.Record) error {
	if err := r.header(header); err != nil {
		return err
	}
	if r.sealed {
		return r.corrupt(rec.Offset, "a record after the seal")
	}
	switch rec.Type {
	case recEntry:
		return r.entry(rec)
	case recDropPrefix, recDropSuffix, recSeal:
		index, err := decodeIndex(rec.Payload)
		if err != nil {
			return r.corrupt(rec.Offset, "%v", err)
		}
		r.control(rec.Type, index)
		return nil
	}
	return r.corrupt(rec.Offset, "unknown record type %d", rec.Type)
}

func (r *replay) control(typ uint8, index uint64) {
	switch typ {
	case recSeal:
		r.sealed, r.next = true, index
		return
	case recDropPrefix:
		if index >= r.missing {
			r.missing = 0
		}
	case recDropSuffix:
		r.missing = min(r.missing, index)
	}
	r.store.dropLocked(typ, index)
}

func (r *replay) entry(rec frame.Record) error {
	s := r.store
	if len(rec.Payload) < entryHeader {
		return r.corrupt(rec.Offset, "%v", errEntry)
	}
	index, _ := decodeIndex(rec.Payload[:8])
	want := index
	if last := s.lastLocked(); last != 0 {
		want = last + 1
	} else if r.missing > 0 {
		want = r.missing
	}
	if index != want || index == 0 {
		return r.corrupt(rec.Offset, "entry %d where entry %d belongs", index, want)
	}
	if len(s.entries) == 0 {
		s.first = index
	}
	s.entries = append(s.entries, place{seg: r.seg, offset: rec.Offset, size: rec.End - rec.Offset})
	return nil
}
