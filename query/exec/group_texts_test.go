package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestGroupTextsOfManyValues compares the numbers of texts, more than the caches hold, with those of a map: memory is fetched ahead from some size on.
func TestGroupTextsOfManyValues(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 3))
	for _, values := range []int{100, aheadSlots / 2, 3 * aheadSlots} {
		table, want := &groupTexts{}, map[string]uint32{}
		ahead := false
		for rows := 0; rows < 4*values; {
			n := 1 + r.IntN(3*aheadRows)
			b := column.NewBuilder(text, n)
			for range n {
				if r.IntN(10) == 0 {
					b.AppendNull()
					continue
				}
				b.AppendString(fmt.Sprintf("%*d", r.IntN(9), r.IntN(values))) // of several lengths
			}
			v := b.Finish()
			ids := make([]uint32, n)
			ahead = ahead || len(table.slots) >= aheadSlots
			rowsOf := []int32(nil)
			if r.IntN(2) == 0 { // the same rows from the last to the first, which is another way in
				for i := range n {
					rowsOf = append(rowsOf, int32(n-1-i))
				}
				v = column.Flatten(column.Gather(v, rowsOf))
			}
			table.numberRows(v.Offsets, v.Data, v.Valid, rowsOf, ids)
			if rowsOf != nil {
				v = column.Flatten(column.Gather(v, rowsOf))
			}
			for i, id := range ids {
				if v.IsNull(i) {
					if id != 0 {
						t.Fatalf("NULL has number %d", id)
					}
					continue
				}
				s := string(v.Bytes(i))
				if want[s] == 0 {
					want[s] = uint32(len(want)) + 1
				}
				if id != want[s] || string(table.text(id)) != s {
					t.Fatalf("%q has number %d, not %d", s, id, want[s])
				}
			}
			rows += n
		}
		if ahead != (values >= aheadSlots) && values != aheadSlots/2 {
			t.Errorf("%d values: looked ahead: %v", values, ahead)
		}
	}
}
