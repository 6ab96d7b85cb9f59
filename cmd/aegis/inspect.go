package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/meta/node"
)

// inspectCmd is aegis inspect. It reads copies in memory, so that nothing is written and a server that runs does not mind.
type inspectCmd struct {
	Catalog inspectCatalogCmd `cmd:"" help:"Databases, tables and their segments."`
	Segment inspectSegmentCmd `cmd:"" help:"Schema, encodings, sizes and bounds of a segment; checks every byte."`
	Index   inspectIndexCmd   `cmd:"" help:"A file of an index; checks every byte."`
	WAL     inspectWALCmd     `cmd:"" name:"wal" help:"Commits in the write-ahead log that are not in segments yet."`
}

// copyBytes is the most that is copied into memory.
const copyBytes = 2 << 30

// copyFolder copies a folder of the disk to memory, at the same path.
func copyFolder(to *memfs.FS, dir string) error {
	if err := to.MkdirAll(dir); err != nil {
		return err
	}
	total := int64(0)
	return filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return to.MkdirAll(name)
		}
		in, err := os.Open(name)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := to.Create(name)
		if err != nil {
			return err
		}
		defer out.Close()
		n, err := io.Copy(out, io.LimitReader(in, copyBytes-total+1))
		if total += n; total > copyBytes {
			return column.Errorf(column.Limit, "%s has more than 2 GiB: too much to look at at once", dir)
		}
		return err
	})
}

// dataDir finds the folder of a database from a path inside of it.
func dataDir(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(filepath.Join(dir, "catalog")); err == nil && info.IsDir() {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside of a database's folder: none around it has a folder named catalog", path)
		}
	}
}

// readCatalog reads the newest state of the catalog of a database's folder.
func readCatalog(ctx context.Context, dir string) (*meta.Snapshot, error) {
	memory := memfs.New()
	dir = filepath.Join(dir, "catalog")
	if err := copyFolder(memory, dir); err != nil {
		return nil, err
	}
	n, err := node.Open(ctx, node.Options{FS: memory, Dir: dir})
	if err != nil {
		return nil, err
	}
	return n.Snapshot(), n.Close()
}

// printJSON prints a value for programs.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// timeText prints a value of a time column.
func timeText(v int64, t column.Type) string {
	return string(literal.AppendRFC3339(nil, v, t))
}

// timeType is the type of a schema's time column; unknown if it has none.
func timeType(s *column.Schema) column.Type {
	if i := s.Index(s.Time); s.Time != 0 && i >= 0 {
		return s.Fields[i].Type
	}
	return column.T(column.Unknown)
}

func span(minTime, maxTime int64, t column.Type) string {
	if !t.IsTime() {
		return "-"
	}
	return timeText(minTime, t) + " .. " + timeText(maxTime, t)
}

type inspectCatalogCmd struct {
	Path string `arg:"" type:"path" help:"Folder of the data."`
	JSON bool   `name:"json" help:"Print JSON."`
}

type catalogReport struct {
	Version   meta.Version  `json:"version"`
	Databases []databaseRow `json:"databases"`
	Garbage   int           `json:"garbage"`
}

type databaseRow struct {
	*meta.Database
	Tables []tableRow `json:"tables"`
}

type tableRow struct {
	*meta.Table
	Rows     int64           `json:"rows"`
	Bytes    int64           `json:"bytes"`
	Indexes  []*meta.Index   `json:"indexes,omitempty"`
	Segments []*meta.Segment `json:"segments"`
}

// Run prints the catalog.
func (c *inspectCatalogCmd) Run(ctx context.Context, s streams) error {
	dir, err := dataDir(c.Path)
	if err != nil {
		return err
	}
	snap, err := readCatalog(ctx, dir)
	if err != nil {
		return err
	}
	r := catalogReport{Version: snap.Version, Garbage: len(snap.Garbage()), Databases: []databaseRow{}}
	for _, d := range snap.Databases() {
		row := databaseRow{Database: d, Tables: []tableRow{}}
		for _, t := range snap.Tables(d.ID) {
			m := snap.Manifest(t.ID)
			tr := tableRow{Table: t, Rows: m.LiveRows(), Bytes: m.Bytes(), Indexes: snap.Indexes(t.ID), Segments: []*meta.Segment{}}
			for seg := range m.All() {
				tr.Segments = append(tr.Segments, seg)
			}
			row.Tables = append(row.Tables, tr)
		}
		r.Databases = append(r.Databases, row)
	}
	if c.JSON {
		return printJSON(s.out, r)
	}
	r.print(s.out)
	return nil
}

func (r *catalogReport) print(w io.Writer) {
	fmt.Fprintf(w, "catalog version %d, %d files wait to be removed\n", r.Version, r.Garbage)
	for _, d := range r.Databases {
		fmt.Fprintf(w, "\ndatabase %s (%d)\n", d.Name, d.ID)
		for _, t := range d.Tables {
			fmt.Fprintf(w, "  table %s.%s (%d): %d rows in %d segments, %d bytes\n", t.Schema, t.Name, t.ID, t.Rows, len(t.Segments), t.Bytes)
			for _, x := range t.Indexes {
				fmt.Fprintf(w, "    index %s (%d): %s, files numbered %d\n", x.Name, x.ID, x.Method, x.File)
			}
			kind := timeType(&t.Columns)
			for _, seg := range t.Segments {
				fmt.Fprintf(w, "    segment %d: level %d, partition %d, %d rows (%d deleted), %d + %d bytes, %s\n", seg.ID, seg.Level, seg.Partition,
					seg.Rows, seg.Rows-seg.LiveRows(), seg.DataBytes, seg.SidecarBytes, span(seg.MinTime, seg.MaxTime, kind))
			}
		}
	}
}

// commitTime prints when a commit was made.
func commitTime(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano) }
