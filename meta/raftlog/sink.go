package raftlog

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// pieceSize is how much state one record holds: a quarter of the frame writer's buffer, so that header and
// checksum calls vanish beside the copying.
const pieceSize = 256 << 10

// sink writes one snapshot under a temporary name. It is for one goroutine.
type sink struct {
	store  *SnapshotStore
	meta   raft.SnapshotMeta
	temp   string
	writer *frame.Writer
	piece  []byte
	done   bool
	// err is what Close gave, for those who close twice.
	err error
}

var _ raft.SnapshotSink = (*sink)(nil)

func newSink(store *SnapshotStore, meta raft.SnapshotMeta) (*sink, error) {
	s := &sink{store: store, meta: meta, temp: store.file(meta.ID) + vfs.TempSuffix}
	description, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("raft snapshot: %w", err)
	}
	// The name in the header gives each snapshot checksums of its own.
	s.writer, err = frame.Create(store.fsys, s.temp, []byte(meta.ID), frame.Options{Kind: snapshotKind})
	if err != nil {
		return nil, fmt.Errorf("raft snapshot: %w", err)
	}
	if _, err := s.writer.Append(recMeta, description); err != nil {
		return nil, errors.Join(fmt.Errorf("raft snapshot: %w", err), s.Cancel())
	}
	return s, nil
}

// ID implements raft.SnapshotSink.
func (s *sink) ID() string { return s.meta.ID }

// Write implements io.Writer.
func (s *sink) Write(p []byte) (int, error) {
	if s.done {
		return 0, errors.New("raft snapshot: write after close")
	}
	for rest := p; len(rest) > 0; {
		n := min(len(rest), pieceSize-len(s.piece))
		s.piece = append(s.piece, rest[:n]...)
		rest = rest[n:]
		if len(s.piece) == pieceSize {
			if err := s.flush(); err != nil {
				return len(p) - len(rest), err
			}
		}
	}
	return len(p), nil
}

func (s *sink) flush() error {
	if len(s.piece) == 0 {
		return nil
	}
	if _, err := s.writer.Append(recData, s.piece); err != nil {
		return fmt.Errorf("raft snapshot: %w", err)
	}
	s.meta.Size += int64(len(s.piece))
	s.piece = s.piece[:0]
	return nil
}

// Close makes the snapshot durable and gives it its name. If it fails, there is no snapshot that Raft knows.
func (s *sink) Close() error {
	if s.done {
		return s.err
	}
	s.done = true
	if err := s.finish(); err != nil {
		// The next start sweeps the file if it cannot be removed now.
		_ = s.store.fsys.Remove(s.temp)
		s.err = fmt.Errorf("raft snapshot: %w", err)
		return s.err
	}
	if err := s.store.publish(&s.meta); err != nil {
		s.err = fmt.Errorf("raft snapshot: %w", err)
	}
	return s.err
}

func (s *sink) finish() error {
	err := s.flush()
	if err == nil {
		_, err = s.writer.Append(recEnd, appendIndex(uint64(s.meta.Size)))
	}
	if err = errors.Join(err, s.writer.Close()); err != nil {
		return err
	}
	if err := s.store.fsys.Rename(s.temp, s.store.file(s.meta.ID)); err != nil {
		return err
	}
	return s.store.fsys.SyncDir(s.store.dir)
}

// Cancel gives the snapshot up.
func (s *sink) Cancel() error {
	if s.done {
		return nil
	}
	s.done = true
	closeErr := s.writer.Close()
	if err := s.store.fsys.Remove(s.temp); err != nil {
		return errors.Join(fmt.Errorf("raft snapshot: cancel: %w", err), closeErr)
	}
	return nil
}
