package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Functions of a row's place for pieces of partitions.

// placedInts fills the values of a piece.
func placedInts(t column.Type, p *expr.Partitions, of func(i int) int64) *column.Vector {
	out := make([]int64, p.Len())
	for i := range out {
		out[i] = of(i)
	}
	return column.NewInts(t, out, nil)
}

func placedFloats(p *expr.Partitions, of func(i int) float64) *column.Vector {
	out := make([]float64, p.Len())
	for i := range out {
		out[i] = of(i)
	}
	return column.NewFloats(tFloat8, out, nil)
}

func placedNumbers(at expr.Placed, p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return placedInts(tInt8, p, func(i int) int64 { return at.Rows + int64(i) + 1 }), nil
}

func placedRanks(at expr.Placed, p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return placedInts(tInt8, p, func(i int) int64 { return at.Rows + int64(p.First[i]) + 1 }), nil
}

func placedDenseRanks(at expr.Placed, p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	n := at.Groups
	return placedInts(tInt8, p, func(i int) int64 {
		if p.First[i] == int32(i) {
			n++
		}
		return n
	}), nil
}

func placedPercentRanks(at expr.Placed, p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return placedFloats(p, func(i int) float64 {
		if at.Total <= 1 {
			return 0
		}
		return float64(at.Rows+int64(p.First[i])) / float64(at.Total-1)
	}), nil
}

func placedCumeDists(at expr.Placed, p *expr.Partitions, _ []*column.Vector) (*column.Vector, error) {
	return placedFloats(p, func(i int) float64 { return float64(at.Rows+int64(p.End[i])) / float64(at.Total) }), nil
}

func placedNtiles(at expr.Placed, p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
	parts := args[0].Int(0)
	if parts <= 0 {
		return nil, sqlError("22014", "argument of ntile must be greater than zero")
	}
	size, larger := at.Total/parts, at.Total%parts
	return placedInts(tInt4, p, func(i int) int64 {
		row := at.Rows + int64(i)
		if row < larger*(size+1) {
			return row/(size+1) + 1
		}
		return (row-larger)/size + 1
	}), nil
}
