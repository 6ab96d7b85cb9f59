package raftlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

const snapshotSuffix = ".snap"

var snapshotKind = frame.Kind{'R', 'S', 'N', 'P'}

// Record types in a snapshot: one meta, any number of data, one end.
const (
	// recMeta is raft.SnapshotMeta as JSON, its Size not yet known.
	recMeta = 1
	// recData is a piece of the state.
	recData = 2
	// recEnd holds the size of the state in bytes (u64): a file cut between records is noticed by it.
	recEnd = 3
)

// SnapshotStore keeps the newest few snapshots, one file each. It may be used by many goroutines at once.
//
// A snapshot gets its name when it is whole and durable. Opening the store checks every byte of all of them,
// and a damaged one is an error: Raft would silently go back to an older one, which the log, compacted since,
// no longer reaches.
type SnapshotStore struct {
	fsys   vfs.FS
	dir    string
	retain int

	mu sync.Mutex
	// metas is sorted, newest first.
	metas   []*raft.SnapshotMeta
	counter uint64
}

var _ raft.SnapshotStore = (*SnapshotStore)(nil)

// OpenSnapshots opens the snapshots in dir, sweeps unfinished ones, and checks the rest.
func OpenSnapshots(fsys vfs.FS, dir string, o Options) (*SnapshotStore, error) {
	s := &SnapshotStore{fsys: fsys, dir: dir, retain: o.withDefaults().Retain}
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("raft snapshots: %w", err)
	}
	if _, err := vfs.RemoveTemp(fsys, dir); err != nil {
		return nil, fmt.Errorf("raft snapshots: %w", err)
	}
	// A name may have been given just before a crash of the process: Raft must not rely on it undurable.
	if err := fsys.SyncDir(dir); err != nil {
		return nil, fmt.Errorf("raft snapshots: %w", err)
	}
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("raft snapshots: %w", err)
	}
	for _, name := range names {
		id, ok := strings.CutSuffix(name, snapshotSuffix)
		if !ok {
			return nil, column.Errorf(column.Corrupt, "%s: not a raft snapshot", filepath.Join(dir, name))
		}
		meta, err := s.verify(id)
		if err != nil {
			return nil, fmt.Errorf("raft snapshots: %w", err)
		}
		s.metas = append(s.metas, meta)
	}
	s.sortLocked()
	return s, nil
}

func (s *SnapshotStore) file(id string) string { return filepath.Join(s.dir, id+snapshotSuffix) }

// snapshotID sorts like index, then term, then number, which tells apart two snapshots of one entry.
func snapshotID(index, term, number uint64) string {
	return fmt.Sprintf("%020d-%020d-%06d", index, term, number)
}

func (s *SnapshotStore) sortLocked() {
	slices.SortFunc(s.metas, func(a, b *raft.SnapshotMeta) int { return strings.Compare(b.ID, a.ID) })
}

// List gives the snapshots, newest first.
func (s *SnapshotStore) List() ([]*raft.SnapshotMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*raft.SnapshotMeta, len(s.metas))
	for i, m := range s.metas {
		out[i] = copyMeta(m)
	}
	return out, nil
}

func copyMeta(m *raft.SnapshotMeta) *raft.SnapshotMeta {
	c := *m
	c.Configuration = m.Configuration.Clone()
	return &c
}

// Open checks a snapshot from end to end, and then gives its state for reading.
func (s *SnapshotStore) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	known := slices.ContainsFunc(s.metas, func(m *raft.SnapshotMeta) bool { return m.ID == id })
	s.mu.Unlock()
	if !known {
		return nil, nil, column.Errorf(column.NotFound, "raft snapshot %q does not exist", id)
	}
	meta, err := s.verify(id)
	if err != nil {
		return nil, nil, fmt.Errorf("raft snapshot: %w", err)
	}
	r, err := s.openReader(id)
	if err != nil {
		return nil, nil, fmt.Errorf("raft snapshot: %w", err)
	}
	return meta, r, nil
}

// verify reads a whole snapshot.
func (s *SnapshotStore) verify(id string) (*raft.SnapshotMeta, error) {
	r, err := s.openReader(id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		return nil, err
	}
	r.meta.Size = n
	if want := snapshotID(r.meta.Index, r.meta.Term, 0); r.meta.ID != id || !strings.HasPrefix(id, want[:42]) {
		return nil, r.corrupt(0, "the snapshot %q under another name", r.meta.ID)
	}
	return &r.meta, nil
}

// Create begins a snapshot; it becomes one when the sink is closed.
func (s *SnapshotStore) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport,
) (raft.SnapshotSink, error) {
	if version != raft.SnapshotVersionMax {
		return nil, column.Errorf(column.Unsupported, "raft snapshot version %d", version)
	}
	meta := raft.SnapshotMeta{
		Version: version, Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	}
	s.mu.Lock()
	for meta.ID = ""; meta.ID == ""; {
		s.counter++
		id := snapshotID(index, term, s.counter)
		if !slices.ContainsFunc(s.metas, func(m *raft.SnapshotMeta) bool { return m.ID == id }) {
			meta.ID = id
		}
	}
	s.mu.Unlock()
	return newSink(s, meta)
}

// publish takes a finished snapshot into the list and deletes those that are too many.
func (s *SnapshotStore) publish(meta *raft.SnapshotMeta) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metas = append(s.metas, meta)
	s.sortLocked()
	for len(s.metas) > s.retain {
		oldest := s.metas[len(s.metas)-1]
		if err := s.fsys.Remove(s.file(oldest.ID)); err != nil {
			return fmt.Errorf("delete old snapshot: %w", err)
		}
		s.metas = s.metas[:len(s.metas)-1]
	}
	if err := s.fsys.SyncDir(s.dir); err != nil {
		return fmt.Errorf("delete old snapshots: %w", err)
	}
	return nil
}

// snapshotReader streams the state; every piece is checked before it is given out.
type snapshotReader struct {
	frames *frame.Reader
	name   string
	meta   raft.SnapshotMeta
	piece  []byte
	size   int64
	err    error
}

func (s *SnapshotStore) openReader(id string) (*snapshotReader, error) {
	name := s.file(id)
	frames, err := frame.Open(s.fsys, name, frame.Options{Kind: snapshotKind, Sealed: true})
	if err != nil {
		return nil, err
	}
	r := &snapshotReader{frames: frames, name: name}
	rec, err := r.next()
	if err == nil && rec.Type != recMeta {
		err = r.corrupt(rec.Offset, "the snapshot does not begin with its description")
	}
	if err == nil {
		if jsonErr := json.Unmarshal(rec.Payload, &r.meta); jsonErr != nil {
			err = r.corrupt(rec.Offset, "description: %v", jsonErr)
		}
	}
	if err != nil {
		return nil, errors.Join(err, frames.Close())
	}
	return r, nil
}

func (r *snapshotReader) corrupt(offset int64, format string, args ...any) error {
	return &frame.CorruptError{File: r.name, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// next gives a record: the end of the file comes only after recEnd, so here it is damage.
func (r *snapshotReader) next() (frame.Record, error) {
	rec, err := r.frames.Next()
	if errors.Is(err, io.EOF) {
		err = r.corrupt(r.frames.Offset(), "the snapshot ends too early")
	}
	return rec, err
}

// Read implements io.Reader.
func (r *snapshotReader) Read(p []byte) (int, error) {
	for len(r.piece) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if len(r.piece) == 0 {
		return 0, r.err
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

func (r *snapshotReader) advance() error {
	rec, err := r.next()
	if err != nil {
		return err
	}
	switch rec.Type {
	case recData:
		r.piece = rec.Payload
		r.size += int64(len(rec.Payload))
		return nil
	case recEnd:
		size, err := decodeIndex(rec.Payload)
		if err != nil || size != uint64(r.size) {
			return r.corrupt(rec.Offset, "the state has %d bytes, not as many as were written", r.size)
		}
		if _, err := r.frames.Next(); !errors.Is(err, io.EOF) {
			return errors.Join(r.corrupt(rec.End, "something follows the end of the snapshot"), err)
		}
		return io.EOF
	}
	return r.corrupt(rec.Offset, "unknown record type %d", rec.Type)
}

// Close implements io.Closer.
func (r *snapshotReader) Close() error { return r.frames.Close() }
