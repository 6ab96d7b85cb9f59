package exec

import (
	"bytes"
	"context"
	"io"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// A partition that does not fit into memory is sorted on disk and computed piece by piece. A piece is a run of its rows, with as many rows
// before and behind as calls look at; the work on it is that of a part in memory. What goes on from piece to piece is the number of rows
// and groups of peers so far, and states of running aggregates; what needs all rows is found when the sorted rows are written.

// sortPieces makes the sorter of an intake whose rows are computed in pieces.
func (in *windowIntake) sortPieces(types []column.Type) *rowSorter {
	p := in.plan
	keys := p.sortKeys(types)
	if in.level > 0 { // behind the columns: the place in the input
		keys = append(keys, columnKey(types, len(types)-1))
	}
	limit := int64(0)
	if len(p.partition) == 0 && !p.node.LimitByRank {
		limit = p.node.Limit
	}
	return newRowSorter(in.env, in.stats, keys, types, limit)
}

// sortPiece takes a batch to the sorter.
func (l *windowRows) sortPiece(b windowBatch) error {
	in := l.in
	if l.sorted == nil {
		in.mu.Lock()
		if in.sorter == nil {
			in.sorter = in.sortPieces(typesOfVectors(b.columns))
		}
		s := in.sorter
		in.mu.Unlock()
		l.sorted = s.intake()
	}
	var values []*column.Vector
	for _, k := range in.sorter.keys {
		values = append(values, b.columns[k.Expr.(*expr.Column).Index])
	}
	return l.sorted.add(in.env.Expr.Ctx, b.number, &scan.Batch{Len: b.n, Columns: b.columns}, values)
}

// piecePartition is one partition of the sorted rows.
type piecePartition struct {
	end    int64 // among all rows
	totals []*column.Vector
}

// windowPieceStream gives the rows of an intake that were sorted.
type windowPieceStream struct {
	in         *windowIntake
	pool       *mem.Pool
	rows       *rowBuffer
	from       stream // rows
	partitions []piecePartition
	totals     []expr.State // of calls over the partition that is being written
	held       int64        // by totals
	key        []byte       // of the partition that is being written

	loaded []windowBatch // the rows from base on
	starts []int64       // of loaded, among all rows; and where the next begins
	sizes  []int64
	start  int64 // of the partition at work
	at     int64 // rows before this are done
	groups int64 // of peers in the partition so far
	state  []pieceState
	piece  *windowStream
}

// pieceState is what a call takes from one piece to the next.
type pieceState struct {
	running expr.SlidingState
	first   *column.Vector
	held    int64
}

// openPieces sorts what was added, and writes it in order.
func (in *windowIntake) openPieces(ctx context.Context, done func()) (stream, error) {
	s := &windowPieceStream{in: in, pool: mem.NewPool("window", 0, in.env.Pool), rows: newRowBuffer(in.env, in.stats, in.sorter.types)}
	sorted, err := in.sorter.sorted(ctx)
	if err == nil {
		err = drainStream(ctx, sorted, s.write)
	}
	if err == nil {
		err = s.finishTotals()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	in.stats.note("in pieces")
	s.from, s.starts = s.rows.reader(), []int64{0}
	return &doneStream{stream: s, done: done}, nil
}

// doneStream tells when a stream is closed.
type doneStream struct {
	stream
	done func()
}

func (s *doneStream) close() {
	s.stream.close()
	if s.done != nil {
		s.done()
		s.done = nil
	}
}

// write takes sorted rows.
func (s *windowPieceStream) write(b *scan.Batch) error {
	flat := &scan.Batch{Len: b.Len}
	for _, v := range b.Columns {
		flat.Columns = append(flat.Columns, column.Flatten(v))
	}
	for lo := 0; lo < b.Len; {
		hi := b.Len
		if keys := s.in.plan.partition; len(keys) > 0 {
			key := s.partitionKey(flat, lo)
			if !bytes.Equal(key, s.key) || len(s.partitions) == 0 {
				if err := s.newPartition(); err != nil {
					return err
				}
				s.key = append(s.key[:0], key...)
			}
			hi = lo + sort.Search(b.Len-lo, func(i int) bool { return !bytes.Equal(s.partitionKey(flat, lo+i), s.key) })
		} else if len(s.partitions) == 0 {
			if err := s.newPartition(); err != nil {
				return err
			}
		}
		s.partitions[len(s.partitions)-1].end += int64(hi - lo)
		if err := s.addTotals(flat, lo, hi); err != nil {
			return err
		}
		lo = hi
	}
	return s.rows.add(flat)
}

func (s *windowPieceStream) partitionKey(b *scan.Batch, row int) []byte {
	n := len(s.in.plan.partition)
	values := make([]*column.Vector, n)
	for i, c := range s.in.plan.partition {
		values[i] = b.Columns[c]
	}
	return s.in.sorter.keys[:n].append(nil, values, row)
}

// newPartition begins a partition, and ends the one before.
func (s *windowPieceStream) newPartition() error {
	if err := s.finishTotals(); err != nil {
		return err
	}
	end := int64(0)
	if n := len(s.partitions); n > 0 {
		end = s.partitions[n-1].end
	}
	calls := s.in.plan.calls
	s.partitions = append(s.partitions, piecePartition{end: end, totals: make([]*column.Vector, len(calls))})
	s.totals = make([]expr.State, len(calls))
	for i := range calls {
		if s.in.plan.pieces.kinds[i] == pieceWhole {
			s.totals[i] = calls[i].Agg.New()
			watch(s.in.env.Expr.Ctx, s.totals[i])
			s.totals[i].Grow(1)
		}
	}
	return nil
}

// addTotals takes rows [lo, hi), all of one partition.
func (s *windowPieceStream) addTotals(b *scan.Batch, lo, hi int) error {
	size := int64(0)
	for i, t := range s.totals {
		if t == nil {
			continue
		}
		c := &s.in.plan.calls[i]
		args := make([]*column.Vector, len(c.args))
		for k, at := range c.args {
			args[k] = b.Columns[at]
		}
		from, to := lo, hi
		if c.filter >= 0 {
			rows := expr.AppendTrue(nil, b.Columns[c.filter].Slice(lo, hi))
			for k := range args {
				args[k] = column.Flatten(column.Gather(args[k].Slice(lo, hi), rows))
			}
			from, to = 0, len(rows)
		}
		if from < to {
			if err := t.AddRange(0, args, from, to, false); err != nil {
				return placed(err, c.At)
			}
		}
		size += t.SizeBytes()
	}
	more := max(size-s.held, 0)
	s.held += more
	return s.pool.Grow(more)
}

func (s *windowPieceStream) finishTotals() error {
	for i, t := range s.totals {
		if t == nil {
			continue
		}
		v, err := t.Finish(1)
		if err != nil {
			return placed(err, s.in.plan.calls[i].At)
		}
		if err := s.pool.Grow(v.SizeBytes()); err != nil {
			return err
		}
		s.partitions[len(s.partitions)-1].totals[i] = v
	}
	s.totals = nil
	s.pool.Shrink(s.held)
	s.held = 0
	return nil
}

func (s *windowPieceStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if s.piece != nil {
			b, err := s.piece.next(ctx)
			if err != io.EOF { //nolint:errorlint // ours, never wrapped
				return b, err
			}
			s.piece.close()
			s.piece = nil
		}
		if err := cause(ctx); err != nil {
			return nil, err
		}
		if len(s.partitions) == 0 {
			return nil, io.EOF
		}
		if s.at == s.partitions[0].end {
			s.start, s.groups, s.state = s.at, 0, nil
			s.partitions = s.partitions[1:]
			continue
		}
		if err := s.compute(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *windowPieceStream) close() {
	if s.piece != nil {
		s.piece.close()
	}
	if s.from != nil {
		s.from.close()
	}
	s.rows.close()
	s.pool.Close()
}

// load reads on until row n-1 is there.
func (s *windowPieceStream) load(ctx context.Context, n int64) error {
	for s.starts[len(s.starts)-1] < n {
		b, err := s.from.next(ctx)
		if err != nil {
			return err
		}
		if err := s.pool.Grow(b.SizeBytes()); err != nil {
			return err
		}
		s.loaded = append(s.loaded, windowBatch{columns: b.Columns, n: b.Len})
		s.sizes = append(s.sizes, b.SizeBytes())
		s.starts = append(s.starts, s.starts[len(s.starts)-1]+int64(b.Len))
	}
	return nil
}

// drop forgets batches that are before row n.
func (s *windowPieceStream) drop(n int64) {
	k := 0
	for k < len(s.loaded) && s.starts[k+1] <= n {
		s.pool.Shrink(s.sizes[k])
		k++
	}
	s.loaded, s.starts, s.sizes = s.loaded[k:], s.starts[k:], s.sizes[k:]
}

// place gives the batch that has row n, and its place there.
func (s *windowPieceStream) place(n int64) (batch, row int) {
	batch = sort.Search(len(s.loaded), func(i int) bool { return s.starts[i+1] > n })
	return batch, int(n - s.starts[batch])
}

// orderKey encodes a row's place in the order of the window.
func (s *windowPieceStream) orderKey(n int64) []byte {
	k, row := s.place(n)
	var values []*column.Vector
	for _, c := range s.in.plan.order {
		values = append(values, s.loaded[k].columns[c])
	}
	return sortKeys(s.in.plan.node.Order).append(nil, values, row)
}
