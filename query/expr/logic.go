package expr

import "github.com/automatanexus/aegis-db/column"

// evalLogic goes through the arguments while rows are undecided: for AND, those not yet false; for OR, those not
// yet true.
func evalLogic(ctx *Context, e *Logic, in []*column.Vector, n int) (*column.Vector, error) {
	acc, err := Eval(ctx, e.Args[0], in, n)
	if err != nil {
		return nil, err
	}
	for _, arg := range e.Args[1:] {
		left := undecided(acc, e.Or)
		if left == 0 {
			return acc, nil
		}
		// Where most rows are open still, computing all of them costs less than gathering those; what may fail must not
		// see the others.
		if left == n || left > n/4 && !CanFail(arg) && !Volatile(arg) {
			v, err := Eval(ctx, arg, in, n)
			if err != nil {
				return nil, err
			}
			acc = combine(acc, v, e.Or)
			continue
		}
		rows := undecidedRows(acc, e.Or, left)
		v, err := evalRows(ctx, arg, in, n, rows)
		if err != nil {
			return nil, err
		}
		acc = combineRows(column.Flatten(acc), column.Flatten(v), rows, e.Or)
	}
	return acc, nil
}

// combine joins two results, on values where their shapes agree.
func combine(a, b *column.Vector, or bool) *column.Vector {
	n := a.Len
	if a.Enc == column.Const && b.Enc == column.Const {
		return column.NewConst(combineFlat(a.Child, b.Child, or), 0, n)
	}
	if a.Enc == column.Const && !a.IsNull(0) && a.Child.Bools[0] != or {
		return b // the neutral element
	}
	if b.Enc == column.Const && !b.IsNull(0) && b.Child.Bools[0] != or {
		return a
	}
	if a.Enc != column.Flat && a.Enc == b.Enc && sameShape(a, b) {
		return rewrap(a, combineFlat(a.Child, b.Child, or))
	}
	return combineFlat(column.Flatten(a), column.Flatten(b), or)
}

// combineFlat is three-valued AND or OR of two flat vectors.
func combineFlat(a, b *column.Vector, or bool) *column.Vector {
	n := a.Len
	out := make([]bool, n)
	x, y := a.Bools[:n], b.Bools[:n]
	if a.Valid == nil && b.Valid == nil {
		if or {
			for i := range out {
				out[i] = x[i] || y[i]
			}
		} else {
			for i := range out {
				out[i] = x[i] && y[i]
			}
		}
		return column.NewBools(out, nil)
	}
	valid := column.NewBitmap(n, true)
	for i := range out {
		av, bv := a.Valid.Get(i), b.Valid.Get(i)
		// The deciding value decides beside a NULL, too.
		if av && x[i] == or || bv && y[i] == or {
			out[i] = or
			continue
		}
		out[i] = !or
		if !av || !bv {
			valid.Clear(i)
		}
	}
	return column.NewBools(out, valid)
}

// combineRows joins b, which has a value for each of the rows listed, into a.
func combineRows(a, b *column.Vector, rows []int32, or bool) *column.Vector {
	out := append([]bool(nil), a.Bools[:a.Len]...)
	if a.Valid == nil && b.Valid == nil {
		for k, r := range rows {
			out[r] = b.Bools[k]
		}
		return column.NewBools(out, nil)
	}
	valid := a.Valid
	if valid != nil || b.Valid != nil {
		valid = column.NewBitmap(a.Len, true)
		if a.Valid != nil {
			copy(valid, a.Valid)
		}
	}
	for k, r := range rows {
		i := int(r)
		av, bv := valid.Get(i), b.Valid.Get(k)
		switch {
		case bv && b.Bools[k] == or:
			out[i] = or
			if valid != nil {
				valid.Set(i)
			}
		case av && !bv:
			valid.Clear(i)
		}
	}
	return column.NewBools(out, valid)
}

// undecided counts the rows that a later argument can still change.
func undecided(v *column.Vector, or bool) int {
	switch v.Enc {
	case column.Const:
		if !v.IsNull(0) && v.Child.Bools[0] == or {
			return 0
		}
		return v.Len
	case column.RunEnd:
		count, start := 0, int32(0)
		for k, end := range v.Ends {
			if !v.Child.Valid.Get(k) || v.Child.Bools[k] != or {
				count += int(end - start)
			}
			start = end
		}
		return count
	case column.Dict:
		open := make([]int, v.Child.Len)
		for i, b := range v.Child.Bools[:v.Child.Len] {
			if b != or || !v.Child.Valid.Get(i) {
				open[i] = 1
			}
		}
		count := 0
		for _, c := range v.Codes {
			count += open[c]
		}
		return count
	}
	count := v.Len
	if v.Valid == nil {
		for _, b := range v.Bools[:v.Len] {
			if b == or {
				count--
			}
		}
		return count
	}
	for i, b := range v.Bools[:v.Len] {
		if b == or && v.Valid.Get(i) {
			count--
		}
	}
	return count
}

func undecidedRows(v *column.Vector, or bool, count int) []int32 {
	f := column.Flatten(v)
	if f.Valid == nil {
		// No branch to mispredict: each row is written, and kept by moving on.
		rows, k := make([]int32, f.Len), 0
		for i, b := range f.Bools[:f.Len] {
			rows[k] = int32(i)
			if b != or {
				k++
			}
		}
		return rows[:k]
	}
	rows := make([]int32, 0, count)
	for i, b := range f.Bools[:f.Len] {
		if b != or || !f.Valid.Get(i) {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

func notFlat(v *column.Vector) *column.Vector {
	out := make([]bool, v.Len)
	for i, b := range v.Bools[:v.Len] {
		out[i] = !b
	}
	return column.NewBools(out, v.Valid)
}

func isNullFlat(v *column.Vector, negate bool) *column.Vector {
	if v.Valid == nil {
		return column.NewConst(column.NewBools([]bool{negate}, nil), 0, v.Len)
	}
	out := make([]bool, v.Len)
	for i := range out {
		out[i] = v.Valid.Get(i) == negate
	}
	return column.NewBools(out, nil)
}
