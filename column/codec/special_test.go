package codec

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

// TestSpecialPairs sends every ordered triple of special values through, for
// the state that one leaves is what the next is written with.
func TestSpecialPairs(t *testing.T) {
	for _, x := range specialInts {
		for _, y := range specialInts {
			for _, z := range specialInts {
				want := []int64{x, y, z, z, x}
				got, rest, err := DecodeInts(nil, AppendInts(nil, want), len(want))
				if err != nil || len(rest) > 0 || !slices.Equal(got, want) {
					t.Fatalf("%d became %d, rest %x, error %v", want, got, rest, err)
				}
			}
		}
	}
	for _, x := range specialFloats {
		for _, y := range specialFloats {
			for _, z := range specialFloats {
				want := []float64{x, y, z, z, x}
				got, rest, err := DecodeFloats(nil, AppendFloats(nil, want), len(want))
				if err != nil || len(rest) > 0 || !slices.EqualFunc(got, want, sameBits) {
					t.Fatalf("%v became %v, rest %x, error %v", want, got, rest, err)
				}
			}
		}
	}
}

// TestUnits compares the division-free test of divisibility with the operator.
func TestUnits(t *testing.T) {
	check := func(r int64) {
		for i, u := range units {
			if i == 0 || u.size == 0 { // 1 is never divided by, 0 is reserved
				continue
			}
			q, ok := u.divide(r)
			if ok != (r%u.size == 0) || ok && q != r/u.size {
				t.Fatalf("%d / %d: got %d, %v", r, u.size, q, ok)
			}
			if down := units[u.smaller].size; u.size%down != 0 || down >= u.size {
				t.Fatalf("unit %d does not lead down to %d", u.size, down)
			}
		}
	}
	for _, v := range specialInts {
		check(v)
	}
	rapid.Check(t, func(t *rapid.T) {
		u := units[rapid.IntRange(0, 5).Draw(t, "unit")].size
		check(rapid.Int64().Draw(t, "r") >> rapid.IntRange(0, 63).Draw(t, "shift") * u)
		check(rapid.Int64().Draw(t, "any"))
	})
}

// TestBytesPerValue holds the sizes that the layout was chosen for. The limits
// are measured values plus about 5 percent, for 10 chunks of 120 rows.
func TestBytesPerValue(t *testing.T) {
	limits := map[string]float64{
		"ts regular 15s": 0.21, "ts ms jitter in us": 1.12, "ts us jitter": 2.48, "ts rare jitter+gaps": 0.41,
		"ts events ns": 4.7, "gauge 0..1000": 1.8, "walk": 1.43, "counter": 1.53, "mostly constant": 0.29,
		"pages of memory": 1.78, "random": 8.4,
		"constant": 0.17, "percent 1 decimal": 6.9, "walk 2 decimals": 7.6, "counter ints": 2.12, "slow counter": 0.45,
		"memory bytes": 2.08, "cpu seconds": 6.3, "0/1": 0.18, "small ints": 1.68, "noise": 8.5, "stale gaps": 2.36,
	}
	const chunk, chunks = 120, 10
	check := func(name string, size int) {
		if got := float64(size) / chunk / chunks; got > limits[name] {
			t.Errorf("%s: %.3f bytes per value, limit %.3f", name, got, limits[name])
		}
	}
	for _, s := range shapes.Ints {
		size := 0
		for part := range slices.Chunk(s.Values(chunk*chunks), chunk) {
			size += len(AppendInts(nil, part))
		}
		check(s.Name, size)
	}
	for _, s := range shapes.Floats {
		size := 0
		for part := range slices.Chunk(s.Values(chunk*chunks), chunk) {
			size += len(AppendFloats(nil, part))
		}
		check(s.Name, size)
	}
}

// TestBufferGrowth: a chunk of 120 regular rows stays in a small buffer, and a
// column that has no NULL has none.
func TestBufferGrowth(t *testing.T) {
	var ts IntAppender
	var valid BoolAppender
	for i := range 120 {
		ts.Append(int64(i) * 15_000_000)
		valid.Append(false)
	}
	if got := ts.SizeBytes() - sizeofInt; got > 64 {
		t.Errorf("120 regular timestamps hold a buffer of %d bytes", got)
	}
	if got := valid.SizeBytes(); got != sizeofBool {
		t.Errorf("a validity stream without NULL holds %d bytes, want %d", got, sizeofBool)
	}
}

func TestBitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, set := drawBools(t), rapid.Bool().Draw(t, "set")
		want, ones := make([]byte, (len(values)+7)/8), 0
		for i, v := range values {
			if v == set {
				want[i/8] |= 1 << (i % 8)
				ones++
			}
		}
		dirty := bytes.Repeat([]byte{0xff}, 50)
		got, gotOnes, rest, err := DecodeBitmap(dirty[:1], AppendBools(nil, values), len(values), testLimit, set)
		if err != nil || len(rest) > 0 {
			t.Fatalf("rest %x, error %v", rest, err)
		}
		if got[0] != 0xff || !bytes.Equal(got[1:], want) || gotOnes != ones {
			t.Fatalf("bitmap %x with %d ones, want %x with %d", got[1:], gotOnes, want, ones)
		}
	})
}

// TestManyStrings passes the number of literals that can be referred to.
func TestManyStrings(t *testing.T) {
	var want []string
	for i := range 3 * maxLiterals {
		want = append(want, strconv.Itoa(i%(maxLiterals+50)), strconv.Itoa(i%7))
	}
	offsets, data := arrow(want)
	block := AppendStrings(nil, offsets, data)
	offsets, data, rest, err := DecodeStrings(nil, nil, block, len(want), 1<<20)
	if err != nil || len(rest) > 0 {
		t.Fatalf("rest of %d bytes, error %v", len(rest), err)
	}
	if got := fromArrow(offsets, data); !slices.Equal(got, want) {
		t.Fatal("decoded strings differ")
	}
	if plain := len(data) + len(want); len(block) > plain*3/4 {
		t.Errorf("%d bytes, %d as plain lengths and bytes", len(block), plain)
	}
}

// TestLimits: small inputs that stand for very much are refused by the limit.
func TestLimits(t *testing.T) {
	bomb := AppendStrings(nil, []int32{0, 1000}, []byte(strings.Repeat("x", 1000)))
	bomb = append(bomb, bytes.Repeat([]byte{(maxRepeat-1)<<2 | tokenRepeat}, 1000)...)
	if _, _, _, err := DecodeStrings(nil, nil, bomb, 32_001, 1<<20); !errors.Is(err, ErrCorrupt) {
		t.Errorf("32 MB from 2 kB: error %v", err)
	}
	var a BoolAppender
	a.n = math.MaxUint32 // as if so many values had been appended
	run := a.AppendTo(nil)
	if _, _, err := DecodeBools(nil, run, 1<<31, testLimit); !errors.Is(err, ErrCorrupt) {
		t.Errorf("2 GB from %d bytes: error %v", len(run), err)
	}
	if got, _, err := DecodeBools(nil, run, 10, testLimit); err != nil || len(got) != 10 {
		t.Errorf("first values of a long run: %v, error %v", got, err)
	}
}

// TestGarbage: layouts that no writer makes.
func TestGarbage(t *testing.T) {
	tail := make([]byte, 64)
	ints := map[string][]byte{
		"unit 6": append([]byte{3 | 6<<3, 0}, tail...), "unit 7, short": {3 | 7<<3, 0},
	}
	for name, src := range ints {
		if _, _, err := DecodeInts(nil, src, 2); !errors.Is(err, ErrCorrupt) {
			t.Errorf("ints, %s: error %v", name, err)
		}
	}
	floats := map[string][]byte{
		"window 31+64": append([]byte{0xff, 0xff}, tail...), "short": {0xff, 0xff, 0xff},
	}
	for name, src := range floats {
		if _, _, err := DecodeFloats(nil, src, 2); !errors.Is(err, ErrCorrupt) {
			t.Errorf("floats, %s: error %v", name, err)
		}
	}
	if _, _, err := DecodeBools(nil, tail, 2, testLimit); !errors.Is(err, ErrCorrupt) {
		t.Errorf("bools, zeros only: error %v", err)
	}
	for name, src := range map[string][]byte{
		"kind 3": {3}, "no such literal": {4 | tokenRef}, "repeat 33": {32<<2&0x7f | 0x80 | tokenRepeat, 1},
		"literal too long": {8, 'x'}, "endless varint": bytes.Repeat([]byte{0xff}, 20),
	} {
		if _, _, _, err := DecodeStrings(nil, nil, src, 1, testLimit); !errors.Is(err, ErrCorrupt) {
			t.Errorf("strings, %s: error %v", name, err)
		}
	}
}

func TestVarints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, v := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "v")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		src := AppendBytes(AppendVarint(AppendUvarint(nil, u), v), b)
		gotU, rest, err1 := Uvarint(src)
		gotV, rest, err2 := Varint(rest)
		gotB, rest, err3 := Bytes(rest)
		if gotU != u || gotV != v || !bytes.Equal(gotB, b) || len(rest) > 0 || errors.Join(err1, err2, err3) != nil {
			t.Fatalf("got %d, %d, %x, rest %x, errors %v %v %v", gotU, gotV, gotB, rest, err1, err2, err3)
		}
		if _, _, err := Bytes(src[len(src)-len(b)-1 : len(src)-1]); len(b) > 0 && len(b) < 128 && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut bytes: error %v", err)
		}
	})
	for _, src := range [][]byte{nil, {0x80}, bytes.Repeat([]byte{0xff}, 11)} {
		if _, _, err := Uvarint(src); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%x: error %v", src, err)
		}
	}
}
