package column

// Flatten gives the same rows as a flat vector: v itself if it is one, text where it is Scaled, integers where it is Narrow. Encoded text that would unfold to more than
// 2 GiB has no flat form: Flatten panics with ErrTooLarge then, and whoever may meet that uses a Builder.
func Flatten(v *Vector) *Vector {
	if v.Enc == Flat {
		return v
	}
	b := NewBuilder(v.Type, v.Len)
	b.AppendVector(v, 0, v.Len)
	if b.err != nil {
		panic(b.err)
	}
	return b.Finish()
}

// Gather gives the listed rows in that order; rows may repeat. Const stays Const, Dict Dict and Scaled Scaled. RunEnd stays RunEnd
// where rows ascend, and becomes Dict over the same child where they do not. Flat becomes Dict only where repeated rows
// of text would pass 2 GiB.
func Gather(v *Vector, rows []int32) *Vector {
	switch v.Enc {
	case Const:
		return &Vector{Type: v.Type, Enc: Const, Len: len(rows), Child: v.Child}
	case Dict:
		return &Vector{Type: v.Type, Enc: Dict, Len: len(rows), Child: v.Child, Codes: gather(nil, v.Codes, rows)}
	case RunEnd:
		if g := v.gatherRuns(rows); g != nil {
			return g
		}
		codes := make([]uint32, len(rows))
		for i, k := range v.appendRunsOf(make([]int32, 0, len(rows)), rows) {
			codes[i] = uint32(k)
		}
		return &Vector{Type: v.Type, Enc: Dict, Len: len(rows), Child: v.Child, Codes: codes}
	case Scaled:
		return v.gatherScaled(rows)
	}
	b := NewBuilder(v.Type, len(rows))
	b.AppendGather(v, rows)
	if b.err == nil {
		return b.Finish()
	}
	codes := make([]uint32, len(rows))
	for i, r := range rows {
		codes[i] = uint32(r)
	}
	return &Vector{Type: v.Type, Enc: Dict, Len: len(rows), Child: v, Codes: codes}
}

// gatherRuns keeps the runs that rows fall into; nil if rows do not ascend.
func (v *Vector) gatherRuns(rows []int32) *Vector {
	out := &Vector{Type: v.Type, Enc: RunEnd, Len: len(rows)}
	var kept []int32
	k, last := 0, int32(0)
	for i := 0; i < len(rows); {
		if rows[i] < last {
			return nil
		}
		last = rows[i]
		if last >= v.Ends[k] {
			k = v.run(int(last))
		}
		end := v.Ends[k]
		for i < len(rows) && rows[i] < end {
			if rows[i] < last {
				return nil
			}
			last = rows[i]
			i++
		}
		kept = append(kept, int32(k))
		out.Ends = append(out.Ends, int32(i))
	}
	if len(kept) == v.Child.Len {
		out.Child = v.Child
	} else {
		out.Child = Gather(v.Child, kept)
	}
	return out
}

// Concat joins vectors of one type into a flat one, or a Scaled one where all are, with one scale. The error is ErrTooLarge.
func Concat(t Type, vectors ...*Vector) (*Vector, error) {
	n := 0
	for _, v := range vectors {
		n += v.Len
	}
	if v := concatScaled(n, vectors); v != nil {
		return v, nil
	}
	b := NewBuilder(t, n)
	for _, v := range vectors {
		b.AppendVector(v, 0, v.Len)
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.Finish(), nil
}
