package aegis

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A sample is taken from the rows themselves when a plan first asks, and kept while the table stays about as large. It knows of values that stand
// together what no description of one column does (statistics.go), and of rows in memory, which nobody has described.

const (
	sampleBlocks  = 16  // places of the table that rows are taken from
	sampleRows    = 128 // rows that follow each other, at each of them
	sampleMorsels = 8   // parts of the scan that are opened, at the most
	keptSamples   = 128 // relations whose samples are kept
)

// A sample serves until the table has grown or shrunk by a fifth, and for a minute at least: new rows come all the time.
const (
	sampleDrift = 0.2
	sampleAge   = time.Minute
)

// relationSamples keeps the sample of each relation that was asked for. Safe for concurrent use.
type relationSamples struct {
	mu   sync.Mutex
	kept map[sampleKey]*keptSample
}

type sampleKey struct {
	table meta.TableID
	name  string // tells the metrics of one table apart
}

type keptSample struct {
	schema *column.Schema
	stored int64 // rows in segments, then
	taken  time.Time
	sample *plan.Sample
}

// find gives a kept sample that has the columns, or the columns that a new one should have.
func (s *relationSamples) find(r *relation, now time.Time, columns []int) (*plan.Sample, []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept[r.sampleKey()]
	if k == nil || k.schema != r.Schema() {
		return nil, columns
	}
	drift := math.Abs(float64(r.rows-k.stored)) / float64(max(k.stored, 1))
	fresh := now.Sub(k.taken) < sampleAge || drift == 0 && k.stored > 0 || drift < sampleDrift
	complete := true
	for _, c := range columns {
		if _, ok := k.sample.Columns[c]; !ok {
			complete = false
		}
	}
	if fresh && complete {
		return k.sample, nil
	}
	for c := range k.sample.Columns { // rows of one sample belong together: all columns are read again
		columns = appendMissing(columns, c)
	}
	return nil, columns
}

func appendMissing(list []int, c int) []int {
	for _, x := range list {
		if x == c {
			return list
		}
	}
	return append(list[:len(list):len(list)], c)
}

func (s *relationSamples) keep(r *relation, now time.Time, sample *plan.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || len(s.kept) >= keptSamples {
		s.kept = map[sampleKey]*keptSample{}
	}
	s.kept[r.sampleKey()] = &keptSample{r.Schema(), r.rows, now, sample}
}

func (r *relation) sampleKey() sampleKey { return sampleKey{r.table.ID, r.name} }

// Sample implements plan.Sampled.
func (r *relation) Sample(ctx context.Context, columns []int) (*plan.Sample, error) {
	now := r.db.options.Now()
	kept, want := r.db.samples.find(r, now, columns)
	if kept != nil {
		return kept, nil
	}
	s, err := r.takeSample(ctx, want)
	if err == nil {
		r.db.samples.keep(r, now, s)
	}
	return s, err
}

// takeSample reads blocks of rows that lie about equally far from each other.
func (r *relation) takeSample(ctx context.Context, columns []int) (*plan.Sample, error) {
	req, place := r.sampleRequest(columns)
	morsels, stats, err := r.source.Morsels(ctx, req)
	if err != nil {
		return nil, err
	}
	out := &plan.Sample{Columns: map[int]plan.SampleColumn{}}
	for _, m := range morsels {
		out.Rows += m.Rows()
	}
	taken := &blocks{builders: make([]*column.Builder, len(columns))}
	for i, c := range columns {
		taken.builders[i] = column.NewBuilder(r.columns[c].Type, sampleBlocks*sampleRows)
	}
	open := min(len(morsels), sampleMorsels)
	for i := range open {
		m := morsels[i*len(morsels)/open]
		if err := taken.add(ctx, r.db, m, place, (sampleBlocks+open-1)/open); err != nil {
			return nil, err
		}
	}
	if len(taken.ends) > 0 {
		out.Len = taken.ends[len(taken.ends)-1]
	}
	for i, c := range columns {
		if err := taken.builders[i].Err(); err != nil {
			return nil, err
		}
		v := taken.builders[i].Finish()
		d := distinct(v, taken.ends, float64(out.Rows))
		if r.columns[c].Tag && stats.Series > 0 {
			d = min(d, float64(stats.Series)) // of each segment: counted too often rather than too seldom
		}
		out.Columns[c] = plan.SampleColumn{Values: v, Distinct: d}
	}
	return out, nil
}

// sampleRequest asks for columns; place says where each stands in the source's batches.
func (r *relation) sampleRequest(columns []int) (*scan.Request, []int) {
	req := &scan.Request{Time: scan.AllTime, Series: r.series}
	place := make([]int, len(columns))
	for i, c := range columns {
		if id := r.columns[c].ID; id != 0 {
			place[i] = len(req.Columns)
			req.Columns = append(req.Columns, id)
		}
	}
	for i, c := range columns {
		if r.columns[c].ID == 0 {
			place[i] = len(req.Columns) + len(req.Labels)
			req.Labels = append(req.Labels, r.columns[c].Label)
		}
	}
	return req, place
}

// blocks are the rows that were taken, block after block.
type blocks struct {
	builders []*column.Builder
	ends     []int // where each block ends
}

// add takes count blocks from a morsel.
func (t *blocks) add(ctx context.Context, db *DB, m scan.Morsel, place []int, count int) error {
	reader, err := m.Open(ctx, db.pool)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // reading is over: nothing can be lost
	batches := max(1, int(m.Rows()/scan.BatchRows))
	step := max(1, batches/count)
	for i := 0; count > 0; i++ {
		b, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if i%step != 0 {
			continue
		}
		// A table of a few batches gives longer blocks.
		n := min(b.Len, sampleRows*max(1, count/batches))
		for k, p := range place {
			t.builders[k].AppendVector(b.Columns[p], 0, n)
		}
		end := n
		if len(t.ends) > 0 {
			end += t.ends[len(t.ends)-1]
		}
		t.ends = append(t.ends, end)
		count--
	}
	return nil
}

// distinct estimates how many different values a column of so many rows has, from blocks of it. Values that stand together, as in a
// sorted column, are told from such as come again and again by looking at blocks: d different values were drawn from them in n draws,
// which a column of M equally frequent values does where d = M·(1 − e^(−n/M)). What repeats inside a block repeats throughout.
func distinct(v *column.Vector, ends []int, rows float64) float64 {
	all, draws, present := map[string]struct{}{}, 0, 0
	var encoded []byte
	start := 0
	for _, end := range ends {
		block := map[string]struct{}{}
		for i := start; i < end; i++ {
			if v.IsNull(i) {
				continue
			}
			present++
			encoded = key.AppendValue(encoded[:0], v, i)
			if _, ok := block[string(encoded)]; !ok {
				block[string(encoded)] = struct{}{}
				all[string(encoded)] = struct{}{}
			}
		}
		draws += len(block)
		start = end
	}
	if present == 0 {
		return 0
	}
	found := float64(len(all))
	most := rows * float64(present) / float64(v.Len) * float64(draws) / float64(present)
	if most <= found {
		return found
	}
	// Blocks lie far apart, so that all but a part between two of them is between their least and their greatest value.
	whole := span(v) * (1 + 1/float64(len(ends)))
	if len(ends) == 1 {
		whole = span(v) * rows / float64(v.Len)
	}
	return min(max(math.Round(stats.Behind(found, float64(draws))), found), most, whole)
}

// span is how many whole numbers lie between the least and the greatest value; no bound for other types.
func span(v *column.Vector) float64 {
	if v.Type.Physical() != column.PhysInt {
		return math.Inf(1)
	}
	lo, hi, some := int64(0), int64(0), false
	for i := range v.Len {
		if v.IsNull(i) {
			continue
		}
		x := v.Ints[i]
		if !some {
			lo, hi, some = x, x, true
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	return float64(hi) - float64(lo) + 1
}
