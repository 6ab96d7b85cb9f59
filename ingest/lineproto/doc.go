// Package lineproto takes InfluxDB's line protocol: it decodes text straight into typed columns, makes the tables and
// columns that lines name for the first time, and hands rows to the fast path of package ingest. The tags of a series that was seen
// before are hashed and not looked at.
//
// It owns the text format, its limits, what a measurement is as a table, and what bad lines are called. It must not know
// HTTP, SQL or how rows are stored.
package lineproto

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Sink takes rows; *ingest.Points is one.
type Sink interface {
	Lookup(table meta.TableID, hashes []ingest.SeriesHash, refs []uint32) (epoch uint64, missing int)
	Define(table meta.TableID, epoch uint64, hash ingest.SeriesHash, encodedKey []byte) (uint32, error)
	Write(ctx context.Context, batches []ingest.PointBatch, ack meta.Ack) (meta.Seq, error)
}

// Target is the database that lines are written to: its tables, in schema public, and the way in.
type Target struct {
	Catalog  meta.Catalog
	Database meta.DatabaseID
	Sink     Sink
}

// Limits bound what one request may hold. Zero values stand for the defaults.
type Limits struct {
	LineBytes    int   // of one line, default 1 MiB
	Columns      int   // of one table, default 1,000
	NewTables    int   // made by one request, default 256
	RequestBytes int64 // that the rows of one request take when decoded, default 96 MiB
	// InflightBytes bound the decoded rows of all requests at a time. Default 256 MiB.
	InflightBytes int64
}

// A line's text goes into one row, which may have 1 MiB of it. Telegraf makes some 150 measurements if everything is
// switched on, and a table of more than a thousand columns is one whose tags were written as fields. A request whose rows
// take more than RequestBytes would not pass the budget of writes in flight, however long it waits.
const (
	defaultLineBytes     = 1 << 20
	defaultColumns       = 1000
	defaultNewTables     = 256
	defaultRequestBytes  = 96 << 20
	defaultInflightBytes = 256 << 20
)

func (l *Limits) defaults() {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.LineBytes, defaultLineBytes)
	set(&l.Columns, defaultColumns)
	set(&l.NewTables, defaultNewTables)
	if l.RequestBytes <= 0 {
		l.RequestBytes = defaultRequestBytes
	}
	if l.InflightBytes <= 0 {
		l.InflightBytes = defaultInflightBytes
	}
}

// maxName is the longest name that the catalog takes, in bytes.
const maxName = 255

// Report counts what a request held.
type Report struct {
	Lines   int // without blank ones and comments
	Stored  int // of Lines
	Values  int // fields of the lines that were stored
	Tables  int // that were made
	Columns int // that were added to tables which were there
	Defined int // series whose bytes were new to this process, each as often as it is there
	Seq     meta.Seq
}

// wrong makes the error of one line.
func wrong(format string, args ...any) error {
	return column.Errorf(column.Invalid, format, args...)
}
