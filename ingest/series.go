package ingest

import (
	"fmt"

	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/meta"
)

// lookup finds the refs of series by what clients call them.
func (s *Shard) lookup(table meta.TableID, hashes []SeriesHash, refs []uint32) (epoch uint64, missing int) {
	d := s.head.Dict(table)
	s.head.AccountDict(d) // what earlier batches have defined
	return d.Epoch(), d.Resolve(hashes, refs)
}

// define makes a series known under a hash.
func (s *Shard) define(table meta.TableID, epoch uint64, hash SeriesHash, encodedKey []byte) (uint32, error) {
	d := s.head.Dict(table)
	if d.Epoch() != epoch {
		return 0, ErrStale
	}
	if s.head.Full() {
		s.wake()
		return 0, refuse(flushPause, "the head is full until it is flushed")
	}
	short, err := s.shortKey(table, encodedKey)
	if err != nil {
		return 0, err
	}
	ref, err := d.Define(hash, short, s.opts.SeriesLimit)
	if err != nil {
		if t := s.opts.Catalog.Snapshot().TableByID(table); t != nil {
			err = seriesError(err, t)
		}
	}
	return ref, err
}

// shortKey gives a series' key in the form that dictionaries and the log have, which tags added later do not change.
func (s *Shard) shortKey(table meta.TableID, encodedKey []byte) ([]byte, error) {
	t := s.opts.Catalog.Snapshot().TableByID(table)
	if t == nil {
		return encodedKey, nil // its rows are refused when they come, or left out of the replay
	}
	short, err := key.Short(encodedKey, t.Columns.TagTypes())
	if err != nil {
		return nil, fmt.Errorf("series of table %s: %w", t.Name, err)
	}
	return short, nil
}
