package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

// appendDecimal appends a value of numeric(p,s), now and then NaN.
func appendDecimal(b *column.Builder, r *rand.Rand, few bool, mod column.Mod) {
	p, scale, _ := mod.Numeric()
	limit := int64(math.Pow10(min(p, 18)))
	v := r.Int64N(2*limit-1) - limit + 1
	if few {
		v %= 5
	}
	if r.IntN(300) == 0 {
		b.AppendString("NaN")
		return
	}
	b.AppendBytes(column.AppendScaled(nil, v, int32(scale)))
}

// model is a table in the plainest form: a vector per field, rows in the table's order, and the series of each row.
type model struct {
	schema  *column.Schema
	columns []*column.Vector // flat
	series  [][]byte         // of each row
	runs    []scan.Run
	n       int
	number  column.ID // a column that numbers the rows
}

var allKinds = []column.Kind{
	column.Bool, column.Int16, column.Int32, column.Int64, column.Float32, column.Float64, column.Numeric, column.Text, column.Bytea,
	column.Date, column.Timestamp, column.TimestampTZ, column.TimestampNS, column.IntervalKind, column.JSON,
}

var oddFloats = []float64{
	math.NaN(), math.Float64frombits(0x7ff8dead00000000), math.Float64frombits(0xfff8000020000000), math.Copysign(0, -1), 0, math.Inf(1), math.Inf(-1), 1.5, -2,
}

// appendRandom appends a value, drawn from few or from many.
func appendRandom(b *column.Builder, r *rand.Rand, few bool) {
	t := b.Type()
	switch t.Physical() {
	case column.PhysBool:
		b.AppendBool(r.IntN(2) == 0)
	case column.PhysInt:
		v := int64(r.Uint64())
		if few {
			v = int64(r.IntN(9)) - 4
		}
		switch t.Kind {
		case column.Int16:
			v = int64(int16(v))
		case column.Int32, column.Date:
			v = int64(int32(v))
		}
		b.AppendInt(v)
	case column.PhysFloat:
		v := r.NormFloat64()
		if few || r.IntN(4) == 0 {
			v = oddFloats[r.IntN(len(oddFloats))]
		}
		if t.Kind == column.Float32 {
			v = float64(float32(v))
		}
		b.AppendFloat(v)
	case column.PhysInterval:
		b.AppendInterval(column.Interval{Months: int32(r.Uint32()), Days: int32(r.Uint32()), Micros: int64(r.Uint64())})
	default:
		s := fmt.Sprintf("v%d", r.IntN(4))
		if !few {
			s = strings.Repeat("ä", r.IntN(30)) + fmt.Sprint(r.IntN(1000))
		}
		if r.IntN(8) == 0 {
			s = ""
		}
		b.AppendString(s)
	}
}

// randomModel makes a table with tags and, mostly, time.
func randomModel(r *rand.Rand, maxRows int) *model {
	m := &model{schema: &column.Schema{Version: 3, Partition: 1 << 60}}
	s := m.schema
	s.LabelSets = r.IntN(3) == 0
	tagKinds := []column.Kind{column.Text, column.Int32, column.Bool, column.Text}
	tags := r.IntN(4)
	if s.LabelSets {
		tags = 2
	}
	add := func(k column.Kind, notNull bool) column.ID {
		id := column.ID(len(s.Fields) + 1)
		s.Fields = append(s.Fields, column.Field{ID: id, Name: fmt.Sprintf("c%d", id), Type: column.T(k), NotNull: notNull})
		return id
	}
	if r.IntN(5) > 0 {
		s.Time = add([]column.Kind{column.Timestamp, column.TimestampTZ, column.TimestampNS}[r.IntN(3)], r.IntN(2) == 0)
	}
	for i := range tags {
		k := tagKinds[r.IntN(len(tagKinds))]
		if s.LabelSets {
			k = []column.Kind{column.Text, column.JSON}[i]
		}
		s.Tags = append(s.Tags, add(k, false))
	}
	for range 1 + r.IntN(5) {
		add(allKinds[r.IntN(len(allKinds))], r.IntN(3) == 0)
		if f := &s.Fields[len(s.Fields)-1]; f.Type.Kind == column.Numeric && r.IntN(4) > 0 {
			p := 1 + r.IntN(20) // beyond 18 they are text
			f.Mod = column.NumericMod(p, r.IntN(p+1))
		}
	}
	m.number = add(column.Int64, true)
	m.fill(r, 1+r.IntN(maxRows))
	return m
}

// tagValues makes one series' tags.
func (m *model) tagTuple(r *rand.Rand) []*column.Vector {
	var out []*column.Vector
	for i, id := range m.schema.Tags {
		b := column.NewBuilder(m.schema.Fields[m.schema.Index(id)].Type, 1)
		switch {
		case r.IntN(6) == 0:
			b.AppendNull()
		case m.schema.LabelSets && i == len(m.schema.Tags)-1:
			var pairs []labels.Pair
			for _, n := range []string{"a", "b\"", "job"} {
				if r.IntN(2) == 0 {
					pairs = append(pairs, labels.Pair{Name: []byte(n), Value: fmt.Appendf(nil, "x\n%d", r.IntN(4))})
				}
			}
			text, err := labels.AppendCanonical(nil, pairs)
			if err != nil {
				panic(err)
			}
			b.AppendBytes(text)
		default:
			appendRandom(b, r, true)
		}
		out = append(out, b.Finish())
	}
	return out
}

func (m *model) fill(r *rand.Rand, n int) {
	tuples := map[string][]*column.Vector{}
	for range 1 + r.IntN(40) {
		t := m.tagTuple(r)
		var k []byte
		for _, v := range t {
			k = key.AppendValue(k, v, 0)
		}
		tuples[string(k)] = t
	}
	keys := make([]string, 0, len(tuples))
	for k := range tuples {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	builders := make([]*column.Builder, len(m.schema.Fields))
	few := make([]bool, len(builders))
	for i, f := range m.schema.Fields {
		builders[i] = column.NewBuilder(f.Type, 0)
		few[i] = r.IntN(2) == 0
	}
	unsorted := r.IntN(6) == 0
	for i, k := range keys {
		rows := 1 + r.IntN(2*n/len(keys)+1)
		if i == 0 && m.n == 0 {
			rows = max(rows, 1)
		}
		m.runs = append(m.runs, scan.Run{Start: int32(m.n), Len: int32(rows)})
		t := int64(r.IntN(50))
		nulls := r.IntN(3) // none, some, all
		for range rows {
			m.series = append(m.series, []byte(k))
			t += int64(r.IntN(3))
			if unsorted {
				t = int64(r.IntN(100))
			}
			for i, f := range m.schema.Fields {
				switch tag := slices.Index(m.schema.Tags, f.ID); {
				case f.ID == m.number:
					builders[i].AppendInt(int64(m.n))
				case f.ID == m.schema.Time:
					builders[i].AppendInt(t)
				case tag >= 0:
					builders[i].AppendRow(tuples[k][tag], 0)
				case !f.NotNull && (nulls == 2 || nulls == 1 && r.IntN(3) == 0):
					builders[i].AppendNull()
				case f.Mod != 0:
					appendDecimal(builders[i], r, few[i], f.Mod)
				default:
					appendRandom(builders[i], r, few[i])
				}
			}
			m.n++
		}
	}
	for _, b := range builders {
		m.columns = append(m.columns, b.Finish())
	}
}

func smallOptions(m *model, r *rand.Rand) Options {
	page := 1 + r.IntN(60)
	return Options{
		Table: 7, Segment: 9, Schema: m.schema, PageRows: page, GroupRows: page + r.IntN(300), GroupSeries: 1 + r.IntN(30), GroupBytes: int64(1000 + r.IntN(100000)),
		Level: uint8(r.IntN(2)),
	}
}

// write stores the model, cutting runs at random.
func (m *model) write(t testing.TB, files Files, o Options, r *rand.Rand) Info {
	t.Helper()
	w, err := NewWriter(context.Background(), files, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range m.runs {
		for lo := int(run.Start); lo < int(run.Start+run.Len); {
			hi := min(int(run.Start+run.Len), lo+1+r.IntN(200))
			columns := make([]*column.Vector, len(m.columns))
			for i, f := range m.schema.Fields {
				if !m.schema.IsTag(f.ID) {
					columns[i] = m.columns[i].Slice(lo, hi)
				}
				if f.Mod != 0 && r.IntN(2) == 0 {
					if v := column.ToScaled(columns[i]); v != nil && v.HasNulls() == columns[i].HasNulls() && (v.Scale > 0 || !v.HasNulls()) {
						columns[i] = v
					}
				}
			}
			if err := w.AppendRun(m.series[lo], columns, hi-lo); err != nil {
				t.Fatal(err)
			}
			lo = hi
		}
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func newFiles() *LocalFiles { return NewLocalFiles(memfs.New(), "data") }

// cell is a value as text, to the bit.
func cell(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	switch v.Type.Physical() {
	case column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	case column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case column.PhysFloat:
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	case column.PhysInterval:
		return fmt.Sprint(v.Interval(i))
	}
	return fmt.Sprintf("%q", v.Bytes(i))
}

// readAll drains morsels in order: a text per row.
func readAll(ctx context.Context, morsels []scan.Morsel) (rows []string, err error) {
	for _, m := range morsels {
		got := int64(0)
		rd, err := m.Open(ctx, nil)
		if err != nil {
			return nil, err
		}
		for {
			b, err := rd.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, errors.Join(err, rd.Close())
			}
			more, err := batchRows(b)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
			got += int64(b.Len)
		}
		if got > m.Rows() {
			return nil, fmt.Errorf("a morsel gave %d rows and promised %d", got, m.Rows())
		}
		if err := rd.Close(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func batchRows(b *scan.Batch) ([]string, error) {
	if b.Len == 0 || b.Len > scan.BatchRows {
		return nil, fmt.Errorf("a batch of %d rows", b.Len)
	}
	at := int32(0)
	for _, r := range b.Runs {
		if r.Start != at || r.Len <= 0 {
			return nil, fmt.Errorf("run %v after row %d", r, at)
		}
		at += r.Len
	}
	if b.Runs != nil && int(at) != b.Len {
		return nil, fmt.Errorf("runs of %d rows, not %d", at, b.Len)
	}
	out := make([]string, b.Len)
	for i := range out {
		var sb strings.Builder
		for _, v := range b.Columns {
			if v.Len != b.Len {
				return nil, fmt.Errorf("a column of %d rows, not %d", v.Len, b.Len)
			}
			sb.WriteString(cell(v, i))
			sb.WriteByte('|')
		}
		out[i] = sb.String()
	}
	return out, nil
}
