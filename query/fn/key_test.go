package fn

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// TestKeyOrder: keys compare as values do, and no key is the beginning of another.
func TestKeyOrder(t *testing.T) {
	numerics := []string{"NaN", "Infinity", "-Infinity", "0", "0.00", "1", "1.0", "1.1", "10", "-1", "-1.1", "-10", "0.001", "-0.001", "99999999999999999999", "123456789012345678901234567890.5"}
	for _, typ := range []column.Type{tNumeric, tInterval, tInt8, tFloat8, tText, tBool} {
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				v := drawColumn(t, typ, 2, true)
				if typ == tNumeric {
					v = column.NewStrings(rapid.SampledFrom(numerics).Draw(t, "a"), rapid.SampledFrom(numerics).Draw(t, "b"))
					v.Type = tNumeric
				}
				a, b := key.AppendValue(nil, v, 0), key.AppendValue(nil, v, 1)
				want := 0
				switch x, y := v.IsNull(0), v.IsNull(1); {
				case x && y:
				case x:
					want = 1
				case y:
					want = -1
				default:
					want = Compare(v, 0, v, 1)
				}
				if got := bytes.Compare(a, b); got != want {
					t.Fatalf("%x and %x compare %d, want %d", a, b, got, want)
				}
				if want != 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a)) {
					t.Fatalf("%x and %x: one begins the other", a, b)
				}
			})
		})
	}
}
