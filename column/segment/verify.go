package segment

import (
	"context"
	"errors"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Verify reads both files of a segment whole and checks every byte: for scrubbing, after copies, before a backup is trusted.
func Verify(ctx context.Context, files Files, ref Ref) (err error) {
	name := SidecarName(ref.Table, ref.Segment)
	b, err := readFile(ctx, files, name, ref.SidecarBytes)
	if err != nil {
		return column.Errorf(column.ClassOf(err), "segment %d: verify: %w", ref.Segment, err)
	}
	if sum(b) != ref.SidecarSum {
		return column.Errorf(column.Corrupt, "segment %d: %s at byte 0: checksum %08x over %d bytes, the catalog has %08x", ref.Segment, name, sum(b), len(b), ref.SidecarSum)
	}
	r, err := Open(ctx, files, ref, ReadOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	ranges, err := r.fileRanges()
	if err != nil {
		return err
	}
	f, err := r.dataFile(ctx)
	if err != nil {
		return err
	}
	at := int64(0)
	var buf []byte
	for _, g := range ranges {
		if err := ctx.Err(); err != nil {
			return column.Errorf(column.Cancelled, "segment %d: %w", ref.Segment, err)
		}
		if g.offset != at {
			return r.corrupt(r.dataName(), at, "bytes up to %d have no checksum, or two", g.offset)
		}
		buf = slices.Grow(buf[:0], int(g.length))[:g.length]
		if err := readAt(f, buf, at); err != nil {
			return r.readError(r.dataName(), at, g.length, err)
		}
		if sum(buf) != g.sum {
			return r.corrupt(r.dataName(), at, "the checksum of %d bytes is wrong", g.length)
		}
		at += g.length
	}
	if at != ref.DataBytes {
		return r.corrupt(r.dataName(), at, "bytes up to %d have no checksum", ref.DataBytes)
	}
	return nil
}

// otherRanges lists the stretches of the Parquet file that are neither pages nor dictionaries.
func (r *Reader) otherRanges() ([]fileRange, error) {
	s := r.section(sectionRanges, 0, "")
	if s == nil {
		return nil, r.corrupt(r.sidecarName(), 0, "no ranges")
	}
	b, err := r.load(s)
	if err != nil {
		return nil, err
	}
	out, err := parseRanges(b)
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	return out, nil
}

// fileRanges lists all stretches of the Parquet file by offset: pages, dictionaries and the rest.
func (r *Reader) fileRanges() ([]fileRange, error) {
	out, err := r.otherRanges()
	if err != nil {
		return nil, err
	}
	for i := range r.meta.schema.Fields {
		t, err := r.pagesOf(i)
		if err != nil {
			return nil, err
		}
		for k := range t.chunks {
			if p := &t.chunks[k].dictPage; p.length != 0 {
				out = append(out, fileRange{p.offset, int64(p.length), p.sum})
			}
		}
		for k := range t.pages {
			p := &t.pages[k]
			out = append(out, fileRange{p.offset, int64(p.length), p.sum})
		}
	}
	slices.SortFunc(out, func(a, b fileRange) int {
		switch {
		case a.offset < b.offset:
			return -1
		case a.offset > b.offset:
			return 1
		}
		return 0
	})
	return out, nil
}
