package promql

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// Stretches of pieces that overlap are all of their rows in the order of time, if there are not too many of them.
func TestInterleaved(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	few := 0
	for range 3000 {
		count, rows := 1+r.IntN(4), 1+r.IntN(300)
		pieces := make([]piece, count)
		valid := column.NewBitmap(rows+8, true)
		turn := 0
		type row struct {
			at    int64
			value byte
			null  bool
		}
		var want []row
		for at := range rows {
			if r.IntN(1+r.IntN(40)) == 0 {
				turn = r.IntN(count)
			}
			p := &pieces[turn]
			one := row{int64(at), byte(r.IntN(256)), r.IntN(20) == 0}
			p.times, p.bytes = append(p.times, one.at), append(p.bytes, one.value)
			if p.valid == nil {
				p.valid, p.first = slices.Clone(valid), 3
			}
			if one.null {
				p.valid.Clear(p.first + len(p.times) - 1)
			}
			want = append(want, one)
		}
		pieces = slices.DeleteFunc(pieces, func(p piece) bool { return len(p.times) == 0 })
		sortPieces(pieces)
		stretches, ok := interleaved(pieces)
		if !ok {
			continue
		}
		few++
		var got []row
		for _, p := range cutInto(pieces, stretches) {
			for i := range p.times {
				got = append(got, row{p.times[i], p.bytes[i], !p.valid.Get(p.first + i)})
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v of %v\nare %v\nnot %v", stretches, pieces, got, want)
		}
	}
	if few < 500 {
		t.Errorf("%d cases had few stretches", few)
	}
}
