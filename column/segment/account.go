package segment

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
)

// Part is what some of a segment's bytes are for. Column and Label say of which, where they are of one.
type Part struct {
	What   string
	Column column.ID
	Label  string
	Bytes  int64
}

// What parts are called: first those of the Parquet file, then the sidecar's.
const (
	PartPages        = "pages"        // values, and which rows have one
	PartPageHeaders  = "page headers" // of dictionaries as well
	PartDictionaries = "dictionaries"
	PartFooter       = "page index and footer"

	PartSeries     = "series table"
	PartPostings   = "postings"
	PartPageTables = "page tables" // places, checksums and zones
	PartStatistics = "statistics"
	PartFrame      = "meta and frame"
)

var sidecarParts = map[byte]string{
	sectionSeries: PartSeries, sectionDirectory: PartSeries, sectionPostings: PartPostings, sectionZippedPostings: PartPostings,
	sectionPages: PartPageTables, sectionStatistics: PartStatistics,
}

// Account says what each byte of the two files is for: the parts come to the sizes of both together.
func (r *Reader) Account(ctx context.Context) ([]Part, error) {
	var parts []Part
	for i := range r.meta.schema.Fields {
		if err := ctx.Err(); err != nil {
			return nil, column.Errorf(column.Cancelled, "segment %d: %w", r.ref.Segment, err)
		}
		t, err := r.pagesOf(i)
		if err != nil {
			return nil, err
		}
		id := t.field.ID
		pages, heads, dictionaries := Part{PartPages, id, "", 0}, Part{PartPageHeaders, id, "", 0}, Part{PartDictionaries, id, "", 0}
		for k := range t.pages {
			heads.Bytes += int64(t.pages[k].header)
			pages.Bytes += int64(t.pages[k].length - t.pages[k].header)
		}
		for k := range t.chunks {
			p := &t.chunks[k].dictPage
			heads.Bytes += int64(p.header)
			dictionaries.Bytes += int64(p.length - p.header)
		}
		parts = append(parts, pages, heads, dictionaries)
	}
	ranges, err := r.otherRanges()
	if err != nil {
		return nil, err
	}
	footer := Part{What: PartFooter}
	for _, g := range ranges {
		footer.Bytes += g.length
	}
	parts = append(parts, footer)
	frame := Part{PartFrame, 0, "", r.ref.SidecarBytes}
	for _, s := range r.sections {
		if what, known := sidecarParts[s.kind]; known {
			parts = append(parts, Part{what, s.column, s.label, s.length})
			frame.Bytes -= s.length
		}
	}
	return append(parts, frame), nil
}
