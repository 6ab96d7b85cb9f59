package segment

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// FuzzSidecar feeds damaged bytes to every parser of the sidecar behind the checksums: an error or a result, never a panic, and no
// memory out of proportion.
func FuzzSidecar(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "v1", "9.idx"))
	if err != nil {
		f.Fatal(err)
	}
	side := oneFile{SidecarName(7, 9): b}
	data, err := os.Stat(filepath.Join("testdata", "v1", "9.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join("testdata", "v1", "rows.txt"))
	if err != nil {
		f.Fatal(err)
	}
	n := int64(1)
	for _, c := range rows {
		if c == '\n' {
			n++
		}
	}
	r, err := Open(f.Context(), side, Ref{Table: 7, Segment: 9, Rows: n, DataBytes: data.Size(), SidecarBytes: int64(len(b)), SidecarSum: sum(b)}, ReadOptions{})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range r.sections {
		f.Add(s.kind, uint8(s.column), b[s.offset:s.offset+s.length])
	}
	f.Fuzz(func(t *testing.T, kind, field uint8, b []byte) {
		switch kind {
		case sectionSeries:
			_, _ = parseBlock(b, blockSeries, 0, 1000)
		case sectionDirectory:
			_, _ = parseBlockDirectory(b, 10, &section{length: 1 << 20}, 1000)
		case sectionPages:
			fd := column.Field{ID: 1, Type: column.T(column.Kind(field)), NotNull: field > 100}
			_, _ = parsePages(b, fd, r.meta.groups, r.meta.dataBytes)
		case sectionRanges:
			_, _ = parseRanges(b)
		case sectionMeta:
			_, _, _, _ = parseMeta(b)
		default:
			_, _ = parseDirectory(b, 1<<20)
		}
	})
}

// FuzzVector: damaged deletion vectors are refused.
func FuzzVector(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "v1", "9.2.dv"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		// Behind a right checksum, as a faulty writer would leave it.
		if len(b) >= vectorTrailer {
			end := len(b) - vectorTrailer
			s := sum(b[:end])
			b = append(b[:end:end], byte(s), byte(s>>8), byte(s>>16), byte(s>>24))
		}
		bm, err := ParseVector(b, 7, 9, 2)
		if err == nil {
			for it := bm.Iterator(); it.HasNext(); {
				it.Next()
			}
		}
	})
}
