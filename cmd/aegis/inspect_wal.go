package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"

	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

type inspectWALCmd struct {
	Path  string `arg:"" type:"path" help:"Folder of the data."`
	Shard uint32 `help:"Number of the shard." default:"1"`
	JSON  bool   `name:"json" help:"Print JSON."`
}

type walReport struct {
	Files   []string    `json:"files"`
	Series  int         `json:"series_defined"`
	Rows    int         `json:"rows"`
	Ended   int64       `json:"rows_ended"`
	Flushed meta.Seq    `json:"flushed"` // commits up to here are in segments, and not listed
	Commits []commitRow `json:"commits"`
}

type commitRow struct {
	File   string         `json:"file"`
	Seq    meta.Seq       `json:"seq"`
	Time   string         `json:"time"`
	Tables map[uint64]int `json:"rows_by_table"`
	Ended  int64          `json:"rows_ended,omitempty"`
}

// Run prints the commits of a log; damage is told on standard error, and what can be read is printed all the same.
func (c *inspectWALCmd) Run(ctx context.Context, s streams) error {
	dir, err := dataDir(c.Path)
	if err != nil {
		return err
	}
	snap, err := readCatalog(ctx, dir)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "wal")
	if _, err := os.Stat(folder); err != nil {
		return fmt.Errorf("%s has no write-ahead log", dir)
	}
	memory := memfs.New()
	if err := copyFolder(memory, folder); err != nil {
		return err
	}
	r := walReport{Flushed: snap.FlushedSeq(meta.ShardID(c.Shard)), Files: []string{}, Commits: []commitRow{}}
	// Any epoch will do: nobody writes to the copy. Repair is what reads on after damage.
	log, err := wal.Open(wal.Options{
		FS: memory, Dir: folder, Shard: meta.ShardID(c.Shard), Epoch: math.MaxUint64, Flushed: r.Flushed, Repair: true,
		Logger: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, wal.Replay{
		File:   func(name string) { r.Files = append(r.Files, filepath.Base(name)) },
		Define: func(meta.TableID, uint32, []byte) error { r.Series++; return nil },
		Commit: r.commit,
	})
	if err != nil {
		return err
	}
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, r)
	}
	r.print(s.out)
	return nil
}

func (r *walReport) commit(record *wal.Record) error {
	row := commitRow{Seq: record.Seq, Time: commitTime(record.Time), Tables: map[uint64]int{}}
	if len(r.Files) > 0 {
		row.File = r.Files[len(r.Files)-1]
	}
	for i := range record.Tables {
		t := &record.Tables[i]
		row.Tables[uint64(t.Table)] += t.Rows
		r.Rows += t.Rows
	}
	for i := range record.Ends {
		n := record.Ends[i].Rows()
		row.Ended += n
		r.Ended += n
	}
	r.Commits = append(r.Commits, row)
	return nil
}

func (r *walReport) print(w io.Writer) {
	fmt.Fprintf(w, "%d files, %d definitions of series; commits up to %d are in segments; after that %d commits with %d rows, which end %d\n",
		len(r.Files), r.Series, r.Flushed, len(r.Commits), r.Rows, r.Ended)
	for _, c := range r.Commits {
		fmt.Fprintf(w, "%s  commit %d  %s", c.File, c.Seq, c.Time)
		for table, rows := range c.Tables {
			fmt.Fprintf(w, "  table %d: %d rows", table, rows)
		}
		if c.Ended > 0 {
			fmt.Fprintf(w, "  %d rows end", c.Ended)
		}
		fmt.Fprintln(w)
	}
}
