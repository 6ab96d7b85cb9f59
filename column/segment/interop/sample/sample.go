// Package sample writes a segment with a column of every type, for readers that are not ours.
package sample

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// Sample is what was written: the rows, a flat vector per field.
type Sample struct {
	Name    string // of the Parquet file, below the folder
	Schema  *column.Schema
	Columns []*column.Vector
	Rows    int
}

// Write writes four series of n rows each, in small pages and row groups; some columns repeat, some do not, one is all NULL.
func Write(ctx context.Context, dir string, n int) (*Sample, error) {
	s := &column.Schema{Version: 1, Time: 1, Tags: []column.ID{2, 3}, Key: []column.ID{2, 3, 1}, Partition: 1 << 60}
	add := func(name string, k column.Kind, notNull bool) {
		s.Fields = append(s.Fields, column.Field{ID: column.ID(len(s.Fields) + 1), Name: name, Type: column.T(k), NotNull: notNull})
	}
	add("time", column.TimestampNS, true)
	add("host", column.Text, false)
	add("rack", column.Int32, false)
	for k := column.Bool; k <= column.JSON; k++ {
		add(fmt.Sprintf("few_%d", k), k, false)
		add(fmt.Sprintf("many_%d", k), k, true)
		add(fmt.Sprintf("some_%d", k), k, false)
		add(fmt.Sprintf("none_%d", k), k, false)
	}
	for _, m := range []column.Mod{column.NumericMod(5, 2), column.NumericMod(18, 6), column.NumericMod(19, 4), column.NumericMod(38, 12)} {
		for _, name := range []string{"few", "many", "some", "none"} {
			add(fmt.Sprintf("%s_decimal_%d", name, m), column.Numeric, name == "many")
			s.Fields[len(s.Fields)-1].Mod = m
		}
	}
	w, err := segment.NewWriter(ctx, segment.NewLocalFiles(vfs.OS(), dir), segment.Options{Table: 1, Segment: 1, Schema: s, PageRows: 1024, GroupRows: 5000})
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	r := rand.New(rand.NewPCG(1, 2))
	builders := make([]*column.Builder, len(s.Fields))
	for i, f := range s.Fields {
		builders[i] = column.NewBuilder(f.Type, 0)
	}
	for series := range 4 {
		columns := make([]*column.Vector, len(s.Fields))
		encoded := key.AppendBytes(nil, fmt.Appendf(nil, "host-%d", series/2))
		if series%2 == 0 {
			encoded = key.AppendInt(encoded, int64(-series))
		} else {
			encoded = key.AppendNull(encoded)
		}
		for i, f := range s.Fields {
			b := column.NewBuilder(f.Type, n)
			for row := range n {
				switch {
				case f.ID == 2:
					b.AppendString(fmt.Sprintf("host-%d", series/2))
				case f.ID == 3 && series%2 == 0:
					b.AppendInt(int64(-series))
				case f.ID == 3, i >= 3 && (i-3)%4 == 3, i >= 3 && (i-3)%4 != 1 && r.IntN(5) == 0, i >= 3 && (i-3)%4 == 2 && series == 1:
					b.AppendNull()
				case f.ID == 1:
					b.AppendInt(1_700_000_000e9 + int64(row)*1e9)
				case f.Mod != 0:
					p, scale, _ := f.Mod.Numeric()
					v := int64(r.Uint64()) % int64(math.Pow10(min(p, 18)))
					if (i-3)%4 == 0 {
						v %= 3
					}
					text := column.AppendScaled(nil, v, int32(scale))
					if p > 18 && (i-3)%4 != 0 && row%3 == 0 { // as many digits as there may be
						text = append(fmt.Appendf(nil, "%d", v/100)[:1:1], []byte(strings.Repeat("7", p-scale-1)+".")...)
						if text[0] == '-' {
							text[1] = '9'
						}
						text = append(text, strings.Repeat("3", scale)...)
					}
					b.AppendBytes(text)
				default:
					random(b, r, i >= 3 && (i-3)%4 == 0)
				}
			}
			columns[i] = b.Finish()
			builders[i].AppendVector(columns[i], 0, n)
		}
		if err := w.AppendRun(encoded, columns, n); err != nil {
			return nil, err
		}
	}
	if _, err := w.Finish(); err != nil {
		return nil, err
	}
	out := &Sample{Name: filepath.FromSlash(segment.DataName(1, 1)), Schema: s, Rows: 4 * n}
	for _, b := range builders {
		out.Columns = append(out.Columns, b.Finish())
	}
	return out, nil
}

func random(b *column.Builder, r *rand.Rand, few bool) {
	v := int64(r.Uint64() >> 2)
	if few {
		v = int64(r.IntN(5)) - 2
	}
	switch b.Type().Kind {
	case column.Bool:
		b.AppendBool(v&1 != 0)
	case column.Int16:
		b.AppendInt(int64(int16(v)))
	case column.Date:
		b.AppendInt(v % 20_000)
	case column.Int32:
		b.AppendInt(int64(int32(v) % 1_000_000))
	case column.Int64, column.Timestamp, column.TimestampTZ, column.TimestampNS:
		b.AppendInt(v % 4e15)
	case column.Float32:
		b.AppendFloat(float64(float32(v) / 3))
	case column.Float64:
		if few {
			b.AppendFloat([]float64{math.NaN(), math.Copysign(0, -1), math.Inf(1), 1.5, 0}[v+2])
		} else {
			b.AppendFloat(r.NormFloat64())
		}
	case column.IntervalKind:
		b.AppendInterval(column.Interval{Months: int32(v % 100), Days: int32(v % 1000), Micros: v})
	case column.Numeric:
		b.AppendString(fmt.Sprintf("%d.%02d", v, (v%100+100)%100))
	case column.JSON:
		b.AppendString(fmt.Sprintf(`{"v":%d}`, v))
	default:
		b.AppendString(fmt.Sprintf("text ä %d", v))
	}
}
