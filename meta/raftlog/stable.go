package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

var stableKind = frame.Kind{'R', 'S', 'T', 'B'}

// StableStore keeps a few keys (term and vote) in one file, replaced as a whole at each change: it is small
// and changes only at elections. It may be used by many goroutines at once. After a failed change, which may
// or may not have reached the disk, every call returns that error.
type StableStore struct {
	fsys vfs.FS
	name string

	mu     sync.Mutex
	values map[string][]byte
	failed error
}

var _ raft.StableStore = (*StableStore)(nil)

// OpenStable reads the file, or makes it without keys.
func OpenStable(fsys vfs.FS, name string) (*StableStore, error) {
	s := &StableStore{fsys: fsys, name: name, values: map[string][]byte{}}
	ok, err := vfs.Exists(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("raft stable store: %w", err)
	}
	if !ok {
		if err := s.write(s.values); err != nil {
			return nil, fmt.Errorf("raft stable store: %w", err)
		}
		return s, nil
	}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("raft stable store: %w", err)
	}
	// Raft is about to act on what was read; it must not be only in the page cache.
	if err := s.sync(); err != nil {
		return nil, fmt.Errorf("raft stable store: %w", err)
	}
	return s, nil
}

func (s *StableStore) sync() error {
	f, err := s.fsys.OpenAppend(s.name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), s.fsys.SyncDir(filepath.Dir(s.name)))
}

func (s *StableStore) read() error {
	r, err := frame.Open(s.fsys, s.name, frame.Options{Kind: stableKind, Sealed: true})
	if err != nil {
		return err
	}
	defer r.Close()
	damaged := func(reason string) error {
		return &frame.CorruptError{File: s.name, Offset: r.Offset(), Reason: reason}
	}
	rec, err := r.Next()
	if err != nil {
		var corrupt *frame.CorruptError
		if errors.As(err, &corrupt) || !errors.Is(err, io.EOF) {
			return err
		}
		return damaged("the record is missing")
	}
	values, ok := decodeValues(rec.Payload)
	if !ok {
		return &frame.CorruptError{File: s.name, Offset: rec.Offset, Reason: "malformed keys and values"}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = damaged("more than one record")
		}
		return err
	}
	s.values = values
	return nil
}

func (s *StableStore) write(values map[string][]byte) error {
	data := frame.AppendFile(nil, nil, frame.Options{Kind: stableKind}, 1, appendValues(nil, values))
	return vfs.WriteFileAtomic(s.fsys, s.name, data)
}

// appendValues writes a count, then each key and value with its length before it, all as uvarint; by key.
func appendValues(dst []byte, values map[string][]byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
		dst = append(binary.AppendUvarint(dst, uint64(len(values[key]))), values[key]...)
	}
	return dst
}

func decodeValues(b []byte) (map[string][]byte, bool) {
	count, size := binary.Uvarint(b)
	if size <= 0 {
		return nil, false
	}
	b = b[size:]
	next := func() ([]byte, bool) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, false
		}
		out := append([]byte{}, b[size:size+int(n)]...)
		b = b[size+int(n):]
		return out, true
	}
	values := map[string][]byte{}
	for range count {
		key, ok := next()
		if !ok {
			return nil, false
		}
		if values[string(key)], ok = next(); !ok {
			return nil, false
		}
	}
	return values, len(b) == 0 && uint64(len(values)) == count
}

// Set stores a value, durable when it returns nil.
func (s *StableStore) Set(key, val []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	values := maps.Clone(s.values)
	values[string(key)] = append([]byte{}, val...)
	if err := s.write(values); err != nil {
		s.failed = fmt.Errorf("raft stable store: %w", err)
		return s.failed
	}
	s.values = values
	return nil
}

// Get gives a copy of a value, empty if there is none.
func (s *StableStore) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	return append([]byte{}, s.values[string(key)]...), nil
}

// SetUint64 stores a number, durable when it returns nil.
func (s *StableStore) SetUint64(key []byte, val uint64) error { return s.Set(key, appendIndex(val)) }

// GetUint64 gives a number, 0 if there is none.
func (s *StableStore) GetUint64(key []byte) (uint64, error) {
	b, err := s.Get(key)
	if err != nil || len(b) == 0 {
		return 0, err
	}
	n, err := decodeIndex(b)
	if err != nil {
		return 0, column.Errorf(column.Invalid, "%s: the value of %q is no number: %d bytes", s.name, key, len(b))
	}
	return n, nil
}

func (s *StableStore) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.values)
}
