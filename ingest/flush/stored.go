package flush

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
)

// stored is the live segments of a partition as one catalog version has them, where flushed rows find the values they lack. A
// segment is opened when a row needs it.
type stored struct {
	job   *job
	table *meta.Table
	list  []*meta.Segment
	open  map[meta.SegmentID]*older
}

// stored is empty for tables whose rows do not merge.
func (j *job) stored(held *meta.Snapshot, table *meta.Table, number int64) *stored {
	s := &stored{job: j, table: table, open: map[meta.SegmentID]*older{}}
	if !table.Columns.Merge {
		return s
	}
	for record := range held.Manifest(table.ID).InPartition(number) {
		s.list = append(s.list, record)
	}
	return s
}

// filler is nil where nothing is stored. It is for one goroutine, as a flush is.
func (s *stored) filler(schema *column.Schema) scan.Filler {
	if len(s.list) == 0 {
		return nil
	}
	list := make([]segment.Stored, len(s.list))
	for i, record := range s.list {
		list[i] = segment.Stored{
			Times: scan.TimeRange{Min: record.MinTime, Max: record.MaxTime},
			Open: func(ctx context.Context) (*segment.Reader, *roaring.Bitmap, error) {
				o := s.open[record.ID]
				if o == nil {
					var err error
					if o, err = s.job.open(ctx, s.table, record); err != nil {
						return nil, nil, err
					}
					if ended := s.job.snap.Ended(s.table.ID, record.ID); ended != nil {
						o.dead.Or(ended)
					}
					s.open[record.ID] = o
				}
				return o.reader, o.dead, nil
			},
		}
	}
	return segment.NewFiller(schema, list)
}

func (s *stored) close() error {
	var err error
	for _, o := range s.open {
		err = errors.Join(err, o.reader.Close())
	}
	return err
}
