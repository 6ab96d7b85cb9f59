package exec

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// joinStream is one part of the probe side on its way past the build side. For each batch it numbers all keys, then
// gives the pairs, a batch at a time however many partners a row has, then the rows that come out alone.
type joinStream struct {
	run    *joinRun
	input  stream
	w      *worker
	lookup keyLookup
	tail   stream // of the build side, once this part was the last to end

	b      *scan.Batch // nil = the next one is due
	keys   []*column.Vector
	groups []uint32 // of b's rows
	// The place in the pairs: a row of b, and how many of its partners were taken.
	row, taken int
	paired     bool   // all pairs of b were given
	hit        []bool // rows of b with a partner for which the condition is true; only with a condition

	probeRows, buildRows []int32 // the pairs of one step
	pass                 []int32 // the pairs for which the condition is true
	closed               bool
	seen                 int // rows of the batches before b, where hits are noted

	long    longColumns // of b
	counted bool        // pairs may be long
	limit   int         // pairs at a time, as far as what their condition makes of them says
}

func newJoinStream(r *joinRun, input stream, w *worker) *joinStream {
	s := &joinStream{run: r, input: input, w: w, lookup: keyLookup{index: r.side.index}, limit: scan.BatchRows}
	if r.node.Cond != nil && makesLongIn(r.node.Cond) {
		s.limit = textRowsFirst
	}
	return s
}

func (s *joinStream) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.input.close()
	s.run.closed()
}

func (s *joinStream) next(ctx context.Context) (*scan.Batch, error) {
	for s.tail == nil {
		if err := cause(ctx); err != nil {
			return nil, err
		}
		if s.b == nil {
			err := s.pull(ctx)
			if errors.Is(err, io.EOF) {
				err = s.end()
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		out, err := s.step()
		if err != nil || out != nil && out.Len > 0 {
			return out, err
		}
	}
	return s.tail.next(ctx)
}

// end is io.EOF, unless this was the last part and the build side has something left to give.
func (s *joinStream) end() error {
	if s.run.running.Add(-1) > 0 || s.run.shape.tail == noTail {
		s.tail = &batches{}
		return io.EOF
	}
	s.tail = s.run.newTail()
	return nil
}

// pull takes the next batch and looks its keys up.
func (s *joinStream) pull(ctx context.Context) error {
	b, err := s.input.next(ctx)
	if err != nil {
		return err
	}
	s.run.stats.probeRows.Add(int64(b.Len))
	s.keys, err = evalKeys(s.w, s.run.probeKeys, b)
	if err != nil {
		return err
	}
	s.groups = resized(s.groups, b.Len)
	switch {
	case s.run.side.index != nil:
		if err := s.lookup.number(s.keys, s.groups); err != nil {
			return err
		}
	case s.run.side.rows > 0:
		fill(s.groups, 1)
	default:
		clear(s.groups)
	}
	s.b, s.row, s.taken = b, 0, 0
	s.long = longOf(b.Columns, false)
	s.counted = (s.long.most+s.run.side.longValues().most)*s.run.batchRows() > fewBytes
	s.paired = !s.run.shape.pairs && s.run.node.Cond == nil
	if s.run.node.Cond != nil {
		s.hit = resized(s.hit, b.Len)
		clear(s.hit)
	} else {
		s.markGroups()
	}
	return s.noteNulls()
}

// markGroups notes for the tail which groups were met.
func (s *joinStream) markGroups() {
	if s.run.marks == nil {
		return
	}
	last := uint32(0)
	for _, g := range s.groups {
		if g != last && g != 0 {
			s.run.marks.set(g)
		}
		last = g
	}
}

// noteNulls tells NOT IN of NULLs on the probe side: one there decides everything if the build side is what NOT IN
// selects from, else rows that have one are out.
func (s *joinStream) noteNulls() error {
	if !s.run.nullsMatter() || !s.run.facts.anyBuild {
		return nil
	}
	s.run.facts.sawRow.Store(true)
	if !s.keys[0].HasNulls() {
		return nil
	}
	isNull := &expr.IsNull{Arg: &expr.Column{T: s.keys[0].Type}}
	rows, err := expr.EvalBool(&s.w.expr, isNull, s.keys[:1], s.b.Len, s.pass[:0])
	if err != nil {
		return err
	}
	s.pass = rows
	if len(rows) > 0 {
		s.run.facts.sawNull.Store(true)
	}
	for _, r := range rows {
		s.groups[r] = nullGroup
	}
	return nil
}

// nullGroup stands in for a group where a NULL must not be taken for a row without a partner.
const nullGroup = 1<<32 - 1

// step gives the next batch of this one's results; nil if there were none.
func (s *joinStream) step() (*scan.Batch, error) {
	if s.paired {
		if s.run.hits != nil {
			s.noteHits()
			s.b = nil
			return nil, nil
		}
		out := s.alone()
		s.b = nil
		return out, nil
	}
	if s.run.node.Cond == nil && s.run.side.unique() && !s.counted {
		s.paired = true
		return s.pairUnique(), nil
	}
	row, taken := s.row, s.taken
	s.fillPairs()
	s.cutLong(row, taken)
	if s.row == s.b.Len {
		s.paired = true
	}
	if err := s.applyCond(); err != nil || len(s.probeRows) == 0 || !s.run.shape.pairs {
		return nil, err
	}
	probe := gatherRead(s.b.Columns, s.probeRows, s.run.probeRead)
	return s.run.output(probe, s.run.gatherBuild(s.buildRows), len(s.probeRows), nil), nil
}

// fillPairs lists the next pairs. A row that needs no further partner (EXISTS with a condition) is passed over.
func (s *joinStream) fillPairs() {
	s.probeRows, s.buildRows = s.probeRows[:0], s.buildRows[:0]
	side, limit, enough := s.run.side, min(s.run.batchRows(), s.limit), !s.run.shape.pairs && s.run.marks == nil
	for s.row < s.b.Len && len(s.probeRows) < limit {
		g := s.groups[s.row]
		if g == 0 || enough && s.hit[s.row] {
			s.row, s.taken = s.row+1, 0
			continue
		}
		lo, hi := side.group(g)
		lo += s.taken
		n := min(hi-lo, limit-len(s.probeRows))
		for range n {
			s.probeRows = append(s.probeRows, int32(s.row))
		}
		s.buildRows = side.appendRows(s.buildRows, lo, lo+n)
		s.taken += n
		if lo+n == hi {
			s.row, s.taken = s.row+1, 0
		}
	}
}

// applyCond keeps the pairs for which the condition is true, and notes their rows on both sides.
func (s *joinStream) applyCond() error {
	cond := s.run.node.Cond
	if cond == nil || len(s.probeRows) == 0 {
		return nil
	}
	s.w.expr.Runs = nil
	ofKeys := s.w.expr.Made()
	pass, err := expr.EvalBool(&s.w.expr, cond, s.condInput(), len(s.probeRows), s.pass[:0])
	if err != nil {
		return err
	}
	s.limit = textRows(s.limit, len(s.probeRows), s.w.expr.Made())
	s.w.expr.MadeBefore(ofKeys)
	s.pass = pass
	for i, p := range pass {
		row, partner := s.probeRows[p], s.buildRows[p]
		s.probeRows[i], s.buildRows[i] = row, partner
		s.hit[row] = true
		if s.run.marks != nil {
			s.run.marks.set(uint32(partner))
		}
	}
	s.probeRows, s.buildRows = s.probeRows[:len(pass)], s.buildRows[:len(pass)]
	return nil
}

// condInput gathers the columns that the condition reads.
func (s *joinStream) condInput() []*column.Vector {
	left, right := len(s.run.probeTypes), len(s.run.buildTypes)
	if s.run.node.BuildLeft {
		left, right = right, left
	}
	out := make([]*column.Vector, left+right)
	for _, c := range s.run.condColumns {
		ofLeft, at := c < left, c
		if !ofLeft {
			at -= left
		}
		if ofLeft == s.run.node.BuildLeft {
			out[c] = s.run.side.gather(at, s.buildRows)
		} else {
			out[c] = column.Gather(s.b.Columns[at], s.probeRows)
		}
	}
	return out
}

// found reports that row i of the batch has a partner.
func (s *joinStream) found(i int) bool {
	if s.run.node.Cond != nil {
		return s.hit[i]
	}
	return s.groups[i] != 0 && (s.groups[i] != nullGroup || !s.run.shape.mark)
}

// noteHits notes which rows of the batch have a partner in this piece of the build side.
func (s *joinStream) noteHits() {
	for i := range s.b.Len {
		if s.found(i) {
			s.run.hits.Set(s.seen + i)
		}
	}
	s.seen += s.b.Len
}

// alone gives the rows of the batch that come out without a partner's columns, or with NULLs there; nil if none do.
func (s *joinStream) alone() *scan.Batch {
	shape := s.run.shape
	if shape.mark {
		return s.marked()
	}
	if !shape.lone && !shape.semi && !shape.anti {
		return nil
	}
	rows := resized(s.probeRows, s.b.Len)
	s.probeRows = rows
	k := 0
	if s.run.node.Cond != nil {
		for i, hit := range s.hit {
			rows[k] = int32(i)
			if hit == shape.semi {
				k++
			}
		}
	} else {
		for i, g := range s.groups {
			rows[k] = int32(i)
			if (g != 0) == shape.semi {
				k++
			}
		}
	}
	if k == 0 {
		return nil
	}
	kept := compactRead(s.b, rows[:k], s.run.probeRead)
	if !shape.lone {
		return kept
	}
	return s.run.output(kept.Columns, nulls(s.run.buildTypes, k), k, kept.Runs)
}

// marked gives all rows of the batch with their marks.
func (s *joinStream) marked() *scan.Batch {
	marks := make([]bool, s.b.Len)
	var valid column.Bitmap
	nulls := s.run.node.Kind == plan.NullMarkJoin && s.run.facts.buildNulls // what is not found may be equal to a NULL
	for i := range marks {
		switch g := s.groups[i]; {
		case s.run.node.Cond != nil:
			marks[i] = s.hit[i]
		case g != nullGroup && g != 0:
			marks[i] = true
		case g == nullGroup || nulls:
			if valid == nil {
				valid = column.NewBitmap(s.b.Len, true)
			}
			valid.Clear(i)
		}
	}
	return &scan.Batch{Len: s.b.Len, Columns: append(slices.Clone(s.b.Columns), column.NewBools(marks, valid)), Runs: s.b.Runs}
}
