package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

type inspectSegmentCmd struct {
	Path string `arg:"" type:"path" help:"File of the segment, below the folder of the data."`
	JSON bool   `name:"json" help:"Print JSON."`
}

type segmentReport struct {
	Table     string       `json:"table"`
	Segment   meta.Segment `json:"segment"`
	Series    int          `json:"series"`
	Time      string       `json:"time"`
	RowGroups int          `json:"row_groups"`
	Columns   []chunkRow   `json:"columns"`
	Parts     []partRow    `json:"parts"`
	Checksums string       `json:"checksums"` // "ok", or what is wrong
}

// chunkRow is a column over all row groups.
type chunkRow struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Encodings    []string `json:"encodings"`
	Compression  []string `json:"compression"`
	Bytes        int64    `json:"bytes"`
	Uncompressed int64    `json:"uncompressed"`
}

// partRow is what some of the bytes of both files are for.
type partRow struct {
	Part  string `json:"part"`
	Of    string `json:"of,omitempty"` // a column, or a label
	Bytes int64  `json:"bytes"`
}

// Run prints a segment, and fails if it is damaged.
func (c *inspectSegmentCmd) Run(ctx context.Context, s streams) error {
	dir, err := dataDir(c.Path)
	if err != nil {
		return err
	}
	record, table, err := findSegment(ctx, dir, c.Path)
	if err != nil {
		return err
	}
	files := segment.NewLocalFiles(vfs.OS(), dir)
	ref := segment.Ref{
		Table: uint64(table.ID), Segment: uint64(record.ID), Rows: record.Rows, DataBytes: record.DataBytes,
		SidecarBytes: record.SidecarBytes, SidecarSum: record.SidecarSum,
	}
	r := segmentReport{Table: table.Schema + "." + table.Name, Segment: *record, Checksums: "ok"}
	damage := segment.Verify(ctx, files, ref)
	if damage != nil {
		r.Checksums = damage.Error()
	}
	if reader, err := segment.Open(ctx, files, ref, segment.ReadOptions{}); err == nil {
		r.Series = reader.SeriesCount()
		r.Time = span(record.MinTime, record.MaxTime, timeType(reader.Schema()))
		if parts, err := reader.Account(ctx); err == nil { // if not, the checksums have said so
			r.account(parts, reader.Schema())
		}
		_ = reader.Close() // it was only read
	}
	if err := r.footer(filepath.Join(dir, filepath.FromSlash(segment.DataName(ref.Table, ref.Segment)))); err != nil && damage == nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, r)
	} else {
		r.print(s.out)
	}
	if damage != nil {
		return damage
	}
	return err
}

// account lists what the bytes are for, the most first.
func (r *segmentReport) account(parts []segment.Part, schema *column.Schema) {
	for _, p := range parts {
		of := p.Label
		if i := schema.Index(p.Column); i >= 0 && of == "" {
			of = schema.Fields[i].Name
		}
		if p.Bytes > 0 {
			r.Parts = append(r.Parts, partRow{p.What, of, p.Bytes})
		}
	}
	slices.SortStableFunc(r.Parts, func(a, b partRow) int { return cmp.Compare(b.Bytes, a.Bytes) })
}

// findSegment finds what the catalog knows of a file.
func findSegment(ctx context.Context, dir, path string) (*meta.Segment, *meta.Table, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return nil, nil, err
	}
	tableID, segmentID, _, ok := segment.ParseName(filepath.ToSlash(name))
	if !ok {
		return nil, nil, usageError{path + " is not the file of a segment; they are in " + filepath.Join(dir, "segments")}
	}
	snap, err := readCatalog(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	table := snap.TableByID(meta.TableID(tableID))
	if table == nil {
		return nil, nil, fmt.Errorf("%s: the catalog has no table %d: the file is garbage that waits to be removed", path, tableID)
	}
	record := snap.Manifest(table.ID).Segment(meta.SegmentID(segmentID))
	if record == nil {
		return nil, nil, fmt.Errorf("%s: the catalog has no segment %d of %s.%s: the file is garbage that waits to be removed", path, segmentID, table.Schema, table.Name)
	}
	return record, table, nil
}

// footer reads what the Parquet file says about its columns, as any other reader would.
func (r *segmentReport) footer(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: footer: %w", name, err)
	}
	groups := p.Metadata().RowGroups
	r.RowGroups = len(groups)
	for g := range groups {
		for k := range groups[g].Columns {
			m := &groups[g].Columns[k].MetaData
			if g == 0 {
				r.Columns = append(r.Columns, chunkRow{Name: strings.Join(m.PathInSchema, "."), Type: m.Type.String()})
			}
			row := &r.Columns[k]
			for _, e := range m.Encoding {
				row.Encodings = appendNew(row.Encodings, e.String())
			}
			row.Compression = appendNew(row.Compression, m.Codec.String())
			row.Bytes += m.TotalCompressedSize
			row.Uncompressed += m.TotalUncompressedSize
		}
	}
	return nil
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

func (r *segmentReport) print(w io.Writer) {
	s := &r.Segment
	fmt.Fprintf(w, "segment %d of %s: level %d, partition %d\n", s.ID, r.Table, s.Level, s.Partition)
	fmt.Fprintf(w, "rows       %d (%d deleted) of %d series, in %d row groups\n", s.Rows, s.Rows-s.LiveRows(), r.Series, r.RowGroups)
	fmt.Fprintf(w, "time       %s\ncommits    %d .. %d\nbytes      %d data, %d sidecar\nchecksums  %s\n\n", r.Time, s.MinSeq, s.MaxSeq, s.DataBytes, s.SidecarBytes, r.Checksums)
	t := &table{names: []string{"column", "type", "bytes", "uncompressed", "compression", "encodings"}, right: []bool{false, false, true, true, false, false}}
	for _, c := range r.Columns {
		t.cells = append(t.cells, []string{
			c.Name, c.Type, fmt.Sprint(c.Bytes), fmt.Sprint(c.Uncompressed), strings.Join(c.Compression, " "), strings.Join(c.Encodings, " "),
		})
	}
	_ = t.print(w) // standard output that is gone is nobody's concern
	total := max(1, s.DataBytes+s.SidecarBytes)
	t = &table{names: []string{"bytes for", "of", "bytes", "%", "per row"}, right: []bool{false, false, true, true, true}}
	for _, p := range r.Parts {
		t.cells = append(t.cells, []string{
			p.Part, p.Of, fmt.Sprint(p.Bytes), fmt.Sprintf("%.1f", float64(p.Bytes)*100/float64(total)), fmt.Sprintf("%.4f", float64(p.Bytes)/float64(max(1, s.Rows))),
		})
	}
	fmt.Fprintln(w)
	_ = t.print(w)
}
