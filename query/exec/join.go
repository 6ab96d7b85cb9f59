package exec

import (
	"context"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// hashJoin holds one side (build) in a hash table and streams the other (probe) past it, part by part. Without keys the
// build side is one group, which makes it a nested loop over batches.
//
// What remains of the build side for RIGHT and FULL is given by whichever part of the probe side ends last: no part ever
// waits for another.
type hashJoin struct {
	node         *plan.Join
	env          *Env
	stats        *Stats
	build, probe producer
	read         []bool // of the columns; nil = all
}

func newHashJoin(n *plan.Join, env *Env, stats *Stats, inputs []producer, read []bool) *hashJoin {
	j := &hashJoin{node: n, env: env, stats: stats, build: inputs[1], probe: inputs[0], read: read}
	if n.BuildLeft {
		j.build, j.probe = j.probe, j.build
	}
	return j
}

// joinShape is a join kind, told by what comes out of the two sides.
type joinShape struct {
	pairs bool // partners, side by side
	lone  bool // probe rows without a partner, NULLs beside them
	// The rows of the probe side alone: those with a partner, those without.
	semi, anti bool
	mark       bool // all rows of the probe side, and whether they have a partner
	tail       joinTail
}

// joinTail is what the build side gives when all of the probe side was seen.
type joinTail uint8

const (
	noTail       joinTail = iota
	loneTail              // rows without a partner, NULLs beside them
	semiTail              // rows with a partner, alone
	antiTail              // rows without a partner, alone
	nullAntiTail          // antiTail for NOT IN
	markTail              // all rows, and whether they have a partner
)

// shapeOf tells what a kind means once it is decided which side is held.
func shapeOf(n *plan.Join) joinShape {
	switch kind := n.Kind; kind {
	case plan.SemiJoin:
		if n.BuildLeft {
			return joinShape{tail: semiTail}
		}
		return joinShape{semi: true}
	case plan.AntiJoin, plan.NullAntiJoin:
		switch {
		case !n.BuildLeft:
			return joinShape{anti: true}
		case kind == plan.AntiJoin:
			return joinShape{tail: antiTail}
		}
		return joinShape{tail: nullAntiTail}
	case plan.MarkJoin, plan.NullMarkJoin:
		if n.BuildLeft && kind == plan.MarkJoin {
			return joinShape{tail: markTail}
		}
		return joinShape{mark: true}
	default:
		s := joinShape{pairs: true}
		probeKind, buildKind := plan.LeftJoin, plan.RightJoin
		if n.BuildLeft {
			probeKind, buildKind = buildKind, probeKind
		}
		s.lone = kind == probeKind || kind == plan.FullJoin
		if kind == buildKind || kind == plan.FullJoin {
			s.tail = loneTail
		}
		return s
	}
}

// joinRun is a join at work: what its parts share.
type joinRun struct {
	node  *plan.Join
	env   *Env
	stats *JoinStats
	shape joinShape
	pool  *mem.Pool
	side  *buildSide

	probeKeys              []expr.Expr
	buildTypes, probeTypes []column.Type
	condColumns            []int // that the condition reads, of left's columns, then right's
	// The columns of the sides that are read above, and those of the build side that have to be held.
	probeRead, buildRead, buildHeld []bool

	marks   marks        // the groups that found a partner, or the rows where there is a condition; nil if nobody asks
	running atomic.Int64 // parts of the probe side that have not come to their end
	open    atomic.Int64 // parts that are not closed
	facts   *joinFacts
	// Where the build side is only a piece of what there is to be looked at: the rows of the probe side that found a partner in some piece.
	hits column.Bitmap
}

// joinFacts are what NOT IN has to know of both sides as a whole, also where they are joined part by part.
type joinFacts struct {
	anyBuild, buildNulls bool        // the build side has rows, some with a NULL key
	sawRow, sawNull      atomic.Bool // of the probe side, for nullAntiTail
}

func (j *hashJoin) newRun() *joinRun {
	n := j.node
	r := &joinRun{node: n, env: j.env, shape: shapeOf(n), pool: mem.NewPool("join", 0, j.env.held()), facts: &joinFacts{}}
	left, right := typesOf(n.Left), typesOf(n.Right)
	r.probeKeys, r.probeTypes, r.buildTypes = n.LeftKeys, left, right
	if n.BuildLeft {
		r.probeKeys, r.probeTypes, r.buildTypes = n.RightKeys, right, left
	}
	if n.Cond != nil {
		r.condColumns = expr.Columns(n.Cond)
	}
	r.probeRead, r.buildRead = readOfSides(n, j.read)
	r.buildHeld = readOfInputs(n, j.read)[1]
	if n.BuildLeft {
		r.probeRead, r.buildRead = r.buildRead, r.probeRead
		r.buildHeld = readOfInputs(n, j.read)[0]
	}
	return r
}

func typesOf(n plan.Node) []column.Type {
	columns := n.Columns()
	out := make([]column.Type, len(columns))
	for i, c := range columns {
		out[i] = c.Type
	}
	return out
}

func (j *hashJoin) parts(ctx context.Context) (out []part, err error) {
	r := j.newRun()
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	held, err := j.build.parts(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.collect(ctx, j.stats, held)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			rows.close()
		}
	}()
	err = r.hold(ctx, rows)
	if spillable(j.env, err) {
		err = rows.toDisk()
	}
	if err != nil {
		return nil, err
	}
	if rows.disk() {
		return j.spilled(ctx, r, rows)
	}
	r.stats = j.stats.built(j.node.BuildLeft, r.side, r.pool)
	if r.fruitless() {
		return r.tailAlone(), nil
	}
	if r.partnersOnly() {
		narrow(j.probe, r.probeKeys, r.side)
	}
	inner, err := j.probe.parts(ctx)
	if err != nil {
		return nil, err
	}
	if len(inner) == 0 {
		return r.tailAlone(), nil
	}
	r.running.Store(int64(len(inner)))
	r.open.Store(int64(len(inner)))
	out = make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			s, err := open(ctx, w)
			if err != nil {
				return nil, err
			}
			return newJoinStream(r, s, w), nil
		}
	}
	return out, nil
}

// buildKeys are the keys of the side that is held.
func (r *joinRun) buildKeys() []expr.Expr {
	if r.node.BuildLeft {
		return r.node.LeftKeys
	}
	return r.node.RightKeys
}

// rowsMatter reports that the rows of the build side have to be held. Where only the existence of a partner counts, the keys are.
func (r *joinRun) rowsMatter() bool {
	return r.shape.pairs || r.shape.tail != noTail || r.node.Cond != nil
}

// hold makes the build side of rows in memory, and what belongs to it.
func (r *joinRun) hold(ctx context.Context, rows *buildRows) (err error) {
	if rows.disk() {
		return nil
	}
	if r.side, err = rows.side(ctx); err != nil {
		return err
	}
	r.facts.anyBuild, r.facts.buildNulls = r.side.rows > 0, r.side.nulls
	if err := r.makeMarks(); err != nil {
		unstore(r.side.columns, rows.lists[0])
		return err
	}
	rows.lists = nil
	return nil
}

func (r *joinRun) makeMarks() error {
	if r.shape.tail == noTail {
		return nil
	}
	n := r.side.groups + 1
	if r.node.Cond != nil {
		n = r.side.rows
	}
	words := (n + 31) / 32
	if err := r.pool.Grow(4 * int64(words)); err != nil {
		return err
	}
	r.marks = make(marks, words)
	return nil
}

// nullsMatter reports a join by NOT IN, or IN as a value, for which a key that is NULL is not only without a partner.
func (r *joinRun) nullsMatter() bool {
	return r.node.Kind == plan.NullAntiJoin || r.node.Kind == plan.NullMarkJoin
}

// fruitless reports that no row of the probe side can change the result, so that it need not be read.
func (r *joinRun) fruitless() bool {
	switch {
	case r.shape.lone, r.shape.mark:
		return false
	case r.shape.anti:
		return r.node.Kind == plan.NullAntiJoin && r.facts.buildNulls
	case r.shape.tail == nullAntiTail:
		return r.side.rows == 0
	}
	return r.side.groups == 0
}

// partnersOnly reports that probe rows without a partner are of no use.
func (r *joinRun) partnersOnly() bool {
	return !r.shape.lone && !r.shape.anti && !r.shape.mark && r.shape.tail != nullAntiTail
}

// tailAlone is the join when the probe side has no rows, or none that count.
func (r *joinRun) tailAlone() []part {
	if r.shape.tail == noTail {
		r.release()
		return nil
	}
	return []part{func(context.Context, *worker) (stream, error) {
		r.open.Store(1)
		return r.newTail(), nil
	}}
}

// release gives the build side back. What a query that ends early never opened goes back with the query's pool.
func (r *joinRun) release() {
	r.side = nil
	r.pool.Close()
}

func (r *joinRun) closed() {
	if r.open.Add(-1) == 0 {
		r.release()
	}
}

// batchRows is how many pairs make a batch.
func (r *joinRun) batchRows() int {
	if n := r.env.BatchRows; n > 0 {
		return n
	}
	return scan.BatchRows
}

// output puts the columns of both sides in the order of the plan. Runs are those of the probe side (see ascending).
func (r *joinRun) output(probe, build []*column.Vector, n int, runs []scan.Run) *scan.Batch {
	first, second := probe, build
	if r.node.BuildLeft {
		first, second = build, probe
	}
	columns := make([]*column.Vector, 0, len(first)+len(second))
	return &scan.Batch{Len: n, Columns: append(append(columns, first...), second...), Runs: runs}
}

// gatherBuild copies rows of the build side.
func (r *joinRun) gatherBuild(rows []int32) []*column.Vector {
	out := make([]*column.Vector, len(r.side.columns))
	for c := range out {
		if r.buildRead[c] {
			out[c] = r.side.gather(c, rows)
		} else {
			out[c] = column.NewNull(r.buildTypes[c], len(rows))
		}
	}
	return out
}

// nulls is a side that has no partner.
func nulls(types []column.Type, n int) []*column.Vector {
	out := make([]*column.Vector, len(types))
	for i, t := range types {
		out[i] = column.NewNull(t, n)
	}
	return out
}
