package raftlog

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// LogStore is Raft's log. It may be used by many goroutines at once.
//
// The log is a chain of append-only segments. Nothing is ever overwritten: cutting off the newest entries, or
// giving up the oldest, is a record too, and replay repeats it. Only then are files deleted that hold no live
// entry any more, oldest first. The index in memory gives each entry's place in its file; entries themselves
// are read, and their checksums checked, each time.
//
// After a failed write or sync the store answers reads from what was acknowledged and refuses every change
// with that first error.
type LogStore struct {
	fsys vfs.FS
	dir  string
	opts Options

	// writeMu is held during changes, disk included; it is taken before mu.
	writeMu sync.Mutex
	writer  *frame.Writer
	failed  error
	scratch []byte

	mu       sync.RWMutex
	segments []*segment
	// entries holds the places of entries first, first+1, ...; first means nothing while it is empty.
	first   uint64
	entries []place
}

// place is where an entry lies; size is that of its record in the file.
type place struct {
	seg    *segment
	offset int64
	size   int64
}

var (
	_ raft.LogStore          = (*LogStore)(nil)
	_ raft.MonotonicLogStore = (*LogStore)(nil)
)

func (s *LogStore) frameOptions(sealed bool) frame.Options {
	return frame.Options{Kind: logKind, MaxRecord: s.opts.MaxEntry, Sealed: sealed}
}

// IsMonotonic tells Raft that the log has no gaps, so that it clears the log after it was sent a snapshot.
func (s *LogStore) IsMonotonic() bool { return true }

// FirstIndex gives the index of the oldest entry, 0 if there is none.
func (s *LogStore) FirstIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.entries) == 0 {
		return 0, nil
	}
	return s.first, nil
}

// LastIndex gives the index of the newest entry, 0 if there is none.
func (s *LogStore) LastIndex() (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lastLocked(), nil
}

func (s *LogStore) lastLocked() uint64 {
	if len(s.entries) == 0 {
		return 0
	}
	return s.first + uint64(len(s.entries)) - 1
}

// GetLog reads an entry. One that is not there is raft.ErrLogNotFound itself, unwrapped, as Raft compares it.
func (s *LogStore) GetLog(index uint64, l *raft.Log) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.entries) == 0 || index < s.first || index > s.lastLocked() {
		return raft.ErrLogNotFound
	}
	at := s.entries[index-s.first]
	// The entry keeps the buffer: it cannot be one that is used again.
	rec, err := at.seg.reader.RecordAt(at.offset, make([]byte, 0, at.size))
	if err != nil {
		return fmt.Errorf("raft log: entry %d: %w", index, err)
	}
	if rec.Type == recEntry {
		err = decodeEntry(l, rec.Payload)
	}
	if err != nil || rec.Type != recEntry || l.Index != index {
		return &frame.CorruptError{File: at.seg.name, Offset: at.offset, Reason: fmt.Sprintf("not entry %d of the raft log", index)}
	}
	return nil
}

// StoreLog appends one entry.
func (s *LogStore) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs appends entries, durable with one sync when it returns nil. Their indexes must continue the log;
// an empty log may begin anywhere.
func (s *LogStore) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.check(logs); err != nil {
		return err
	}
	if s.writer.Size() >= s.opts.SegmentSize {
		if err := s.rotate(); err != nil {
			return s.fail(err)
		}
	}
	// Changed under writeMu alone, read under either: here writeMu is enough.
	seg := s.segments[len(s.segments)-1]
	places := make([]place, len(logs))
	for i, l := range logs {
		s.scratch = appendEntryHead(s.scratch[:0], l)
		offset, err := s.writer.Append(recEntry, s.scratch, l.Data)
		if err != nil {
			return s.fail(err)
		}
		places[i] = place{seg: seg, offset: offset, size: s.writer.Size() - offset}
	}
	if err := s.writer.Sync(); err != nil {
		return s.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.entries) == 0 {
		s.first = logs[0].Index
	}
	s.entries = append(s.entries, places...)
	return nil
}

// check refuses what must not be written before anything of it is.
func (s *LogStore) check(logs []*raft.Log) error {
	if s.failed != nil {
		return s.failed
	}
	next := logs[0].Index
	if last, _ := s.LastIndex(); last != 0 {
		next = last + 1
	}
	for _, l := range logs {
		if l.Index != next || l.Index == 0 {
			return column.Errorf(column.Invalid, "raft log: entry %d where entry %d belongs", l.Index, next)
		}
		if size := entrySize(l); size > s.opts.MaxEntry {
			return column.Errorf(column.Limit, "raft log: entry %d has %d bytes, limit %d", l.Index, size, s.opts.MaxEntry)
		}
		next++
	}
	return nil
}

func (s *LogStore) fail(err error) error {
	if s.failed == nil {
		s.failed = fmt.Errorf("raft log: %w", err)
	}
	return s.failed
}

// rotate begins a new segment and finishes the one before. The new file is there before the seal that says
// so: a seal without a next segment is then always a lost file, and a segment without a seal is whole as long
// as the next one is empty.
func (s *LogStore) rotate() error {
	next := uint64(0)
	if last, _ := s.LastIndex(); last != 0 {
		next = last + 1
	}
	full := s.writer
	if err := s.begin(s.segments[len(s.segments)-1].number+1, next); err != nil {
		return err
	}
	if _, err := full.Append(recSeal, appendIndex(next)); err != nil {
		return errors.Join(err, full.Close())
	}
	return full.Close()
}

// begin makes a new last segment.
func (s *LogStore) begin(number, next uint64) error {
	seg := &segment{number: number, name: segmentName(s.dir, number)}
	w, err := frame.Create(s.fsys, seg.name, segmentHeader(number, next), s.frameOptions(false))
	if err != nil {
		return err
	}
	if seg.reader, err = frame.Open(s.fsys, seg.name, s.frameOptions(false)); err != nil {
		return errors.Join(err, w.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer = w
	s.segments = append(s.segments, seg)
	return nil
}

// DeleteRange removes the entries from lo to hi, both included, durably when it returns nil. The range must
// reach to one end of the log, or beyond it: a hole in the middle is refused.
func (s *LogStore) DeleteRange(lo, hi uint64) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	last, _ := s.LastIndex()
	if last == 0 || lo > hi || hi < s.first || lo > last {
		return nil
	}
	typ, at := uint8(recDropSuffix), lo
	if lo <= s.first {
		typ, at = recDropPrefix, min(hi, last)+1
	} else if hi < last {
		return column.Errorf(column.Invalid, "raft log: cannot delete entries %d to %d from the middle of %d to %d", lo, hi, s.first, last)
	}
	if _, err := s.writer.Append(typ, appendIndex(at)); err != nil {
		return s.fail(err)
	}
	if err := s.writer.Sync(); err != nil {
		return s.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(typ, at)
	return s.removeDeadLocked()
}

// dropLocked forgets entries in memory: those before at, or those from at on.
func (s *LogStore) dropLocked(typ uint8, at uint64) {
	if len(s.entries) == 0 {
		return
	}
	if typ == recDropSuffix {
		s.entries = s.entries[:max(at, s.first)-s.first]
		return
	}
	at = max(at, s.first)
	// A copy, so that the memory of the dropped part is given back.
	s.entries = append([]place(nil), s.entries[min(at-s.first, uint64(len(s.entries))):]...)
	s.first = at
}

// removeDeadLocked deletes the oldest segments as far as they hold no live entry; never the last one.
func (s *LogStore) removeDeadLocked() error {
	removed := 0
	for removed < len(s.segments)-1 {
		seg := s.segments[removed]
		if len(s.entries) > 0 && s.entries[0].seg.number <= seg.number {
			break
		}
		if err := errors.Join(seg.reader.Close(), s.fsys.Remove(seg.name)); err != nil {
			s.segments = s.segments[removed:]
			return s.fail(fmt.Errorf("delete segment: %w", err))
		}
		removed++
		// One at a time: if a later file could vanish before an earlier one, a crash would leave a hole.
		if err := s.fsys.SyncDir(s.dir); err != nil {
			return s.fail(fmt.Errorf("delete segment: %w", err))
		}
	}
	s.segments = append([]*segment(nil), s.segments[removed:]...)
	return nil
}

// Close closes the files; a failed store gives its first error.
func (s *LogStore) Close() error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := []error{s.failed}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	for _, seg := range s.segments {
		if seg.reader != nil {
			errs = append(errs, seg.reader.Close())
		}
	}
	if s.failed == nil {
		s.failed = errors.New("raft log: closed")
	} else {
		errs = errs[:1]
	}
	s.segments, s.entries = nil, nil
	return errors.Join(errs...)
}
