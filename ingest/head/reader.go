package head

import (
	"context"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// reader gives the rows of a morsel's series. It works through groups: chunks of one series whose times overlap, which is
// the least that can be sorted alone. In-order data makes groups of one chunk.
type reader struct {
	plan     *plan
	views    []view
	pool     *mem.Pool
	reserved int64

	dec    decoder
	groups [][]piece // of the present series, still to be read
	key    []byte    // of the present series

	group
	rows selection // of the present group, still to be given

	builders []*column.Builder // one per output; of one row per run for tags and labels
	ends     []int32
	runs     []scan.Run
	open     bool // the last run is of the present series
	length   int
	keys     [][]byte // of the runs

	given Runs // of the batch that Next gave last
}

// Runs names the series of a batch's runs.
type Runs struct {
	Keys [][]byte // of the tags, in the short form of package key
	Runs []scan.Run
}

// RunsOf gives the series of the batch that a reader of this package gave last, also where the batch has no runs of its own.
func RunsOf(r scan.Reader) Runs { return r.(*reader).given }

// columnBytes is what a reader reserves for each column of the batch it is building.
const columnBytes = 8 * scan.BatchRows

func newReader(p *plan, views []view, pool *mem.Pool) (*reader, error) {
	r := &reader{plan: p, views: views, pool: pool}
	if err := r.reserve(r.batchBytes() + int64(len(p.needed))*columnBytes); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *reader) reserve(n int64) error {
	if r.pool == nil || n <= r.reserved {
		return nil
	}
	if err := r.pool.Grow(n - r.reserved); err != nil {
		return err
	}
	r.reserved = n
	return nil
}

// Close implements scan.Reader.
func (r *reader) Close() error {
	if r.pool != nil {
		r.pool.Shrink(r.reserved)
	}
	*r = reader{plan: r.plan}
	return nil
}

// Next implements scan.Reader.
func (r *reader) Next(ctx context.Context) (*scan.Batch, error) {
	for r.length < scan.BatchRows {
		switch {
		case r.rows.len() > 0:
			r.give()
		case len(r.groups) > 0:
			g := r.groups[0]
			r.groups = r.groups[1:]
			if err := r.load(ctx, g); err != nil {
				return nil, err
			}
		case len(r.views) > 0:
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r.next()
		case r.length > 0:
			return r.finish(), nil
		default:
			return nil, io.EOF
		}
	}
	return r.finish(), nil
}

// next begins a series.
func (r *reader) next() {
	v := &r.views[0]
	r.views = r.views[1:]
	times := scan.AllTime
	if r.plan.schema.Time != 0 {
		times = r.plan.req.Bound.Within(r.plan.req.Time)
	}
	var pieces []piece
	v.each(func(p place) {
		pieces = p.pieces(pieces, r.plan.after, times, r.plan.keys, r.wantedCopy)
	})
	if !r.plan.schema.Supersedes() {
		pieces = slices.DeleteFunc(pieces, func(g piece) bool { return g.dead != nil && g.deaths() == g.chunk.rows })
	}
	r.key, r.open = v.key, false
	r.groups = r.plan.ends(r.plan.group(pieces))
}

func (r *reader) wantedCopy(fields []column.Field) []bool {
	wanted := make([]bool, len(fields))
	for i := range fields {
		wanted[i] = slices.Contains(r.plan.needed, fields[i].ID)
	}
	return wanted
}

// group puts chunks together that must be sorted together, and orders the groups.
func (p *plan) group(pieces []piece) [][]piece {
	if len(pieces) == 0 {
		return nil
	}
	out := make([][]piece, 0, len(pieces))
	if len(p.order) == 0 && !p.schema.Supersedes() {
		for i := range pieces {
			out = append(out, pieces[i:i+1])
		}
		return out
	}
	if len(p.order) == 0 || p.order[0] != p.schema.Time {
		return append(out, pieces)
	}
	index := make([]int, len(pieces))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		x, y := pieces[a].chunk.minT, pieces[b].chunk.minT
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for lo := 0; lo < len(index); {
		hi, maxT := lo+1, pieces[index[lo]].chunk.maxT
		for hi < len(index) && pieces[index[hi]].chunk.minT <= maxT {
			maxT = max(maxT, pieces[index[hi]].chunk.maxT)
			hi++
		}
		slices.Sort(index[lo:hi]) // back to the order of seq
		g := make([]piece, 0, hi-lo)
		for _, i := range index[lo:hi] {
			g = append(g, pieces[i])
		}
		out = append(out, g)
		lo = hi
	}
	return out
}

// load decodes a group and decides which of its rows are given, in which order.
func (r *reader) load(ctx context.Context, g []piece) error {
	var err error
	if r.group, err = r.plan.decodeGroup(&r.dec, g); err != nil {
		return err
	}
	if err := r.reserve(2*sizeOf(r.vectors) + r.batchBytes()); err != nil {
		return err
	}
	r.rows = r.plan.choose(&r.group)
	if len(r.plan.fill) > 0 && r.rows.len() > 0 {
		return r.fill(ctx)
	}
	return nil
}

func sizeOf(vectors []*column.Vector) int64 {
	size := int64(0)
	for _, v := range vectors {
		if v != nil {
			size += v.SizeBytes()
		}
	}
	return size
}

// batchBytes is what the batch that is being built takes.
func (r *reader) batchBytes() int64 { return int64(1+len(r.plan.output)) * columnBytes }

// give moves rows of the present group into the batch, as many as fit.
func (r *reader) give() {
	if r.builders == nil {
		r.builders = make([]*column.Builder, len(r.plan.output))
		for i, o := range r.plan.output {
			r.builders[i] = column.NewBuilder(o.typ, 0)
		}
	}
	n := min(r.rows.len(), scan.BatchRows-r.length)
	if !r.open {
		r.addRun()
	}
	for i, o := range r.plan.output {
		switch {
		case o.needed < 0:
		case r.vectors[o.needed] == nil:
			r.builders[i].AppendNulls(n)
		case r.rows.index != nil:
			r.builders[i].AppendGather(r.vectors[o.needed], r.rows.index[:n])
		default:
			r.builders[i].AppendVector(r.vectors[o.needed], r.rows.lo, r.rows.lo+n)
		}
	}
	r.length += n
	r.rows.skip(n)
	last := len(r.runs) - 1
	r.runs[last].Len += int32(n)
	r.ends[last] = int32(r.length)
}

// addRun begins a run of the present series, with the values of its tags.
func (r *reader) addRun() {
	r.open = true
	r.runs = append(r.runs, scan.Run{Start: int32(r.length)})
	r.keys = append(r.keys, r.key)
	r.ends = append(r.ends, int32(r.length))
	for i, o := range r.plan.output {
		if o.needed >= 0 {
			continue
		}
		k := r.key
		var value []byte
		null := true
		for tag := 0; tag <= o.tag; tag++ {
			var err error
			if value, null, k, err = nextTag(k, r.plan.tags[tag], nil); err != nil {
				null = true // a key that Intern took decodes; see Dict
				break
			}
		}
		if o.label != "" && !null {
			var ok bool
			value, ok = labels.Lookup(value, o.label)
			null = !ok
		}
		key.Put(r.builders[i], value, null)
	}
}

func (r *reader) finish() *scan.Batch {
	b := &scan.Batch{Len: r.length, Columns: make([]*column.Vector, len(r.plan.output))}
	for i, o := range r.plan.output {
		v := r.builders[i].Finish()
		if o.needed < 0 {
			v = &column.Vector{Type: o.typ, Enc: column.RunEnd, Len: r.length, Child: v, Ends: r.ends}
		}
		b.Columns[i] = v
	}
	if len(r.plan.order) > 0 || len(r.plan.tags) > 0 {
		b.Runs = r.runs
	}
	r.given = Runs{Keys: r.keys, Runs: r.runs}
	r.keys, r.runs, r.ends, r.open, r.length = nil, nil, nil, false, 0
	return b
}
