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
