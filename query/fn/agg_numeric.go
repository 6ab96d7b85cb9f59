package fn

import (
	"math/bits"
	"unsafe"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// numericCell is an exact sum: two machine words in units of one scale, and beside them what does not fit there: NaN,
// infinities, numbers of more than 18 digits. The scale is the largest that was met, which is what the sum is shown with. Cells hold no
// pointers: the collector need not look at a million of them.
type numericCell struct {
	sum   int128
	n     int64
	scale int32  // + 1; 0 = no values yet
	rest  uint32 // + 1, in rests; 0 = nothing
}

// rests are what hangs off cells.
type rests []*apd.Decimal

// add adds v in units of ten to the minus scale.
func (c *numericCell) add(r *rests, v int64, scale int32) {
	if c.scale != scale+1 && !c.align(r, scale) {
		c.addScaledUp(r, v, scale)
		return
	}
	c.sum.add(v)
	c.n++
}

// align makes the cell's scale the given one and reports true, unless the cell's is larger.
func (c *numericCell) align(r *rests, scale int32) bool {
	switch {
	case c.scale > scale+1:
		return false
	case c.scale != 0 && c.scale != scale+1:
		if d := scale + 1 - c.scale; d > 18 || !c.sum.mul(powersOfTen[d]) {
			c.spill(r)
		}
	}
	c.scale = scale + 1
	return true
}

// addScaledUp adds a value of fewer decimals than the sum has.
func (c *numericCell) addScaledUp(r *rests, v int64, scale int32) {
	c.n++
	x := int128{hi: v >> 63, lo: uint64(v)}
	if d := c.scale - 1 - scale; d > 18 || !x.mul(powersOfTen[d]) {
		c.addRest(r, apd.New(v, -scale))
		return
	}
	c.addWide(r, x)
}

func (c *numericCell) addWide(r *rests, x int128) {
	c.sum.addAll(x)
	if c.sum.hi>>61 != c.sum.hi>>63 {
		c.spill(r) // well before it would overflow
	}
}

// decimalSize is what a decimal beside its slot takes, about: the struct, and digits in a big integer where there are many.
const decimalSize = 64

// addRest adds what is no int64. PostgreSQL's limit of digits is that of the result: what is summed up may pass it in between.
func (c *numericCell) addRest(r *rests, d *apd.Decimal) {
	if c.rest == 0 {
		*r = append(*r, d)
		c.rest = uint32(len(*r))
		return
	}
	sum := &(*r)[c.rest-1]
	if (*sum).Form != apd.Finite || d.Form != apd.Finite {
		*sum, _ = addDecimals(*sum, d) // NaN and infinities do not fail
		return
	}
	x, y := upscale(*sum, d)
	x, y = signed(x, (*sum).Negative), signed(y, d.Negative)
	total := &apd.Decimal{Exponent: min((*sum).Exponent, d.Exponent)}
	total.Coeff.Add(x, y)
	total.Negative = total.Coeff.Sign() < 0
	total.Coeff.Abs(&total.Coeff)
	*sum = total
}

func signed(x *apd.BigInt, negative bool) *apd.BigInt {
	if negative {
		return new(apd.BigInt).Neg(x)
	}
	return x
}

func (c *numericCell) spill(r *rests) {
	if c.sum != (int128{}) {
		c.addRest(r, c.words())
		c.sum = int128{}
	}
}

// words is the part of the sum that is in machine words.
func (c *numericCell) words() *apd.Decimal {
	d := c.sum.decimal()
	d.Exponent = -max(c.scale-1, 0)
	return d
}

// addText adds a value in canonical text, and gives by how many bytes what hangs off the cell has grown, about.
func (c *numericCell) addText(r *rests, text []byte) (grown int64) {
	if v, scale, ok := column.ParseScaled(text); ok {
		c.add(r, v, scale)
		return 0
	}
	if c.rest == 0 {
		grown = decimalSize + int64(len(text))
	}
	d := new(apd.Decimal)
	setDecimal(d, text)
	c.addRest(r, d)
	c.n++
	return grown
}

// merge adds another state's cell, whose rests are from.
func (c *numericCell) merge(r *rests, o *numericCell, from rests) {
	if o.scale != 0 {
		if c.align(r, o.scale-1) {
			c.addWide(r, o.sum)
		} else if x := o.sum; c.scale-o.scale <= 18 && x.mul(powersOfTen[c.scale-o.scale]) {
			c.addWide(r, x)
		} else {
			c.addRest(r, o.words())
		}
	}
	if o.rest != 0 {
		c.addRest(r, from[o.rest-1])
	}
	c.n += o.n
}

// appendTo writes the sum, or the mean.
func (c *numericCell) appendTo(b *column.Builder, r *rests, mean bool) error {
	if c.n == 0 {
		b.AppendNull()
		return nil
	}
	if sum, ok := c.sum.int64(); ok && c.rest == 0 {
		var buf [128]byte
		text := buf[:0]
		if mean {
			text, ok = appendQuotient(text, sum, c.scale-1, c.n, 0)
		} else {
			text = column.AppendScaled(text, sum, c.scale-1)
		}
		if ok {
			b.AppendBytes(text)
			return nil
		}
	}
	if c.scale != 0 {
		c.addRest(r, c.words())
		c.sum = int128{}
	}
	sum, err := fits((*r)[c.rest-1])
	if err != nil {
		return err
	}
	return finishNumeric(b, sum, c.n, mean)
}

// mul multiplies and reports true, or leaves the number alone where the product could come near 2^126.
func (s *int128) mul(f uint64) bool {
	hi, lo, negative := uint64(s.hi), s.lo, s.hi < 0
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	over, top := bits.Mul64(hi, f)
	carry, low := bits.Mul64(lo, f)
	top, c := bits.Add64(top, carry, 0)
	if over != 0 || c != 0 || top>>60 != 0 {
		return false
	}
	if negative {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		top, _ = bits.Sub64(0, top, borrow)
	}
	s.hi, s.lo = int64(top), low
	return true
}

// numericSum is sum or avg of numeric, over text and over Scaled vectors.
type numericSum struct {
	mean  bool
	cells []numericCell
	rests rests
	held  int64 // bytes of rests
}

func newNumericSum(mean bool) func() expr.State {
	return func() expr.State { return &numericSum{mean: mean} }
}

func (s *numericSum) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *numericSum) Add(groups []uint32, args []*column.Vector, n int) error {
	valid, none := present(args[0])
	if none {
		return nil
	}
	v := args[0]
	switch {
	case v.Enc != column.Scaled:
		t := textsOf(v)
		for i, g := range groups[:n] {
			if valid.Get(i) {
				s.held += s.cells[g].addText(&s.rests, t.at(i))
			}
		}
	case valid == nil:
		scale := v.Scale + 1
		for i, x := range v.Ints[:n] {
			c := &s.cells[groups[i]]
			if c.scale != scale {
				c.add(&s.rests, x, v.Scale)
				continue
			}
			c.sum.add(x)
			c.n++
		}
	default:
		for i, x := range v.Ints[:n] {
			if valid.Get(i) {
				s.cells[groups[i]].add(&s.rests, x, v.Scale)
			}
		}
	}
	return nil
}

func (s *numericSum) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	valid, none := present(args[0])
	if none || lo == hi {
		return nil
	}
	v, c := args[0], &s.cells[g]
	switch {
	case v.Enc != column.Scaled:
		t := textsOf(v)
		for i := lo; i < hi; i++ {
			if valid.Get(i) {
				s.held += c.addText(&s.rests, t.at(i))
			}
		}
	case valid == nil && c.align(&s.rests, v.Scale):
		c.sum.addAll(sumOf(v.Ints[lo:hi]))
		c.n += int64(hi - lo)
	default:
		for i, x := range v.Ints[lo:hi] {
			if valid.Get(lo + i) {
				c.add(&s.rests, x, v.Scale)
			}
		}
	}
	return nil
}

// AnyOrder implements expr.RowsState: sums are exact.
func (s *numericSum) AnyOrder() bool { return true }

// AddRows implements expr.RowsState.
func (s *numericSum) AddRows(g uint32, args []*column.Vector, rows []int32) error {
	valid, none := present(args[0])
	if none || len(rows) == 0 {
		return nil
	}
	v, c := args[0], &s.cells[g]
	switch {
	case v.Enc != column.Scaled:
		t := textsOf(v)
		for _, r := range rows {
			if valid.Get(int(r)) {
				s.held += c.addText(&s.rests, t.at(int(r)))
			}
		}
	case valid == nil && c.align(&s.rests, v.Scale):
		c.sum.addAll(sumOfRows(v.Ints, rows))
		c.n += int64(len(rows))
	default:
		for _, r := range rows {
			if valid.Get(int(r)) {
				c.add(&s.rests, v.Ints[r], v.Scale)
			}
		}
	}
	return nil
}

func (s *numericSum) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*numericSum)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into %T", other, s)
	}
	for i, g := range into {
		s.cells[g].merge(&s.rests, &o.cells[from[i]], o.rests)
	}
	s.held += o.held * int64(len(into)) / max(int64(len(o.cells)), 1) // about: what hangs off the cells that were merged
	return nil
}

func (s *numericSum) Finish(n int) (*column.Vector, error) {
	if !s.mean {
		if v := scaledSums(n, func(i int) (int128, int32, bool) {
			c := &s.cells[i]
			return c.sum, c.scale - 1, c.rest == 0
		}); v != nil {
			return v, nil
		}
	}
	return finishSlots(tNumeric, s.cells, n, func(b *column.Builder, c *numericCell) error { return c.appendTo(b, &s.rests, s.mean) })
}

// scaledSums gives sums that all fit int64 and have one scale as they are; nil where they do not. A scale below 0 says that there is none.
func scaledSums(n int, sum func(i int) (sum int128, scale int32, ok bool)) *column.Vector {
	out, scale := make([]int64, n), int32(-1)
	var valid column.Bitmap
	for i := range out {
		x, s, ok := sum(i)
		if s < 0 && ok {
			if valid == nil {
				valid = column.NewBitmap(n, true)
			}
			valid.Clear(i)
			continue
		}
		v, fits := x.int64()
		if !ok || !fits || scale >= 0 && s != scale {
			return nil
		}
		out[i], scale = v, s
	}
	return column.NewScaled(out, max(scale, 0), valid)
}

func (s *numericSum) SizeBytes() int64 {
	return int64(cap(s.cells))*int64(unsafe.Sizeof(numericCell{})) + s.held
}

// extremeCell is the least or greatest value: an integer of a scale, or text where that does not do.
type extremeCell struct {
	v     int64
	scale int32  // + 1; 0 = no value, or text
	text  []byte // nil = none
}

// numericExtreme is min (sign -1) or max (sign 1) of numeric.
type numericExtreme struct {
	sign  int
	cells []extremeCell
	held  int64
}

func (s *numericExtreme) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *numericExtreme) add(c *extremeCell, v int64, scale int32) {
	if c.scale == scale+1 {
		if v > c.v == (s.sign > 0) && v != c.v {
			c.v = v
		}
		return
	}
	if c.scale == 0 && c.text == nil {
		c.v, c.scale = v, scale+1
		return
	}
	var buf [column.MaxScale + 24]byte
	s.addText(c, column.AppendScaled(buf[:0], v, scale))
}

func (s *numericExtreme) addText(c *extremeCell, text []byte) {
	have := c.text
	if c.scale != 0 {
		var buf [column.MaxScale + 24]byte
		have = column.AppendScaled(buf[:0], c.v, c.scale-1)
	}
	if have != nil && compareNumericText(text, have)*s.sign < 0 {
		return
	}
	if v, scale, ok := column.ParseScaled(text); ok {
		c.v, c.scale, c.text = v, scale+1, nil
		return
	}
	s.held += int64(len(text))
	c.scale, c.text = 0, append([]byte(nil), text...)
}

// each hands every value of rows [lo, hi) to the cell that cell gives.
func (s *numericExtreme) each(v *column.Vector, lo, hi int, cell func(i int) *extremeCell) {
	valid, none := present(v)
	if none {
		return
	}
	if v.Enc == column.Scaled {
		for i := lo; i < hi; i++ {
			if valid.Get(i) {
				s.add(cell(i), v.Ints[i], v.Scale)
			}
		}
		return
	}
	t := textsOf(v)
	for i := lo; i < hi; i++ {
		if valid.Get(i) {
			s.addText(cell(i), t.at(i))
		}
	}
}

func (s *numericExtreme) Add(groups []uint32, args []*column.Vector, n int) error {
	s.each(args[0], 0, n, func(i int) *extremeCell { return &s.cells[groups[i]] })
	return nil
}

func (s *numericExtreme) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	v, c := args[0], &s.cells[g]
	if v.Enc == column.Scaled && v.Valid == nil && lo < hi {
		best := minOf(v.Ints[lo:hi])
		if s.sign > 0 {
			best = maxOf(v.Ints[lo:hi])
		}
		s.add(c, best, v.Scale)
		return nil
	}
	s.each(v, lo, hi, func(int) *extremeCell { return c })
	return nil
}

func (s *numericExtreme) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*numericExtreme)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into %T", other, s)
	}
	for i, g := range into {
		s.mergeOne(g, &o.cells[from[i]])
	}
	return nil
}

func (s *numericExtreme) mergeOne(g uint32, c *extremeCell) {
	switch {
	case c.scale != 0:
		s.add(&s.cells[g], c.v, c.scale-1)
	case c.text != nil:
		s.addText(&s.cells[g], c.text)
	}
}

func (s *numericExtreme) Finish(n int) (*column.Vector, error) {
	return finishSlots(tNumeric, s.cells, n, writeExtreme)
}

func writeExtreme(b *column.Builder, c *extremeCell) error {
	switch {
	case c.scale != 0:
		var buf [column.MaxScale + 24]byte
		b.AppendBytes(column.AppendScaled(buf[:0], c.v, c.scale-1))
	case c.text != nil:
		b.AppendBytes(c.text)
	default:
		b.AppendNull()
	}
	return nil
}

func (s *numericExtreme) SizeBytes() int64 {
	return int64(cap(s.cells))*int64(unsafe.Sizeof(extremeCell{})) + s.held
}
