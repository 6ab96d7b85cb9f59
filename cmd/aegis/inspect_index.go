package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

type inspectIndexCmd struct {
	Path string `arg:"" type:"path" help:"File of the index (.ix), below the folder of the data."`
	JSON bool   `name:"json" help:"Print JSON."`
}

type indexReport struct {
	Index     string         `json:"index"`
	Table     string         `json:"table"`
	Segment   meta.SegmentID `json:"segment"`
	Method    string         `json:"method"`
	Rows      int64          `json:"rows"`
	Keys      int64          `json:"keys"`
	Bytes     int64          `json:"bytes"`
	Checksums string         `json:"checksums"` // "ok", or what is wrong
}

// Run prints what one file of an index is, and checks every byte of it.
func (c *inspectIndexCmd) Run(ctx context.Context, s streams) error {
	dir, err := dataDir(c.Path)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return err
	}
	name = filepath.ToSlash(name)
	table, id, number, ok := segment.ParseIndexName(name)
	if !ok {
		return usageError{path + " is not the file of an index; they are in " + filepath.Join(dir, "segments")}
	}
	snap, err := readCatalog(ctx, dir)
	if err != nil {
		return err
	}
	r := indexReport{Segment: meta.SegmentID(id), Checksums: "ok"}
	for _, x := range snap.Indexes(meta.TableID(table)) {
		if uint64(x.File) == number {
			t := snap.TableByID(x.Table)
			r.Index, r.Table = x.Name, t.Schema+"."+t.Name
		}
	}
	record := snap.Manifest(meta.TableID(table)).Segment(r.Segment)
	if r.Index == "" || record == nil {
		return fmt.Errorf("%s: the catalog has no such index or segment: the file is garbage that waits to be removed", path)
	}
	f, err := segment.NewLocalFiles(vfs.OS(), dir).Open(ctx, name)
	if err != nil {
		return err
	}
	r.Rows, r.Bytes = record.Rows, f.Size()
	reader, damage := rowindex.Open(f, rowindex.Ref{Table: table, Segment: id, Index: number, Rows: record.Rows})
	if damage == nil {
		defer reader.Close()
		r.Method, r.Keys = reader.Method().String(), reader.KeyCount()
		damage = reader.Verify(ctx)
	}
	if damage != nil {
		r.Checksums = damage.Error()
	}
	if c.JSON {
		err = printJSON(s.out, r)
	} else {
		_, err = fmt.Fprintf(s.out, "index      %s (%s) on %s, segment %d\nrows       %d, of %d keys\nbytes      %d\nchecksums  %s\n",
			r.Index, r.Method, r.Table, r.Segment, r.Rows, r.Keys, r.Bytes, r.Checksums)
	}
	if damage != nil {
		return damage
	}
	return err
}
