package exec

import (
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// aggTable is one worker's groups and their accumulators.
//
// Where all keys are constant over stretches of rows (tags, time buckets, both run-end encoded), a stretch is looked
// up once and its rows are added in one tight loop. That is decided batch by batch from the encodings alone.
//
// Where memory is full a table is sealed: it keeps its groups, and rows that come later are parted and written to disk as they are.
type aggTable struct {
	run    *grouping
	groups *grouper // nil = no keys: one group
	states []expr.State
	room   int     // groups that the states have room for, as they grow by doubling
	held   int64   // bytes reserved
	lately int64   // by how much states of long values grew with a batch
	again  int     // rows to add at a time of those that are read again, where arguments are made of them; 0 = nobody knows yet
	newest *newest // where only the newest groups are wanted; else nil
	leave  *atomic.Bool

	alone   *aloneRows // rows that are a group each, in the place of groups; nil = there are none
	parting parting
	sealed  bool
	fed     bool // some batch was taken
	hasher  hasher
	parter  partScratch

	spans         []span
	ids           []uint32
	whole         bool     // the last batch was taken by spans
	rows          []uint32 // scratch of numbers
	into          []uint32 // of a table that was merged into another: the numbers of its groups there
	few           fewGroups
	listed        bool // the last batch was taken by lists of rows
	bySpan, byRow bool // how batches were taken
	byList        bool
	shortRuns     bool // by row, although the keys are constant inside runs
}

func newAggTable(run *grouping) *aggTable {
	t := &aggTable{run: run}
	if len(run.keys) > 0 {
		t.groups = newGrouper(typesOfExprs(run.keys)).watch(run.env.Expr.Ctx)
	}
	for i := range run.calls {
		state := newState(run.env.Expr.Ctx, &run.calls[i])
		if t.groups == nil {
			state.Grow(1)
		}
		t.states = append(t.states, state)
	}
	return t
}

// add takes a batch and its keys.
func (t *aggTable) add(w *worker, keys []*column.Vector, b *scan.Batch) error {
	if t.takesAlone(b) {
		return t.addAlone(keys, b)
	}
	if err := t.group(); err != nil {
		return err
	}
	if t.parting.due(t, keys) {
		keys, b = compacted(keys, b)
		if kept, err := t.keep(keys, b); kept || err != nil {
			return err
		}
	} else if !t.sealed {
		if err := t.makeRoom(b.Len); err != nil {
			return err
		}
	}
	if t.sealed {
		keys, b = compacted(keys, b)
		return t.run.spill(t, keys, b)
	}
	before, room, size := t.count(), t.room, t.statesBytes()
	t.fed = true
	var whole bool
	if !t.run.env.Plain {
		t.spans, whole = spans(t.spans, keys, b.Runs, b.Len)
	}
	all := len(t.spans)
	listed := !whole && t.groups != nil && !t.run.env.Plain && t.few.list(keys, b.Living, b.Len)
	if t.leave != nil && t.leave.Load() != listed {
		t.leave.Store(listed)
	}
	switch {
	case b.Living == nil, listed:
	case whole:
		t.spans = livingSpans(t.spans, b.Living)
	default:
		keys, b = compacted(keys, b)
	}
	var ids, spanIDs []uint32
	t.whole, t.listed = whole, listed
	switch {
	case listed:
		t.byList = true
		t.few.find(t.groups, keys)
	case whole:
		t.bySpan = true
		t.ids = resized(t.ids, len(t.spans))
		spanIDs = t.ids
		if len(t.spans) == all {
			t.findSpans(keys, spanIDs)
		} else {
			t.findRows(spanKeys(keys, t.spans), spanIDs)
		}
	default:
		t.ids = resized(t.ids, b.Len)
		ids = t.ids
		short := !t.run.env.Plain && constant(keys)
		t.shortRuns, t.byRow = t.shortRuns || short, t.byRow || !short
		t.findRows(keys, ids)
		t.parting.see(t, b.Len, t.count()-before)
	}
	t.grow()
	for i := range t.run.calls {
		if t.run.calls[i].Distinct {
			continue // fed by its set
		}
		var err error
		if listed {
			err = t.addLists(w, b, i)
		} else {
			err = t.addOne(w, b, i, whole, spanIDs, ids)
		}
		if err != nil {
			return err
		}
	}
	t.noteGrowth(room, size, b.Len)
	return t.settle()
}

// numbers gives the groups of the rows of the last batch.
func (t *aggTable) numbers() []uint32 {
	if t.listed {
		return t.rowIDs(len(t.few.codes))
	}
	if !t.whole {
		return t.ids
	}
	n := 0
	if len(t.spans) > 0 {
		n = t.spans[len(t.spans)-1].hi
	}
	t.rows = resized(t.rows, n)
	for k, s := range t.spans {
		fill(t.rows[s.lo:s.hi], t.ids[k])
	}
	return t.rows
}

func (t *aggTable) findSpans(keys []*column.Vector, ids []uint32) {
	if t.groups == nil {
		clear(ids)
		return
	}
	t.groups.findSpans(keys, t.spans, ids)
}

func (t *aggTable) findRows(keys []*column.Vector, ids []uint32) {
	if t.groups == nil {
		clear(ids)
		return
	}
	t.groups.findAll(keys, ids)
}

// grow gives the states room for all groups.
func (t *aggTable) grow() {
	if t.groups == nil {
		return
	}
	for _, s := range t.states {
		s.Grow(t.groups.count)
	}
	if t.groups.count > t.room {
		t.room = max(t.groups.count, 2*t.room)
	}
}

// addOne feeds a batch to aggregate i: span by span, or with a group for each row.
func (t *aggTable) addOne(w *worker, b *scan.Batch, i int, whole bool, spanIDs, ids []uint32) error {
	call, state := &t.run.calls[i], t.states[i]
	if call.Filter != nil {
		return t.addFiltered(w, b, call, state, whole, spanIDs, ids)
	}
	args, err := evalArgs(w, call, b)
	if err != nil {
		return err
	}
	if !whole {
		return t.addRows(state, ids, flatArgs(args), b.Len)
	}
	if b.Living != nil {
		for k, s := range t.spans {
			if err := addLiving(state, spanIDs[k], args, b.Living, s); err != nil {
				return err
			}
		}
		return nil
	}
	step := rowsAtATime(args, b.Len)
	for k, s := range t.spans {
		if err := t.addSpan(state, spanIDs[k], args, s, step); err != nil {
			return err
		}
	}
	return nil
}

// flatArgs makes arguments out of bytes into integers.
func flatArgs(args []*column.Vector) []*column.Vector {
	for i, v := range args {
		if v.Enc == column.Narrow {
			args[i] = column.Flatten(v)
		}
	}
	return args
}

// addFiltered is addOne for AGG(…) FILTER (WHERE …): arguments are evaluated only on the rows that pass.
func (t *aggTable) addFiltered(w *worker, b *scan.Batch, call *expr.AggregateCall, state expr.State, whole bool, spanIDs, ids []uint32) error {
	w.expr.Runs = b.Runs
	rows, err := expr.EvalBool(&w.expr, call.Filter, b.Columns, b.Len, nil)
	if err != nil {
		return err
	}
	if rows = livingRows(rows, b.Living); len(rows) == 0 {
		return nil
	}
	passed := b.Compact(rows)
	groups := make([]uint32, len(rows))
	k := 0
	for i, row := range rows {
		if !whole {
			groups[i] = ids[row]
			continue
		}
		for int(row) >= t.spans[k].hi {
			k++
		}
		groups[i] = spanIDs[k]
	}
	args, err := evalArgs(w, call, passed)
	if err != nil {
		return err
	}
	return t.addRows(state, groups, args, passed.Len)
}

// evalArgs computes the arguments of an aggregate in encodings that its states take.
func evalArgs(w *worker, call *expr.AggregateCall, b *scan.Batch) ([]*column.Vector, error) {
	args, err := evalAll(w, call.Args, b)
	for i, v := range args {
		args[i] = argument(call, v)
	}
	return args, err
}

// argument gives an aggregate's argument in an encoding that its states take.
func argument(call *expr.AggregateCall, v *column.Vector) *column.Vector {
	switch {
	case v.Enc == column.Const || v.Enc == column.Scaled && call.Fn.Scaled || v.Enc == column.Narrow && call.Fn.Narrow:
		return v
	case v.Enc == column.Dict && call.Fn.Coded && v.Child.Enc == column.Flat:
		return v
	case call.Fn.Scaled && v.Type.Kind == column.Numeric && v.Enc != column.Flat:
		if s := column.ToScaled(v); s != nil {
			return s
		}
	}
	return column.Flatten(v)
}

// feed gives distinct arguments to the aggregates in calls; the groups are there.
func (t *aggTable) feed(calls []int, keys, args []*column.Vector, n int) error {
	t.ids = resized(t.ids, n)
	t.findRows(keys, t.ids)
	t.grow()
	return t.feedGroups(calls, t.ids, args, n)
}

// feedGroups is feed for rows whose groups are known.
func (t *aggTable) feedGroups(calls []int, groups []uint32, args []*column.Vector, n int) error {
	taken := make([]*column.Vector, len(args))
	for _, c := range calls {
		for i, v := range args {
			taken[i] = argument(&t.run.calls[c], v)
		}
		if err := t.states[c].Add(groups, taken, n); err != nil {
			return err
		}
	}
	return t.settle()
}

// count is how many groups there are.
func (t *aggTable) count() int {
	if t.groups == nil {
		return 1
	}
	return t.groups.count
}

// size is the memory that groups and states take.
func (t *aggTable) size() int64 {
	size := t.hasher.sizeBytes()
	if t.groups != nil {
		size += t.groups.sizeBytes()
	}
	for _, s := range t.states {
		size += s.SizeBytes()
	}
	if t.alone != nil {
		size += t.alone.sizeBytes()
	}
	return size
}

// settle makes the account equal to what is held.
func (t *aggTable) settle() error {
	size := t.size()
	if size > t.held {
		if err := t.run.account.need(size - t.held); err != nil {
			return err
		}
	} else {
		t.run.account.shrink(t.held - size)
	}
	t.held = size
	return nil
}

// slightly is by how much a table may grow without asking first.
const slightly = 64 << 10

// makeRoom reserves what n more rows can make the table grow by, before it grows, or seals it. At least one batch is always taken, so that
// rows that were written and are read again come to an end.
func (t *aggTable) makeRoom(n int) error {
	if t.groups == nil || t.run.env.Spill == nil || t.run.level > maxLevel {
		return nil
	}
	more := t.groups.growth(n)
	if t.groups.count+n > t.room {
		for _, s := range t.states {
			more += 2 * s.SizeBytes()
		}
	}
	more += t.lately
	if !t.fed {
		return nil
	}
	if t.crowded() {
		t.sealed = true
		return nil
	}
	if limit := t.run.env.held().Limit(); more <= slightly && limit > slightly {
		return nil
	}
	ok, err := t.run.account.fits(more)
	if err != nil {
		return err
	}
	t.sealed = !ok
	if ok {
		t.held += more // settle gives back what was not needed
	}
	return nil
}

// crowded reports that what memory is left is for the parts that are put together at the end, while the tables are still held.
func (t *aggTable) crowded() bool {
	limit := t.run.env.held().Limit()
	return limit > 0 && t.run.account.used() > max(limit/8*5, t.run.env.Least)
}

// merge adds groups of another table to these, group from[i], of which keys are the keys, to group into[i].
func (t *aggTable) merge(o *aggTable, keys []*column.Vector, from []uint32) (into []uint32, err error) {
	into = make([]uint32, len(from))
	if t.groups != nil {
		t.groups.findAll(keys, into)
		t.grow()
	}
	if err := t.eachState(len(from), func(i int) error { return t.states[i].Merge(o.states[i], from, into) }); err != nil {
		return nil, err
	}
	return into, t.settle()
}

// eachState does something to all states, of so many groups: side by side where there is much to do.
func (t *aggTable) eachState(groups int, f func(i int) error) error {
	workers := 1
	if groups*len(t.states) >= besideCells {
		workers = t.run.env.Workers
	}
	return beside(workers, len(t.states), f)
}

// drop gives the memory back.
func (t *aggTable) drop() {
	t.run.account.shrink(t.held)
	t.release()
	t.groups, t.held = nil, 0
}

// release hands what the states have allocated to those of other queries. It must be the last that is done with them.
func (t *aggTable) release() {
	for _, s := range t.states {
		if s, ok := s.(expr.ReleasedState); ok {
			s.Release()
		}
	}
	t.states = nil
}

// finish gives the output columns, keys first.
func (t *aggTable) finish() ([]*column.Vector, int, error) {
	if t.alone != nil {
		return t.alone.columns(), t.alone.n, nil
	}
	n := 1
	var columns []*column.Vector
	if t.groups != nil {
		n = t.groups.count
		rows, err := t.groups.finish()
		if err != nil {
			return nil, 0, err
		}
		columns = rows
	}
	keys := len(columns)
	columns = append(columns, make([]*column.Vector, len(t.states))...)
	err := t.eachState(n, func(i int) (err error) {
		columns[keys+i], err = t.states[i].Finish(n)
		return err
	})
	return columns, n, err
}

func typesOfExprs(list []expr.Expr) []column.Type {
	out := make([]column.Type, len(list))
	for i, e := range list {
		out[i] = e.Type()
	}
	return out
}
