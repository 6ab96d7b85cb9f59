package expr

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// caseParts collects what the branches of a CASE give: the values one behind the other, and for each row which of them it has.
type caseParts struct {
	values  []*column.Vector
	total   int
	codes   []uint32
	allOnce bool // each branch gave one constant
}

// add says that v holds the values of the rows listed.
func (p *caseParts) add(v *column.Vector, rows []int32) {
	if v.Enc == column.Const {
		p.values = append(p.values, v.Child)
		for _, r := range rows {
			p.codes[r] = uint32(p.total)
		}
		p.total++
		return
	}
	p.allOnce = false
	p.values = append(p.values, v)
	for i, r := range rows {
		p.codes[r] = uint32(p.total + i)
	}
	p.total += v.Len
}

// evalCase hands each branch the rows that reach it.
func evalCase(ctx *Context, e *Case, in []*column.Vector, n int) (*column.Vector, error) {
	parts := caseParts{codes: make([]uint32, n), allOnce: true}
	rest := appendRange(make([]int32, 0, n), 0, int32(n))
	for i, when := range e.When {
		if len(rest) == 0 {
			break
		}
		cond, err := evalRows(ctx, when, in, n, rest)
		if err != nil {
			return nil, err
		}
		hit := AppendTrue(nil, cond)
		if len(hit) == 0 {
			continue
		}
		taken, left := split(rest, hit)
		if len(taken) == n {
			return Eval(ctx, e.Then[i], in, n)
		}
		v, err := evalRows(ctx, e.Then[i], in, n, taken)
		if err != nil {
			return nil, err
		}
		parts.add(v, taken)
		rest = left
	}
	if len(rest) > 0 {
		v := column.NewNull(e.T, len(rest))
		if e.Else != nil {
			var err error
			if v, err = evalRows(ctx, e.Else, in, n, rest); err != nil {
				return nil, err
			}
		}
		if len(rest) == n {
			return v, nil
		}
		parts.add(v, rest)
	}
	return parts.join(e)
}

func (p *caseParts) join(e *Case) (*column.Vector, error) {
	if v := p.scaled(); v != nil {
		return v, nil
	}
	child, err := column.Concat(e.T, p.values...)
	if err != nil {
		return nil, errorAt(err, e.At)
	}
	dict := &column.Vector{Type: e.T, Enc: column.Dict, Len: len(p.codes), Child: child, Codes: p.codes}
	if p.allOnce {
		return dict, nil
	}
	return column.Flatten(dict), nil
}

// scaled joins branches that are all Scaled or constants of one scale, nil if they are not: 0 beside 1.25 stays 0.
func (p *caseParts) scaled() *column.Vector {
	if p.allOnce || !slices.ContainsFunc(p.values, func(v *column.Vector) bool { return v.Enc == column.Scaled }) {
		return nil
	}
	scale := int32(-1)
	parts := make([]*column.Vector, len(p.values))
	for i, v := range p.values {
		if v.Child != nil { // a branch of dictionary codes, say
			v = column.Flatten(v)
		}
		if parts[i] = column.ToScaled(v); parts[i] == nil {
			return nil
		}
		if anyValid(v) {
			if scale >= 0 && parts[i].Scale != scale {
				return nil
			}
			scale = parts[i].Scale
		}
	}
	for i, v := range parts {
		if v.Scale != max(scale, 0) { // of NULLs alone
			parts[i] = column.NewScaled(v.Ints, max(scale, 0), v.Valid)
		}
	}
	child, err := column.Concat(parts[0].Type, parts...)
	if err != nil {
		return nil
	}
	rows := make([]int32, len(p.codes))
	for i, c := range p.codes {
		rows[i] = int32(c)
	}
	return column.Gather(child, rows)
}

func anyValid(v *column.Vector) bool { return v.Valid == nil || v.Valid.Count(v.Len) > 0 }

// split parts rows into those at the positions hit and the others.
func split(rows, hit []int32) (taken, left []int32) {
	taken = make([]int32, 0, len(hit))
	left = make([]int32, 0, len(rows)-len(hit))
	k := 0
	for i, r := range rows {
		if k < len(hit) && hit[k] == int32(i) {
			taken = append(taken, r)
			k++
		} else {
			left = append(left, r)
		}
	}
	return taken, left
}
