package exec

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
)

// What operators that need more memory than there is are built of, from the simple to the special:
//
//   - rowBuffer keeps batches in order and gives them back as often as wanted: a work table, a side of a nested loop, a CTE.
//   - rowSorter (sort_rows.go) orders any number of rows.
//   - partitions (spill_partitions.go) parts rows by a hash of their keys, so that what belongs together can be worked on part by part.
//
// All of them hold rows in memory as long as the query's share lasts and on disk from then on, count both in Stats, and give everything
// back with close. Where Env.Spill is nil they end with the error that the memory is full.

// spillRows is how many rows a block on disk has, about.
const spillRows = scan.BatchRows

// spillBytes is where a block ends although it has fewer rows: a reader holds one of them.
const spillBytes = 1 << 20

// rowFile is a temporary file of an operator, made when the first block is written.
type rowFile struct {
	env   *Env
	stats *Stats
	types []column.Type
	file  *spill.File
}

// append writes rows as one block. One goroutine at a time. Operators write all that they hold when memory is full, so that this is where a
// statement that was cancelled meanwhile ends.
func (f *rowFile) append(columns []*column.Vector, n int) (spill.Block, error) {
	if err := f.env.Expr.Interrupted(); err != nil {
		return spill.Block{}, err
	}
	if f.file == nil {
		file, err := f.env.Spill.Create()
		if err != nil {
			return spill.Block{}, err
		}
		f.file = file
		f.stats.note("spilled")
	}
	b, err := f.file.Append(columns, n)
	f.stats.spill(b.SizeBytes())
	return b, err
}

// read gives a block's rows; they take about b.SizeBytes.
func (f *rowFile) read(b spill.Block) (*scan.Batch, error) {
	columns, err := f.file.Read(b, f.types)
	if err != nil {
		return nil, err
	}
	return &scan.Batch{Len: b.Rows(), Columns: columns}, nil
}

func (f *rowFile) remove() {
	if f.file != nil {
		// A file that stays is removed when its query ends, or at the next start.
		_ = f.file.Remove()
		f.file = nil
	}
}

// rowBuffer keeps batches in the order they are added. One goroutine adds; then any number of readers read, each from the start.
type rowBuffer struct {
	account *account
	file    rowFile
	blocks  []spill.Block // what is on disk: the first rows
	list    []*scan.Batch // the rest
	size    int64         // of list
	count   int64
}

// newRowBuffer makes a buffer for rows of these types; stats, of the operator it works for, may be nil.
func newRowBuffer(env *Env, stats *Stats, types []column.Type) *rowBuffer {
	return &rowBuffer{account: newAccount(env, stats), file: rowFile{env: env, stats: stats, types: types}}
}

// rows is how many rows were added.
func (b *rowBuffer) rows() int64 { return b.count }

// bytes is what is on disk of them.
func (b *rowBuffer) bytes() (n int64) {
	for _, x := range b.blocks {
		n += x.SizeBytes()
	}
	return n
}

// add keeps a batch. Its runs are not kept.
func (b *rowBuffer) add(in *scan.Batch) error {
	size := in.SizeBytes()
	ok, err := b.account.fits(size)
	if err != nil {
		return err
	}
	if !ok {
		if err := b.flush(); err != nil {
			return err
		}
		if err := b.account.need(size); err != nil {
			return err
		}
	}
	b.list = append(b.list, &scan.Batch{Len: in.Len, Columns: in.Columns})
	b.size += size
	b.count += int64(in.Len)
	return nil
}

// flush writes what is in memory.
func (b *rowBuffer) flush() error {
	err := eachBlock(b.list, b.file.types, func(columns []*column.Vector, n int) error {
		block, err := b.file.append(columns, n)
		b.blocks = append(b.blocks, block)
		return err
	})
	if err != nil {
		return err
	}
	b.account.shrink(b.size)
	b.list, b.size = nil, 0
	return nil
}

// eachBlock puts small batches together, so that none of the blocks is tiny for no reason.
func eachBlock(list []*scan.Batch, types []column.Type, write func(columns []*column.Vector, n int) error) error {
	for len(list) > 0 {
		k, n, size := 0, 0, int64(0)
		for k < len(list) && (k == 0 || n+list[k].Len <= spillRows && size < spillBytes) {
			n += list[k].Len
			size += list[k].SizeBytes()
			k++
		}
		columns, err := joined(list[:k], types)
		if err != nil {
			return err
		}
		if err := write(columns, n); err != nil {
			return err
		}
		list = list[k:]
	}
	return nil
}

// joined puts batches together, column by column.
func joined(list []*scan.Batch, types []column.Type) ([]*column.Vector, error) {
	if len(list) == 1 {
		return list[0].Columns, nil
	}
	columns, vectors := make([]*column.Vector, len(types)), make([]*column.Vector, len(list))
	for c, t := range types {
		for i, b := range list {
			vectors[i] = b.Columns[c]
		}
		v, err := column.Concat(t, vectors...)
		if err != nil {
			return nil, err
		}
		columns[c] = v
	}
	return columns, nil
}

// reader gives all rows, from the first on. Adding must be over, or begin again only when the reader is done.
func (b *rowBuffer) reader() stream {
	return &rowReader{blocks: blockReader{file: &b.file, blocks: b.blocks, account: b.account}, list: b.list}
}

// close gives everything back, on disk and in memory.
func (b *rowBuffer) close() {
	b.file.remove()
	b.list, b.blocks, b.size = nil, nil, 0
	b.account.close()
}

type rowReader struct {
	blocks blockReader
	list   []*scan.Batch
}

func (r *rowReader) next(ctx context.Context) (*scan.Batch, error) {
	b, err := r.blocks.next(ctx)
	if err != io.EOF { //nolint:errorlint // ours, never wrapped
		return b, err
	}
	if len(r.list) == 0 {
		return nil, io.EOF
	}
	b = r.list[0]
	r.list = r.list[1:]
	return b, cause(ctx)
}

func (r *rowReader) close() { r.blocks.close() }

// blockReader reads blocks one after the other and holds the memory of one.
type blockReader struct {
	file    *rowFile
	blocks  []spill.Block
	account *account
	held    int64
}

func (r *blockReader) next(ctx context.Context) (*scan.Batch, error) {
	if err := cause(ctx); err != nil {
		return nil, err
	}
	r.close()
	if len(r.blocks) == 0 {
		return nil, io.EOF
	}
	block := r.blocks[0]
	r.blocks = r.blocks[1:]
	if err := r.account.need(block.SizeBytes()); err != nil {
		return nil, err
	}
	r.held = block.SizeBytes()
	return r.file.read(block)
}

func (r *blockReader) close() {
	r.account.shrink(r.held)
	r.held = 0
}
