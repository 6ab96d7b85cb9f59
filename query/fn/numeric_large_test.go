package fn

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

// TestLargeDecimalText reads and writes the longest numerics there are.
func TestLargeDecimalText(t *testing.T) {
	for _, text := range []string{
		"1" + strings.Repeat("0", maxIntDigits-1),
		"-" + strings.Repeat("7", maxIntDigits) + "." + strings.Repeat("3", maxMulScale),
		"0." + strings.Repeat("0", maxMulScale-1) + "1",
		"1234567890123456789", "-0.0000000000000000001", "NaN", "-Infinity",
	} {
		var d apd.Decimal
		setDecimal(&d, []byte(text))
		if got := appendDecimal(nil, &d); !bytes.Equal(got, []byte(text)) {
			t.Errorf("%.30s of %d bytes came back as %.30s of %d", text, len(text), got, len(got))
		}
	}
}

// TestIntegerSqrt compares with big.Int's.
func TestIntegerSqrt(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	one := big.NewInt(1)
	for range 60 {
		root := new(big.Int)
		for range 1 + rng.IntN(200) {
			root.Add(root.Lsh(root, 64), new(big.Int).SetUint64(rng.Uint64()))
		}
		square := new(big.Int).Mul(root, root)
		for _, x := range []*big.Int{square, new(big.Int).Add(square, one), new(big.Int).Sub(square, one)} {
			if got, want := integerSqrt(x), new(big.Int).Sqrt(x); x.Sign() >= 0 && got.Cmp(want) != 0 {
				t.Fatalf("square root of a number of %d bits: %d, want %d", x.BitLen(), got, want)
			}
		}
	}
}

// TestLogarithmsNearOne compares with a library's where a number differs from one only far behind the point.
func TestLogarithmsNearOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		place := 5 + rng.Int32N(150)
		d := apd.New(rng.Int64N(2e6)-1e6, -place-6)
		a := fullSum(apd.New(1, 0), d)
		if d.IsZero() {
			continue
		}
		digits := int64(place) + 20 + rng.Int64N(60)
		want := new(apd.Decimal)
		if _, err := apd.BaseContext.WithPrecision(uint32(digits)+40).Ln(want, a); err != nil {
			t.Fatal(err)
		}
		if got := lnTo(a, digits); !closeTo(t, got, want, digits) {
			t.Errorf("ln(%s) to %d digits: %s, want %s", a, digits, got, want)
		}
	}
}

// TestPowersOfLargeExponents: b·ln a decides how large a power is, however many digits a and b have.
func TestPowersOfLargeExponents(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		place := 12 + rng.Int32N(300)
		a := fullSum(apd.New(1, 0), apd.New(rng.Int64N(2e6)-1e6, -place-6))
		b := rescale(&apd.Decimal{Coeff: *apd.NewBigInt(1 + rng.Int64N(1e9)), Exponent: place - 9}, 3)
		got, err := powerDecimals(a, b)
		if err != nil {
			t.Fatalf("%s ^ %s: %v", a, b, err)
		}
		// e^(b·ln a), by more digits than either has
		ctx := apd.BaseContext.WithPrecision(uint32(place)*2 + 120)
		want := new(apd.Decimal)
		if _, err := ctx.Ln(want, a); err != nil {
			t.Fatal(err)
		}
		want.Coeff.Mul(&want.Coeff, &b.Coeff)
		want.Exponent += b.Exponent
		want = expTo(want, int64(scaleOf(got))+20)
		if !closeTo(t, got, want, int64(scaleOf(got))) {
			t.Errorf("%s ^ %s = %s, want %s", a, b, got, want)
		}
	}
}

// closeTo reports whether two numbers differ by less than one at so many decimals.
func closeTo(t *testing.T, got, want *apd.Decimal, decimals int64) bool {
	t.Helper()
	diff := difference(t, got, want)
	return diff.IsZero() || diff.NumDigits()+int64(diff.Exponent) <= 1-decimals
}
