package promql

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/schema"
)

// pointwise are the functions of one value that are evaluated here.
var pointwise = map[string]func(v float64) float64{
	"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "exp": math.Exp, "sqrt": math.Sqrt, "ln": math.Log, "log2": math.Log2, "log10": math.Log10,
}

// function recognizes a function of one value, and of numbers beside it.
func function(n *parser.Call) func(v float64) float64 {
	if f := pointwise[n.Func.Name]; f != nil {
		return f
	}
	var numbers []float64
	for _, arg := range n.Args[min(1, len(n.Args)):] {
		v, ok := number(arg)
		if !ok {
			return nil
		}
		numbers = append(numbers, v)
	}
	switch {
	case n.Func.Name == "round" && len(n.Args) > 0:
		inverse := 1.0
		if len(numbers) > 0 {
			inverse = 1 / numbers[0]
		}
		return func(v float64) float64 { return math.Floor(v*inverse+0.5) / inverse }
	case n.Func.Name == "clamp_min":
		return func(v float64) float64 { return math.Max(numbers[0], v) }
	case n.Func.Name == "clamp_max":
		return func(v float64) float64 { return math.Min(numbers[0], v) }
	case n.Func.Name == "clamp" && numbers[1] >= numbers[0]:
		return func(v float64) float64 { return math.Max(numbers[0], math.Min(numbers[1], v)) }
	}
	return nil
}

// compute applies a function to all values, which are no longer the metric that they were.
func (e *evaluation) compute(ctx context.Context) ([]series, error) {
	list, err := e.part(ctx, e.inner)
	if err != nil {
		return nil, err
	}
	seen := newNames(len(list))
	for i := range list {
		list[i].labels = list[i].labels.DropReserved(schema.IsMetadataLabel)
		if !seen.add(list[i].labels) {
			return nil, errAsWritten
		}
	}
	err = e.q.each(ctx, len(list), int64(len(list)*len(e.times)), func(i int) {
		for k, v := range list[i].values {
			if !isNothing(v) {
				list[i].values[k] = e.function(v)
			}
		}
	})
	return list, err
}
