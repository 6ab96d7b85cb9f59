package array_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/key"
)

// TestCompareInts holds the shortcut to the order of the keys.
func TestCompareInts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, kind := range []column.Kind{column.Int16, column.Int32, column.Int64, column.Date, column.TimestampTZ} {
		elem := column.T(kind)
		one := func() []byte {
			n := rng.IntN(200)
			if n == 0 {
				return nil
			}
			values := make([]int64, n)
			for i := range values {
				values[i] = 7
				if rng.IntN(60) == 0 {
					values[i] = rng.Int64N(7) - 3
				}
			}
			return array.Append(nil, array.OneDim(n), column.NewInts(elem, values, nil), 0)
		}
		for range 2000 {
			a, b := one(), one()
			want := bytes.Compare(key.AppendArray(nil, a, elem), key.AppendArray(nil, b, elem))
			if got, ok := array.CompareInts(a, b, elem); ok && got != want {
				t.Fatalf("%s: %d, want %d: %x %x", elem, got, want, a, b)
			} else if !ok && len(a) > 0 && len(b) > 0 {
				t.Fatalf("%s: not compared", elem)
			}
		}
	}
}
