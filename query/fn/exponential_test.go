package fn

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

// TestExponentials compares with a library's, which knows thousands of digits too, but takes half a second for them.
func TestExponentials(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		digits := 1 + rng.Int64N(120)
		text := strconv.FormatFloat(rng.NormFloat64()*float64(rng.IntN(100)+1), 'f', rng.IntN(20), 64) + strings.Repeat("0", rng.IntN(2))
		a, _, err := apd.NewFromString(text)
		if err != nil {
			t.Fatal(err)
		}
		got := expTo(a, digits)
		close10(t, "exp", a, got, digits, func(ctx *apd.Context, d *apd.Decimal) error { _, err := ctx.Exp(d, a); return err })
		if a.Negative = false; a.IsZero() {
			continue
		}
		got = lnTo(a, digits)
		want := new(apd.Decimal)
		if _, err := apd.BaseContext.WithPrecision(uint32(digits)+30).Ln(want, a); err != nil {
			t.Fatal(err)
		}
		if diff := difference(t, got, want); !diff.IsZero() && diff.NumDigits()+int64(diff.Exponent) > 1-digits {
			t.Errorf("ln(%s) to %d digits: %s, want %s", a, digits, got, want)
		}
	}
}

// close10 fails unless a result is right to so many digits.
func close10(t *testing.T, name string, a, got *apd.Decimal, digits int64, of func(*apd.Context, *apd.Decimal) error) {
	t.Helper()
	want := new(apd.Decimal)
	if err := of(apd.BaseContext.WithPrecision(uint32(digits)+30), want); err != nil {
		t.Fatal(err)
	}
	diff := difference(t, got, want)
	if !diff.IsZero() && diff.NumDigits()+int64(diff.Exponent) > want.NumDigits()+int64(want.Exponent)-digits+1 {
		t.Errorf("%s(%s) to %d digits: %s, want %s", name, a, digits, got, want)
	}
}

func difference(t *testing.T, a, b *apd.Decimal) *apd.Decimal {
	t.Helper()
	out := new(apd.Decimal)
	if _, err := apd.BaseContext.WithPrecision(400).Sub(out, a, b); err != nil {
		t.Fatal(err)
	}
	return out
}
