package segment

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
)

// DataName is the name of a segment's Parquet file. Paths are made of ids, never of names: a rename touches nothing.
func DataName(table, segment uint64) string {
	return fmt.Sprintf("segments/%d/%d.parquet", table, segment)
}

// SidecarName is the name of a segment's index.
func SidecarName(table, segment uint64) string {
	return fmt.Sprintf("segments/%d/%d.idx", table, segment)
}

// VectorName is the name of one version of a segment's deletion vector.
func VectorName(table, segment, version uint64) string {
	return fmt.Sprintf("segments/%d/%d.%d.dv", table, segment, version)
}

// IndexName is the name of a file of an index, by the number of the index's files.
func IndexName(table, segment, index uint64) string {
	return fmt.Sprintf("segments/%d/%d.%d.ix", table, segment, index)
}

// ParseIndexName takes the name of a file of an index apart.
func ParseIndexName(name string) (table, segment, index uint64, ok bool) {
	if n, err := fmt.Sscanf(name, "segments/%d/%d.%d.ix", &table, &segment, &index); n != 3 || err != nil {
		return 0, 0, 0, false
	}
	return table, segment, index, name == IndexName(table, segment, index)
}

// TablePrefix is what the names of all files of a table start with.
func TablePrefix(table uint64) string { return fmt.Sprintf("segments/%d/", table) }

// ParseName takes a name apart, for sweeping orphans. vector is 0 for the Parquet file and the sidecar.
func ParseName(name string) (table, segment, vector uint64, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 || parts[0] != "segments" {
		return 0, 0, 0, false
	}
	table, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return 0, 0, 0, false
	}
	base := strings.Split(parts[2], ".")
	if segment, err = strconv.ParseUint(base[0], 10, 64); err != nil {
		return 0, 0, 0, false
	}
	switch {
	case len(base) == 2 && base[1] == "parquet":
		return table, segment, 0, name == DataName(table, segment)
	case len(base) == 2 && base[1] == "idx":
		return table, segment, 0, name == SidecarName(table, segment)
	case len(base) == 3 && base[2] == "dv":
		vector, err = strconv.ParseUint(base[1], 10, 64)
		return table, segment, vector, err == nil && vector != 0 && name == VectorName(table, segment, vector)
	}
	return 0, 0, 0, false
}

// Options says what a Writer writes. Zero values mean the defaults below.
type Options struct {
	Table, Segment uint64
	Schema         *column.Schema
	// Level is 0 for flushed rows, higher after merges; it decides the defaults.
	Level uint8
	// PageRows is the most rows of a page, a multiple of scan.BatchRows.
	PageRows int
	// GroupRows, GroupSeries and GroupBytes (of decoded values) bound a row group, and with it the writer's memory.
	GroupRows, GroupSeries int
	GroupBytes             int64
	// ZstdLevel is in zstd's own scale, 1 to 22.
	ZstdLevel int
	// Pool accounts for what is buffered; may be nil.
	Pool *mem.Pool
}

// Fresh pages of 8 k rows are decoded in some 30 µs each, which is what reading one series of a fresh segment costs. Merged
// segments trade some of that for size (random walks: 0.31 bytes a value against 0.22).
const (
	freshPageRows  = 8 << 10
	mergedPageRows = 32 << 10
	groupRows      = 256 << 10
	groupSeries    = 16 << 10
	groupBytes     = 64 << 20
	pageBytes      = 1 << 20 // of decoded text: wide values make shorter pages
	maxRows        = 1<<31 - 1
)

func (o Options) withDefaults() (Options, error) {
	if o.Schema == nil {
		return o, column.Errorf(column.Internal, "segment %d: no schema", o.Segment)
	}
	if o.PageRows == 0 {
		o.PageRows = freshPageRows
		if o.Level > 0 {
			o.PageRows = mergedPageRows
		}
	}
	if o.GroupRows == 0 {
		o.GroupRows = max(groupRows, o.PageRows)
	}
	if o.GroupSeries == 0 {
		o.GroupSeries = groupSeries
	}
	if o.GroupBytes == 0 {
		o.GroupBytes = groupBytes
	}
	if o.ZstdLevel == 0 {
		o.ZstdLevel = 1
		if o.Level > 0 {
			o.ZstdLevel = 3
		}
	}
	if o.PageRows < 1 || o.GroupRows < o.PageRows || o.GroupSeries < 1 || o.GroupBytes < 1 {
		return o, column.Errorf(column.Internal, "segment %d: page of %d rows, group of %d rows, %d series, %d bytes", o.Segment, o.PageRows, o.GroupRows, o.GroupSeries, o.GroupBytes)
	}
	return o, nil
}

// Info is what a finished segment's catalog record needs beside ids, partition, seqs and the schema's version.
type Info struct {
	Rows, Series int64
	// MinTime and MaxTime bound the time column; both 0 for tables without one.
	MinTime, MaxTime int64
	DataBytes        int64
	SidecarBytes     int64
	SidecarSum       uint32 // CRC32C of the whole sidecar
}

// Ref names a segment and what is known of its files: Open refuses files that differ.
type Ref struct {
	Table, Segment uint64
	Rows           int64
	DataBytes      int64
	SidecarBytes   int64
	SidecarSum     uint32
}

// Ref makes the reference to a segment just written.
func (i Info) Ref(table, segment uint64) Ref {
	return Ref{Table: table, Segment: segment, Rows: i.Rows, DataBytes: i.DataBytes, SidecarBytes: i.SidecarBytes, SidecarSum: i.SidecarSum}
}
