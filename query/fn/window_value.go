package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Functions that give a value of another row of the partition or of the frame.

func addRowValues(r *Registry) {
	r.window(
		expr.WindowFunction{Name: "lag", Args: types(tAny), Neighbour: -1, Kernel: neighbour(-1), Doc: "value of the row before, NULL where there is none"},
		expr.WindowFunction{Name: "lag", Args: types(tAny, tInt4), Neighbour: -1, Kernel: neighbour(-1), Doc: "value of the row so many rows before"},
		expr.WindowFunction{Name: "lag", Args: types(tAny, tInt4, tAny), Common: true, Neighbour: -1, Kernel: neighbour(-1), Doc: "value of the row so many rows before, or the third where there is none"},
		expr.WindowFunction{Name: "lead", Args: types(tAny), Neighbour: 1, Kernel: neighbour(1), Doc: "value of the row behind, NULL where there is none"},
		expr.WindowFunction{Name: "lead", Args: types(tAny, tInt4), Neighbour: 1, Kernel: neighbour(1), Doc: "value of the row so many rows behind"},
		expr.WindowFunction{Name: "lead", Args: types(tAny, tInt4, tAny), Common: true, Neighbour: 1, Kernel: neighbour(1), Doc: "value of the row so many rows behind, or the third where there is none"},
		expr.WindowFunction{Name: "first_value", Args: types(tAny), Framed: true, TakesFirst: true, Kernel: firstValues, Doc: "value of the frame's first row"},
		expr.WindowFunction{Name: "last_value", Args: types(tAny), Framed: true, TakesLast: true, Kernel: lastValues, Doc: "value of the frame's last row"},
		expr.WindowFunction{Name: "nth_value", Args: types(tAny, tInt4), Framed: true, Kernel: nthValues, Doc: "value of the frame's n-th row, from 1"},
	)
}

const (
	noRow      = -1 // NULL
	defaultRow = -2 // the default of the row itself
)

// gatherWhole is up to how many rows are copied in one step.
const gatherWhole = 1 << 20

// taken gives for each row the value of row from[i] of v, or of its own row of defaults.
func taken(p *expr.Partitions, v *column.Vector, from []int32, defaults *column.Vector) (*column.Vector, error) {
	plain := true
	for _, f := range from {
		plain = plain && f >= 0
	}
	if plain && len(from) < gatherWhole {
		return column.Gather(v, from), nil
	}
	if plain && v.Enc == column.Flat {
		return expr.GatherPieces(p.Looks.Ctx, v, from)
	}
	b := column.NewBuilder(v.Type, len(from))
	for i, f := range from {
		if p.Looks.Over() {
			return nil, p.Looks.Err()
		}
		switch {
		case f >= 0:
			b.AppendRow(v, int(f))
		case f == defaultRow:
			b.AppendRow(defaults, i)
		default:
			b.AppendNull()
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func neighbour(sign int64) func(*expr.Partitions, []*column.Vector) (*column.Vector, error) {
	return func(p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
		from := make([]int32, p.Len())
		missing := int32(noRow)
		var defaults *column.Vector
		if len(args) > 2 {
			missing, defaults = defaultRow, args[2]
		}
		for k := range p.Bounds[1:] {
			lo, hi := p.Bounds[k], p.Bounds[k+1]
			for i := lo; i < hi; i++ {
				if p.Looks.Over() {
					return nil, p.Looks.Err()
				}
				by := int64(1)
				if len(args) > 1 {
					if args[1].IsNull(int(i)) {
						from[i] = noRow
						continue
					}
					by = args[1].Int(int(i))
				}
				if at := int64(i) + sign*by; at >= int64(lo) && at < int64(hi) {
					from[i] = int32(at)
				} else {
					from[i] = missing
				}
			}
		}
		return taken(p, args[0], from, defaults)
	}
}

func firstValues(p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
	from := make([]int32, p.Len())
	for i := range from {
		if p.Looks.Over() {
			return nil, p.Looks.Err()
		}
		from[i] = noRow
		for _, r := range p.Frame(int32(i)) {
			if r.Lo < r.Hi {
				from[i] = r.Lo
				break
			}
		}
	}
	return taken(p, args[0], from, nil)
}

func lastValues(p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
	from := make([]int32, p.Len())
	for i := range from {
		if p.Looks.Over() {
			return nil, p.Looks.Err()
		}
		from[i] = noRow
		for _, r := range p.Frame(int32(i)) {
			if r.Lo < r.Hi {
				from[i] = r.Hi - 1
			}
		}
	}
	return taken(p, args[0], from, nil)
}

func nthValues(p *expr.Partitions, args []*column.Vector) (*column.Vector, error) {
	from := make([]int32, p.Len())
	for i := range from {
		if p.Looks.Over() {
			return nil, p.Looks.Err()
		}
		from[i] = noRow
		if args[1].IsNull(i) {
			continue
		}
		n := args[1].Int(i)
		if n <= 0 {
			return nil, sqlError("22016", "argument of nth_value must be greater than zero")
		}
		n--
		for _, r := range p.Frame(int32(i)) {
			size := int64(max(r.Hi-r.Lo, 0))
			if n < size {
				from[i] = r.Lo + int32(n)
				break
			}
			n -= size
		}
	}
	return taken(p, args[0], from, nil)
}
