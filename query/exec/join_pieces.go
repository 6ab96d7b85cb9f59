package exec

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// joinPieces joins a part whose build side cannot be parted and does not fit into memory: a block nested loop. It holds one piece of the
// build side after the other and reads the whole probe side past each. Pairs, and what the build side gives itself, come out with
// their piece; rows of the probe side that come out alone are known at the end, by a bit for each that says whether it had a partner.
type joinPieces struct {
	join  *spilledJoin
	w     *worker
	task  *joinTask
	input stream      // the build side
	rest  *scan.Batch // that did not fit into the last piece
	ended bool        // the build side
	hits  column.Bitmap
	held  *account // of hits

	now  stream // the piece at hand
	last *lonePass
}

func newJoinPieces(s *spilledJoin, w *worker, t *joinTask) (*joinPieces, error) {
	p := &joinPieces{join: s, w: w, task: t, input: t.build.reader(), held: newAccount(s.run.env, s.stats)}
	n := t.probe.rows()
	if err := p.held.need(n / 8); err != nil {
		p.close()
		return nil, err
	}
	p.hits = column.NewBitmap(int(n), false)
	s.stats.note("piece by piece")
	return p, nil
}

func (p *joinPieces) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if p.last != nil {
			return p.last.next(ctx)
		}
		if p.now == nil {
			if p.ended {
				p.last = &lonePass{run: p.join.run, w: p.w, input: p.task.probe.reader(), hits: p.hits}
				continue
			}
			if err := p.piece(ctx); err != nil {
				return nil, err
			}
			continue
		}
		b, err := p.now.next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		p.now.close()
		p.now = nil
	}
}

// piece reads as much of the build side as fits, at least a batch, and starts joining it.
func (p *joinPieces) piece(ctx context.Context) error {
	r := p.join.run
	reserved := mem.NewPool("join", 0, r.env.held())
	defer reserved.Close()
	rows := r.part(nil).newBuildRows(nil, 1)
	total := int64(0)
	for {
		b, err := p.pull(ctx)
		if errors.Is(err, io.EOF) {
			p.ended = true
			break
		}
		if err != nil {
			return err
		}
		kept, err := rows.again(p.w, b)
		if err != nil {
			return err
		}
		if size := kept.assembledSize(); reserved.Grow(size) == nil {
			total += size
		} else if len(rows.lists[0]) > 0 {
			p.rest = b
			break
		}
		rows.lists[0] = append(rows.lists[0], kept)
		if total == 0 {
			break // one batch, for which there was no room
		}
	}
	if len(rows.lists[0]) == 0 {
		return nil
	}
	reserved.Close()
	run, err := p.hold(ctx, rows, total)
	if err != nil {
		return err
	}
	run.facts, run.hits = r.facts, p.hits
	run.open.Store(1)
	run.running.Store(1)
	p.now = newJoinStream(run, p.task.probe.reader(), p.w)
	return nil
}

// hold makes a build side of a piece, in the memory that was found to be there, or in that of the statement's own work.
func (p *joinPieces) hold(ctx context.Context, rows *buildRows, size int64) (run *joinRun, err error) {
	raw, r := int64(0), p.join.run
	for i := range rows.lists[0] {
		raw += rows.lists[0][i].size()
	}
	for _, pool := range []*mem.Pool{r.env.held(), r.env.Pool} {
		run = r.part(pool)
		if err = run.pool.Guarantee(size); err == nil {
			err = run.pool.Grow(raw)
		}
		if rows.run = run; err == nil {
			err = run.hold(ctx, rows)
		}
		if err == nil {
			return run, nil
		}
		run.release()
		if !spillable(r.env, err) {
			break
		}
	}
	return nil, err
}

// assembledSize is what a batch takes while it becomes a part of a build side: twice its rows, a place in a hash table that doubles, a
// place in the lists of groups.
func (b *buildBatch) assembledSize() int64 {
	return 2*b.size() + int64(b.len)*int64(17*len(b.columns)+128)
}

func (p *joinPieces) pull(ctx context.Context) (*scan.Batch, error) {
	if b := p.rest; b != nil {
		p.rest = nil
		return b, nil
	}
	return p.input.next(ctx)
}

func (p *joinPieces) close() {
	p.input.close()
	if p.now != nil {
		p.now.close()
		p.now = nil
	}
	if p.last != nil {
		p.last.input.close()
	}
	p.held.close()
}

// lonePass reads the probe side once more, for the rows that come out alone.
type lonePass struct {
	run   *joinRun
	w     *worker
	input stream
	hits  column.Bitmap
	seen  int
}

func (l *lonePass) next(ctx context.Context) (*scan.Batch, error) {
	shape := l.run.shape
	if !shape.lone && !shape.semi && !shape.anti && !shape.mark {
		return nil, io.EOF
	}
	for {
		b, err := l.input.next(ctx)
		if err != nil {
			return nil, err
		}
		if shape.mark {
			return l.marked(b)
		}
		var rows []int32
		for i := range b.Len {
			if l.hits.Get(l.seen+i) == shape.semi {
				rows = append(rows, int32(i))
			}
		}
		l.seen += b.Len
		if len(rows) == 0 {
			continue
		}
		kept := compactRead(b, rows, l.run.probeRead)
		if !shape.lone {
			return kept, nil
		}
		return l.run.output(kept.Columns, nulls(l.run.buildTypes, len(rows)), len(rows), nil), nil
	}
}

// marked gives all rows of a batch with their marks.
func (l *lonePass) marked(b *scan.Batch) (*scan.Batch, error) {
	marks := make([]bool, b.Len)
	for i := range marks {
		marks[i] = l.hits.Get(l.seen + i)
	}
	l.seen += b.Len
	var valid column.Bitmap
	if l.run.nullsMatter() {
		keys, err := evalKeys(l.w, l.run.probeKeys, b)
		if err != nil {
			return nil, err
		}
		valid = column.NewBitmap(b.Len, true)
		for i, hit := range marks {
			if !hit && (l.run.facts.buildNulls || keys[0].IsNull(i)) {
				valid.Clear(i)
			}
		}
	}
	return &scan.Batch{Len: b.Len, Columns: append(slices.Clip(b.Columns), column.NewBools(marks, valid))}, nil
}
