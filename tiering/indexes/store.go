// Package indexes keeps the files of indexes: it builds those that segments lack, in the background or, for a flush or a merge, before the segments
// are seen; it opens them for queries; and it removes those whose index or segment is gone. What it knows of files it reads from the
// folder at the start, so that a build that a crash has stopped goes on where it was.
//
// It must not know SQL, or who asks what of an index.
package indexes

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/upkeep"
)

// Options configures a Store; the first two are needed.
type Options struct {
	Catalog meta.Catalog
	Files   segment.Files
	// Temp is where builds put what does not fit into memory; nil = such builds fail.
	Temp   *spill.Area
	Pool   *mem.Pool // parent of the builds' pools
	Logger *slog.Logger
	// Bytes is how much memory idle readers may hold. Default 64 MiB.
	Bytes int64
	// BuildBytes is what a build holds before it writes to Temp. Default 64 MiB.
	BuildBytes int64
}

// fileKey names a file.
type fileKey struct {
	table   meta.TableID
	segment meta.SegmentID
	index   meta.IndexID // the number of its files
}

func (k fileKey) name() string {
	return segment.IndexName(uint64(k.table), uint64(k.segment), uint64(k.index))
}

// Store is the files of all indexes. Safe for concurrent use.
type Store struct {
	options Options
	loop    upkeep.Loop
	passing sync.Mutex    // held during a pass
	passed  atomic.Uint64 // the catalog version of the last pass
	again   atomic.Bool   // the last pass left something to do

	mu      sync.Mutex
	sizes   map[fileKey]int64 // files that are there, and their sizes
	readers map[fileKey]*opened
	idle    []*opened // longest unused first
	held    int64     // bytes of idle readers
	uses    map[meta.IndexID]*uses
	builds  map[*Build]bool
}

// Open lists the files, and removes those whose index or segment is not in the catalog: only safe while nobody writes any. A file with a number
// that the catalog has yet to give out is an error of class column.Corrupt, as for segments.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Bytes == 0 {
		o.Bytes = 64 << 20
	}
	if o.BuildBytes == 0 {
		o.BuildBytes = 64 << 20
	}
	s := &Store{options: o, sizes: map[fileKey]int64{}, readers: map[fileKey]*opened{}, uses: map[meta.IndexID]*uses{}, builds: map[*Build]bool{}}
	list, err := o.Files.List(ctx, "segments/")
	if err != nil {
		return nil, err
	}
	catalog := o.Catalog.Snapshot()
	for _, f := range list {
		table, id, index, ok := segment.ParseIndexName(f.Name)
		if !ok {
			continue
		}
		k := fileKey{meta.TableID(table), meta.SegmentID(id), meta.IndexID(index)}
		switch {
		case k.segment >= catalog.NextSegment() || k.index >= catalog.NextIndex():
			return nil, column.Errorf(column.Corrupt, "%s is newer than the catalog, which next gives out number %d, for indexes %d: restore the newest catalog",
				f.Name, catalog.NextSegment(), catalog.NextIndex())
		case wanted(catalog, k):
			s.sizes[k] = f.Size
		default:
			o.Logger.Info("removing a file of an index that is not needed any more", "file", f.Name, "bytes", f.Size)
			if err := s.removeFile(ctx, k); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// wanted reports whether a version of the catalog has both the index and the segment of a file.
func wanted(catalog *meta.Snapshot, k fileKey) bool {
	return hasIndex(catalog, k) && catalog.Manifest(k.table).Segment(k.segment) != nil
}

func hasIndex(catalog *meta.Snapshot, k fileKey) bool {
	return slices.ContainsFunc(catalog.Indexes(k.table), func(x *meta.Index) bool { return x.File == k.index })
}

func (s *Store) removeFile(ctx context.Context, k fileKey) error {
	err := s.options.Files.Remove(ctx, k.name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// has reports whether a file is there.
func (s *Store) has(k fileKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.sizes[k]
	return ok
}

// Remove removes the files of all indexes of a segment that is about to be removed.
func (s *Store) Remove(ctx context.Context, table meta.TableID, id meta.SegmentID) error {
	return s.removeAll(ctx, func(k fileKey) bool { return k.table == table && k.segment == id })
}

// removeAll removes files. What cannot be removed is tried again with the next pass, or the next start.
func (s *Store) removeAll(ctx context.Context, which func(fileKey) bool) error {
	s.mu.Lock()
	var list []fileKey
	for k := range s.sizes {
		if which(k) {
			list = append(list, k)
			s.closeIdleLocked(k)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b fileKey) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.index, b.index))
	})
	var errs []error
	for _, k := range list {
		if err := s.removeFile(ctx, k); err != nil {
			errs = append(errs, err)
			continue
		}
		s.mu.Lock()
		delete(s.sizes, k)
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

// Figures are what an index takes and does.
type Figures struct {
	Segments int   // that have their file
	Rows     int64 // of those, and those that were read of one that is getting its file
	Building bool  // that one does now
	Bytes    int64 // of the files
	Scans    int64 // that used it, since the start
	Named    int64 // rows that it named to them
}

// Figures measures an index by the segments of a catalog version.
func (s *Store) Figures(catalog *meta.Snapshot, x *meta.Index) Figures {
	var f Figures
	s.mu.Lock()
	defer s.mu.Unlock()
	for record := range catalog.Manifest(x.Table).All() {
		if size, ok := s.sizes[fileKey{x.Table, record.ID, x.File}]; ok {
			f.Segments++
			f.Rows += record.Rows
			f.Bytes += size
		}
	}
	for b := range s.builds {
		if slices.Contains(b.Indexes, x.ID) && catalog.Manifest(x.Table).Segment(b.Segment) != nil {
			f.Rows += b.Done()
			f.Building = true
		}
	}
	if u := s.uses[x.ID]; u != nil {
		f.Scans, f.Named = u.scans.Load(), u.named.Load()
	}
	return f
}

// uses counts what an index did.
type uses struct{ scans, named atomic.Int64 }

func (s *Store) usesOf(id meta.IndexID) *uses {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uses[id]
	if u == nil {
		u = &uses{}
		s.uses[id] = u
	}
	return u
}

// Close closes everything; nothing may be in use.
func (s *Store) Close() {
	s.loop.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		s.dropLocked(s.idle[0])
	}
}
