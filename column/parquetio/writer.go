package parquetio

import (
	"io"
	"runtime"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
)

// Options configures a Writer. Zero values stand for the defaults.
type Options struct {
	// GroupRows and GroupBytes (of decoded values) bound a row group. Default: 128 Ki rows, 32 MiB. Two groups are in memory at a time:
	// one fills while the other is encoded.
	GroupRows  int
	GroupBytes int64
	// Workers is how many columns are encoded at a time. Default: the cores.
	Workers int
	// Pool accounts for what is buffered; may be nil.
	Pool *mem.Pool
}

const (
	groupRows = 128 << 10 // what DuckDB and others take as the unit of parallel reading
	// DefaultGroupBytes is Options.GroupBytes where nothing else is said.
	DefaultGroupBytes = 32 << 20
)

// Writer writes batches. Not safe for concurrent use. After an error, and after Close, only Abort may be called.
type Writer struct {
	o      Options
	fields []column.Field
	file   *segment.PlainWriter
	filled []buffer
	plain  []bool // columns whose texts do not repeat enough
	rows   int
	room   int64  // bytes that filled has room for, as far as that is known
	coding *group // is being encoded

	reserved int64
}

// group is a row group on its way into the file.
type group struct {
	chunks []*segment.Chunk
	errs   []error
	bytes  int64
	done   sync.WaitGroup
}

// NewWriter starts a file of such columns; their ids are set to their numbers. A column of unknown type, as that of a bare
// NULL, is written as text.
func NewWriter(w io.Writer, fields []column.Field, o Options) (*Writer, error) {
	if o.GroupRows <= 0 {
		o.GroupRows = groupRows
	}
	if o.GroupBytes <= 0 {
		o.GroupBytes = DefaultGroupBytes
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	p := &Writer{o: o, fields: make([]column.Field, len(fields)), filled: make([]buffer, len(fields)), plain: make([]bool, len(fields))}
	for i, f := range fields {
		f.ID = column.ID(i + 1)
		switch f.Type.Kind {
		case column.Unknown:
			f.Type, f.NotNull = column.T(column.Text), false
		case column.TimeTZ, column.Record, column.JSONPath: // Parquet has no time with a zone of its own, no columns of rows of different fields, and no paths
			f.Type = column.T(column.Text)
		case column.Array:
			if isSpelled(f.Type) {
				f.Type = column.T(column.Text)
			}
		}
		p.fields[i], p.filled[i] = f, newFlat(f.Type)
	}
	var err error
	if p.file, err = segment.NewPlainWriter(w, p.fields); err != nil {
		return nil, err
	}
	types, err := typesText(fields)
	p.file.Note(typesKey, types)
	return p, err
}

// stepRows is how many rows are taken before the size of the group is looked at again: wide rows of long texts that share their bytes
// in the batch do not here.
const stepRows = 128

// Write appends the rows of a batch, which has the writer's columns. It keeps nothing of it.
func (w *Writer) Write(b *scan.Batch) error {
	if len(b.Columns) != len(w.fields) {
		return column.Errorf(column.Internal, "parquet: a batch of %d columns for %d", len(b.Columns), len(w.fields))
	}
	if len(w.fields) == 0 {
		return nil
	}
	b = spelled(b)
	for lo := 0; lo < b.Len; {
		if w.rows == 0 {
			w.choose(b)
		}
		hi := min(b.Len, lo+stepRows, lo+w.o.GroupRows-w.rows)
		full := hi-lo+w.rows == w.o.GroupRows
		for i, v := range b.Columns {
			w.filled[i].append(v, lo, hi)
			if err := w.filled[i].err(); err != nil {
				return err
			}
			if t, ok := w.filled[i].(*texts); ok && t.full() {
				full, w.plain[i] = true, true
			}
		}
		w.rows += hi - lo
		lo = hi
		if full || w.filledBytes() >= w.o.GroupBytes {
			if err := w.encode(); err != nil {
				return err
			}
		}
	}
	return w.account()
}

// choose gives the columns of a new group the buffers that suit what comes.
func (w *Writer) choose(b *scan.Batch) {
	for i, f := range w.fields {
		_, repeats := w.filled[i].(*texts)
		wanted := f.Type.Physical() == column.PhysBytes && b.Columns[i].Type == f.Type && b.Columns[i].Enc != column.Flat && !w.plain[i]
		switch {
		case wanted && !repeats:
			w.filled[i] = newTexts(f.Type)
		case repeats && !wanted:
			w.filled[i] = newFlat(f.Type)
		}
	}
}

// filledBytes is what the rows that are not encoded yet take.
func (w *Writer) filledBytes() int64 {
	n := int64(0)
	for _, b := range w.filled {
		n += b.bytes()
	}
	return n
}

// encodeRatio bounds what encoding a group takes besides its rows: a copy without NULLs, codes of a dictionary, encoded pages.
const encodeRatio = 2

// account keeps the pool informed.
func (w *Writer) account() error {
	if w.o.Pool == nil {
		return nil
	}
	const step = 1 << 20
	want := max(w.filledBytes(), w.room)
	if w.coding != nil {
		want += w.coding.bytes * (1 + encodeRatio)
	}
	want = (want + step - 1) / step * step
	if want > w.reserved {
		if err := w.o.Pool.Grow(want - w.reserved); err != nil {
			return err
		}
	} else {
		w.o.Pool.Shrink(w.reserved - want)
	}
	w.reserved = want
	return nil
}

// encode writes the group before and starts to encode the one that is full.
func (w *Writer) encode() error {
	if err := w.settle(); err != nil {
		return err
	}
	g := &group{chunks: make([]*segment.Chunk, len(w.fields)), errs: make([]error, len(w.fields)), bytes: w.filledBytes()}
	columns := make(chan int, len(w.fields))
	rows := make([]*column.Vector, len(w.fields))
	for i, b := range w.filled {
		rows[i] = b.finish()
		columns <- i
	}
	close(columns)
	for range min(w.o.Workers, len(w.fields)) {
		g.done.Go(func() {
			for i := range columns {
				g.chunks[i], g.errs[i] = segment.EncodeChunk(w.fields[i], rows[i])
				rows[i] = nil
			}
		})
	}
	w.coding, w.rows, w.room = g, 0, g.bytes
	return w.account()
}

// settle waits for the group that is being encoded and writes it.
func (w *Writer) settle() error {
	g := w.coding
	if g == nil {
		return nil
	}
	g.done.Wait()
	w.coding = nil
	for _, err := range g.errs {
		if err != nil {
			return err
		}
	}
	return w.file.WriteGroup(g.chunks)
}

// Close writes what is left and the footer, without which the file is none. It does not close the writer below.
func (w *Writer) Close() error {
	if w.rows > 0 {
		if err := w.encode(); err != nil {
			return err
		}
	}
	if err := w.settle(); err != nil {
		return err
	}
	return w.file.Close()
}

// Abort gives back what the writer holds; it must come last, also after Close. The file is not ended by it.
func (w *Writer) Abort() {
	if w.coding != nil {
		w.coding.done.Wait()
		w.coding = nil
	}
	if w.o.Pool != nil {
		w.o.Pool.Shrink(w.reserved)
		w.reserved = 0
	}
}
