package fn

import (
	"math/big"
	"math/bits"

	"github.com/cockroachdb/apd/v3"
)

// int128 is a sum of bigints that cannot overflow: 2^64 of them would be needed.
type int128 struct {
	hi int64
	lo uint64
}

func (s *int128) add(x int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(x), 0)
	s.hi += x>>63 + int64(carry)
}

func (s *int128) addAll(o int128) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, o.lo, 0)
	s.hi += o.hi + int64(carry)
}

// sumOf adds up bigints exactly. Upper and lower halves are added apart, so that nothing carries from one to the other
// inside the loop; 2^32 values cannot overflow either.
func sumOf(v []int64) int128 {
	var out int128
	for len(v) > 0 {
		part := v[:min(len(v), 1<<31)]
		v = v[len(part):]
		var hi0, hi1 int64
		var lo0, lo1 uint64
		for len(part) >= 4 {
			a, b, c, d := part[0], part[1], part[2], part[3]
			lo0 += uint64(uint32(a)) + uint64(uint32(c))
			lo1 += uint64(uint32(b)) + uint64(uint32(d))
			hi0 += a>>32 + c>>32
			hi1 += b>>32 + d>>32
			part = part[4:]
		}
		for _, x := range part {
			lo0 += uint64(uint32(x))
			hi0 += x >> 32
		}
		hi := hi0 + hi1
		out.addAll(int128{hi: hi >> 32, lo: uint64(hi) << 32})
		out.addAll(int128{lo: lo0 + lo1})
	}
	return out
}

// sumOfRows is sumOf of the listed values, which are fewer than 2^31.
func sumOfRows(v []int64, rows []int32) int128 {
	var out int128
	var hi0, hi1 int64
	var lo0, lo1 uint64
	for len(rows) >= 2 {
		a, b := v[rows[0]], v[rows[1]]
		lo0 += uint64(uint32(a))
		lo1 += uint64(uint32(b))
		hi0 += a >> 32
		hi1 += b >> 32
		rows = rows[2:]
	}
	for _, r := range rows {
		lo0 += uint64(uint32(v[r]))
		hi0 += v[r] >> 32
	}
	hi := hi0 + hi1
	out.addAll(int128{hi: hi >> 32, lo: uint64(hi) << 32})
	out.addAll(int128{lo: lo0 + lo1})
	return out
}

// sub takes another sum away.
func (s *int128) sub(o int128) {
	lo, borrow := bits.Sub64(s.lo, o.lo, 0)
	s.lo, s.hi = lo, s.hi-o.hi-int64(borrow)
}

// timesCount is x·n for n below 2^63.
func timesCount(x int64, n uint64) int128 {
	hi, lo := bits.Mul64(uint64(x), n)
	if x < 0 {
		hi -= n
	}
	return int128{hi: int64(hi), lo: lo}
}

// int64 gives the sum if it is a bigint.
func (s int128) int64() (int64, bool) {
	v := int64(s.lo)
	return v, s.hi == v>>63
}

func (s int128) big() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return v.Add(v, new(big.Int).SetUint64(s.lo))
}

func (s int128) decimal() *apd.Decimal { return bigDecimal(s.big()) }

func bigDecimal(v *big.Int) *apd.Decimal {
	d := &apd.Decimal{Negative: v.Sign() < 0}
	d.Coeff.SetMathBigInt(new(big.Int).Abs(v))
	return d
}

// uint192 is a sum of squares of bigints: below 2^126 each, so that 2^64 of them fit.
type uint192 struct{ hi, mid, lo uint64 }

func (s *uint192) addSquare(x int64) {
	u := uint64(x)
	if x < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, u)
	s.addAll(uint192{mid: hi, lo: lo})
}

func (s *uint192) addAll(o uint192) {
	var c uint64
	s.lo, c = bits.Add64(s.lo, o.lo, 0)
	s.mid, c = bits.Add64(s.mid, o.mid, c)
	s.hi, _ = bits.Add64(s.hi, o.hi, c)
}

func (s uint192) big() *big.Int {
	v := new(big.Int).SetUint64(s.hi)
	v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(s.mid))
	return v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(s.lo))
}
