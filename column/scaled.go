package column

import (
	"math"
	"slices"
	"strconv"
)

// A Scaled vector of numeric holds integers and one scale for all of them: row i is Ints[i] / 10^Scale and is shown with
// Scale decimals, which is what PostgreSQL calls the display scale. It is how columns of numeric(p,s) come out of segments
// and what exact arithmetic on them gives. NaN, infinities, more than 63 bits and values of different scales have no such
// form: such vectors are Flat, canonical text. Both are right everywhere; kernels that know this one spare themselves the text.
//
// Children of encoded vectors are never Scaled, so what looks into a child needs not know of it.

// MaxScale is the largest scale a Scaled vector has: beyond it the integers of a product would be nearly all zeros.
const MaxScale = 37

// NewScaled makes a Scaled vector; valid may be nil. The scale is 0 to MaxScale.
func NewScaled(ints []int64, scale int32, valid Bitmap) *Vector {
	return &Vector{Type: T(Numeric), Enc: Scaled, Len: len(ints), Ints: ints, Scale: scale, Valid: valid}
}

// AppendScaled appends the canonical text of v / 10^scale.
func AppendScaled(dst []byte, v int64, scale int32) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, v, 10)
	}
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	var buf [MaxScale + 24]byte
	at := len(buf)
	for range scale {
		at--
		buf[at] = byte('0' + u%10)
		u /= 10
	}
	at--
	buf[at] = '.'
	for {
		at--
		buf[at] = byte('0' + u%10)
		if u /= 10; u == 0 {
			return append(dst, buf[at:]...)
		}
	}
}

// ParseScaled reads canonical text of at most 18 digits, of which at most MaxScale are decimals.
func ParseScaled(text []byte) (v int64, scale int32, ok bool) {
	s := text
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	const most = 18 // digits that cannot overflow, and a point
	if len(s) == 0 || len(s) > most+1 {
		return 0, 0, false
	}
	point := -1
	for i, c := range s {
		if d := c - '0'; d <= 9 {
			v = v*10 + int64(d)
		} else if c == '.' && point < 0 {
			point = i
		} else {
			return 0, 0, false
		}
	}
	if point >= 0 {
		scale = int32(len(s) - point - 1)
	} else if len(s) > most {
		return 0, 0, false
	}
	if len(s) != len(text) {
		v = -v
	}
	return v, scale, true
}

// ToScaled gives a vector of numeric as Scaled, nil if its values do not allow that. Constants are not asked for: nil.
func ToScaled(v *Vector) *Vector {
	switch v.Enc {
	case Scaled:
		return v
	case Flat:
		return scaledText(v)
	case Const:
		return nil
	}
	if v.Child.Len > v.Len {
		return scaledText(Flatten(v))
	}
	child := scaledText(v.Child)
	if child == nil {
		return nil
	}
	rows := make([]int32, 0, v.Len)
	if v.Enc == RunEnd {
		for k, end := range v.Ends {
			for len(rows) < int(end) {
				rows = append(rows, int32(k))
			}
		}
	} else {
		for _, c := range v.Codes {
			rows = append(rows, int32(c))
		}
	}
	return child.gatherScaled(rows)
}

func scaledText(v *Vector) *Vector {
	ints, scale := make([]int64, v.Len), int32(-1)
	for i := range ints {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		x, s, ok := ParseScaled(v.Data[v.Offsets[i]:v.Offsets[i+1]])
		if !ok || s != scale && scale >= 0 {
			return nil
		}
		ints[i], scale = x, s
	}
	return NewScaled(ints, max(scale, 0), v.Valid)
}

// text gives rows [lo, hi) of a Scaled vector as canonical text.
func (v *Vector) text(lo, hi int) *Vector {
	b := NewBuilder(v.Type, hi-lo)
	b.appendScaled(v, lo, hi)
	return b.Finish()
}

// appendScaled appends rows [lo, hi) of a Scaled vector.
func (b *Builder) appendScaled(v *Vector, lo, hi int) {
	const widest = MaxScale + 22 // a sign, the digits of an int64, a point
	b.fits(0)                    // makes the first offset
	if (hi-lo)*widest > b.limit-len(b.data) {
		for i := lo; i < hi; i++ {
			b.AppendRow(v, i) // the exact length decides
		}
		return
	}
	b.offsets = slices.Grow(b.offsets, hi-lo)
	for i := lo; i < hi; i++ {
		if v.Valid == nil || v.Valid.Get(i) {
			b.data = AppendScaled(b.data, v.Ints[i], v.Scale)
		}
		b.offsets = append(b.offsets, int32(len(b.data)))
	}
	b.extendValid(hi-lo, v.Valid == nil)
	if v.Valid != nil {
		b.valid.CopyBits(b.n, v.Valid, lo, hi)
	}
	b.n += hi - lo
}

// gatherScaled gives the listed rows of a Scaled vector.
func (v *Vector) gatherScaled(rows []int32) *Vector {
	out := NewScaled(gather(nil, v.Ints, rows), v.Scale, nil)
	if v.Valid != nil {
		out.Valid = NewBitmap(len(rows), false)
		for i, r := range rows {
			if v.Valid.Get(int(r)) {
				out.Valid.Set(i)
			}
		}
	}
	return out
}

// concatScaled joins vectors that are all Scaled with one scale; nil if they are not.
func concatScaled(n int, vectors []*Vector) *Vector {
	nulls := false
	for _, v := range vectors {
		if v.Enc != Scaled || v.Scale != vectors[0].Scale {
			return nil
		}
		nulls = nulls || v.Valid != nil
	}
	if len(vectors) == 0 {
		return nil
	}
	out := NewScaled(make([]int64, 0, n), vectors[0].Scale, nil)
	out.Len = n
	if nulls {
		out.Valid = NewBitmap(n, false)
	}
	for _, v := range vectors {
		if nulls {
			at := len(out.Ints)
			if v.Valid == nil {
				out.Valid.setRange(at, at+v.Len)
			} else {
				out.Valid.CopyBits(at, v.Valid, 0, v.Len)
			}
		}
		out.Ints = append(out.Ints, v.Ints[:v.Len]...)
	}
	return out
}

// MaxAbs is the largest distance from zero, as a number without sign: that of the least int64 fits.
func MaxAbs(v []int64) uint64 {
	lo, hi := int64(0), int64(0)
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	if lo == math.MinInt64 {
		return 1 << 63
	}
	return uint64(max(-lo, hi))
}
