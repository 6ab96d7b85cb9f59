package api

import (
	"bytes"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// drawVector draws n rows of a type, in one of the encodings that batches have.
func drawVector(t *rapid.T, typ column.Type, n int) *column.Vector {
	flat := func(n int) *column.Vector {
		b := column.NewBuilder(typ, n)
		some := rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "one NULL in")
		for range n {
			switch {
			case some > 0 && rapid.IntRange(1, some).Draw(t, "null") == 1:
				b.AppendNull()
			case typ.Kind == column.Text:
				b.AppendString(rapid.SampledFrom([]string{"", "host_1", "eu-central-1a", "a longer text without any escapes", `"quoted" text`, "zwölf\n"}).Draw(t, "text"))
			case typ.Kind == column.Numeric:
				b.AppendString(rapid.SampledFrom([]string{"1", "-0.5", "45.1234567890123456", "NaN", "12345678901234567890.25"}).Draw(t, "number"))
			default:
				b.AppendInt(rapid.SampledFrom([]int64{0, 99, -1, 1e15, 1e15 + 1e6}).Draw(t, "integer"))
			}
		}
		return b.Finish()
	}
	switch rapid.IntRange(0, 3).Draw(t, "encoding") {
	case 0:
		return column.NewConst(flat(1), 0, n)
	case 1:
		var ends []int32
		for end := 0; end < n; {
			end = min(n, end+rapid.SampledFrom([]int{1, 2, 7, 40}).Draw(t, "run"))
			ends = append(ends, int32(end))
		}
		return &column.Vector{Type: typ, Enc: column.RunEnd, Len: n, Child: flat(len(ends)), Ends: ends}
	case 2:
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(rapid.IntRange(0, 2).Draw(t, "code"))
		}
		return &column.Vector{Type: typ, Enc: column.Dict, Len: n, Child: flat(3), Codes: codes}
	}
	return flat(n)
}

// TestJSONRow: rows have the values that each column has on its own, whatever its encoding, batch after batch.
func TestJSONRow(t *testing.T) {
	kinds := []column.Kind{column.Text, column.Numeric, column.Int64, column.TimestampTZ}
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 6).Draw(t, "types")
		row := newJSONRow(commas(len(types)), nil)
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			b := &scan.Batch{Len: rapid.IntRange(1, 60).Draw(t, "rows")}
			for _, k := range types {
				b.Columns = append(b.Columns, drawVector(t, column.T(k), b.Len))
			}
			row.start(b)
			for i := range b.Len {
				var want []byte
				for k, v := range b.Columns {
					if k > 0 {
						want = append(want, ',')
					}
					want = appendJSONValue(want, v, i, nil)
				}
				if got := row.append(nil, i); !bytes.Equal(got, want) {
					t.Fatalf("row %d: %s, want %s", i, got, want)
				}
			}
		}
	})
}

// TestSpoolMemory: what spools hold in memory beyond their first share has a bound, and is given back.
func TestSpoolMemory(t *testing.T) {
	var shared atomic.Int64
	spools := make([]spool, 8)
	for i := range spools {
		spools[i].shared = &shared
		for spools[i].reserve(pieceBytes) {
		}
		if held := spools[i].held; held < spoolMemory || held > spoolMost {
			t.Errorf("spool %d holds %d bytes", i, held)
		}
	}
	if n := shared.Load(); n > spoolShare || n < spoolShare/2 {
		t.Errorf("%d bytes are shared", n)
	}
	for i := range spools {
		spools[i].close()
	}
	if n := shared.Load(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}
