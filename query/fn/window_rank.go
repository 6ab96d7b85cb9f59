package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Functions of a row's place in its partition.

// moreFamilies are window functions and the aggregates that depend on the order of rows.
var moreFamilies = []func(r *Registry){addRanks, addRowValues, addCollectors, addJSONAggregates, addRegressions, addOrderedSets}

func addRanks(r *Registry) {
	r.window(
		expr.WindowFunction{Name: "row_number", Result: tInt8, Leading: true, Kernel: rowNumbers, Ranked: placedNumbers, Doc: "number of the row in its partition, from 1"},
		expr.WindowFunction{Name: "rank", Result: tInt8, Leading: true, Kernel: ranks, Ranked: placedRanks, ByPeers: true, Doc: "row_number of the first peer"},
		expr.WindowFunction{Name: "dense_rank", Result: tInt8, Leading: true, Kernel: denseRanks, Ranked: placedDenseRanks, ByPeers: true, Doc: "number of the group of peers, from 1"},
		expr.WindowFunction{Name: "percent_rank", Result: tFloat8, Kernel: percentRanks, Ranked: placedPercentRanks, ByPeers: true, Doc: "(rank - 1) / (rows - 1)"},
		expr.WindowFunction{Name: "cume_dist", Result: tFloat8, Kernel: cumeDists, Ranked: placedCumeDists, ByPeers: true, Doc: "share of rows before the row or its peers"},
		expr.WindowFunction{Name: "ntile", Args: types(tInt4), Result: tInt4, Kernel: ntiles, Ranked: placedNtiles, Doc: "number of the one of so many parts of nearly equal size"},
	)
}

// perPartition fills a vector of integers partition by partition.
func perPartition(p *expr.Partitions, t column.Type, fill func(out []int64, lo, hi int32)) *column.Vector {
	out := make([]int64, p.Len())
	for k := range p.Bounds[1:] {
		fill(out, p.Bounds[k], p.Bounds[k+1])
	}
	return column.NewInts(t, out, nil)
}

func rowNumbers(p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return perPartition(p, tInt8, func(out []int64, lo, hi int32) {
		for i := range out[lo:hi] {
			out[int(lo)+i] = int64(i) + 1
		}
	}), nil
}

func ranks(p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return perPartition(p, tInt8, func(out []int64, lo, hi int32) {
		for i := lo; i < hi; i++ {
			out[i] = int64(p.First[i]-lo) + 1
		}
	}), nil
}

func denseRanks(p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return perPartition(p, tInt8, func(out []int64, lo, hi int32) {
		n := int64(0)
		for i := lo; i < hi; i++ {
			if p.First[i] == i {
				n++
			}
			out[i] = n
		}
	}), nil
}

func percentRanks(p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	out := make([]float64, p.Len())
	for k := range p.Bounds[1:] {
		lo, hi := p.Bounds[k], p.Bounds[k+1]
		for i := lo; i < hi && hi-lo > 1; i++ {
			out[i] = float64(p.First[i]-lo) / float64(hi-lo-1)
		}
	}
	return column.NewFloats(tFloat8, out, nil), nil
}

func cumeDists(p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	out := make([]float64, p.Len())
	for k := range p.Bounds[1:] {
		lo, hi := p.Bounds[k], p.Bounds[k+1]
		for i := lo; i < hi; i++ {
			out[i] = float64(p.End[i]-lo) / float64(hi-lo)
		}
	}
	return column.NewFloats(tFloat8, out, nil), nil
}

// ntiles takes the number of parts from the first row of a partition that has one; the rows before it get NULL.
func ntiles(p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
	b := column.NewBuilder(tInt4, p.Len())
	for k := range p.Bounds[1:] {
		lo, hi := p.Bounds[k], p.Bounds[k+1]
		i := lo
		for i < hi && args[0].IsNull(int(i)) {
			b.AppendNull()
			i++
		}
		if i == hi {
			continue
		}
		parts := args[0].Int(int(i))
		if parts <= 0 {
			return nil, sqlError("22014", "argument of ntile must be greater than zero")
		}
		size, larger := int64(hi-lo)/parts, int64(hi-lo)%parts
		for row := int64(0); i < hi; i, row = i+1, row+1 {
			if row < larger*(size+1) {
				b.AppendInt(row/(size+1) + 1)
			} else {
				b.AppendInt((row-larger)/size + 1)
			}
		}
	}
	return b.Finish(), nil
}
