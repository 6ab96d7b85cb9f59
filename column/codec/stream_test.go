package codec

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// kind is one codec as the properties below see it: V are the values as a
// comparable slice.
type kind[V any] struct {
	draw   func(*rapid.T) []V
	stream func() stream[V]
	block  func(dst []byte, v []V) []byte
	decode func(dst []V, src []byte, n int) (out []V, rest []byte, err error)
	equal  func(x, y V) bool
	zero   V
}

type stream[V any] interface {
	Append(V)
	AppendTo([]byte) []byte
	Len() int
	SizeBytes() int
	Reset()
}

type stringStream struct{ StringAppender }

func (s *stringStream) Append(v string) { s.AppendString(v) }

func same[V comparable](x, y V) bool { return x == y }

const testLimit = 1 << 20

var (
	intKind = kind[int64]{
		draw: drawInts, stream: func() stream[int64] { return &IntAppender{} },
		block: AppendInts, decode: DecodeInts, equal: same[int64], zero: 7,
	}
	floatKind = kind[float64]{
		draw: drawFloats, stream: func() stream[float64] { return &FloatAppender{} },
		block: AppendFloats, decode: DecodeFloats, equal: sameBits, zero: 7,
	}
	boolKind = kind[bool]{
		draw: drawBools, stream: func() stream[bool] { return &BoolAppender{} },
		block: AppendBools, equal: same[bool], zero: true,
		decode: func(dst []bool, src []byte, n int) ([]bool, []byte, error) {
			return DecodeBools(dst, src, n, testLimit)
		},
	}
	stringKind = kind[string]{
		draw: drawStrings, stream: func() stream[string] { return &stringStream{} }, equal: same[string], zero: "seven",
		block: func(dst []byte, v []string) []byte {
			offsets, data := arrow(v)
			return AppendStrings(dst, offsets, data)
		},
		decode: func(dst []string, src []byte, n int) ([]string, []byte, error) {
			offsets, data := arrow(dst)
			offsets, data, rest, err := DecodeStrings(offsets, data, src, n, testLimit)
			return fromArrow(offsets, data), rest, err
		},
	}
)

func TestInts(t *testing.T)    { intKind.check(t) }
func TestFloats(t *testing.T)  { floatKind.check(t) }
func TestBools(t *testing.T)   { boolKind.check(t) }
func TestStrings(t *testing.T) { stringKind.check(t) }

func (k kind[V]) check(t *testing.T) {
	t.Run("block", rapid.MakeCheck(k.checkBlock))
	t.Run("prefix", rapid.MakeCheck(k.checkPrefix))
	t.Run("truncated", rapid.MakeCheck(k.checkTruncated))
	t.Run("count", func(t *testing.T) {
		for _, n := range []int{-1, math.MinInt, math.MaxInt, 1 << 40} {
			if _, _, err := k.decode(nil, make([]byte, 100), n); !errors.Is(err, ErrCorrupt) {
				t.Errorf("n = %d: error %v", n, err)
			}
		}
	})
}

// checkBlock: a block between other bytes decodes behind other values, and
// leaves the bytes behind it. The capacity of dst holds garbage.
func (k kind[V]) checkBlock(t *rapid.T) {
	want := k.draw(t)
	dirty := bytes.Repeat([]byte{0xa5}, rapid.IntRange(0, 400).Draw(t, "capacity"))
	before := min(len(dirty), 3)
	dst := k.block(dirty[:before], want)
	if !bytes.Equal(dst[:before], bytes.Repeat([]byte{0xa5}, before)) {
		t.Fatalf("bytes before the block changed: %x", dst[:before])
	}
	after := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "after")
	got, rest, err := k.decode([]V{k.zero}, append(dst[before:len(dst):len(dst)], after...), len(want))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, append([]V{k.zero}, want...), k.equal) {
		t.Fatalf("got %v, want %v behind %v", got, want, k.zero)
	}
	if !bytes.Equal(rest, after) {
		t.Fatalf("rest %x, want %x", rest, after)
	}
}

// checkPrefix: a copy taken at any time decodes to any number of first values;
// the last copy equals the block; Reset starts over in the same buffer.
func (k kind[V]) checkPrefix(t *rapid.T) {
	want := k.draw(t)
	s := k.stream()
	for range 2 {
		var copied []byte
		for i, v := range want {
			s.Append(v)
			copied = s.AppendTo(copied[:0])
			n := rapid.IntRange(0, i+1).Draw(t, "n")
			if i%16 == 0 {
				n = i + 1
			}
			got, _, err := k.decode(nil, copied, n)
			if err != nil {
				t.Fatalf("%d of %d values: %v", n, i+1, err)
			}
			if !slices.EqualFunc(got, want[:n], k.equal) {
				t.Fatalf("%d of %d values are %v, want %v", n, i+1, got, want[:n])
			}
		}
		if s.Len() != len(want) || s.SizeBytes() <= 0 || s.SizeBytes() > 2000+20*len(want)+4*len(copied) {
			t.Fatalf("Len %d, SizeBytes %d after %d values in %d bytes", s.Len(), s.SizeBytes(), len(want), len(copied))
		}
		if block := k.block(nil, want); !bytes.Equal(block, copied) {
			t.Fatalf("stream %x differs from block %x", copied, block)
		}
		s.Reset()
		if s.Len() != 0 || len(s.AppendTo(nil)) != 0 {
			t.Fatalf("not empty after Reset: %d values", s.Len())
		}
	}
}

// checkTruncated: a block cut anywhere is an error, and dst comes back as it was.
func (k kind[V]) checkTruncated(t *rapid.T) {
	want := k.draw(t)
	block := k.block(nil, want)
	if len(block) == 0 {
		return
	}
	cut := rapid.IntRange(0, len(block)-1).Draw(t, "cut")
	got, _, err := k.decode([]V{k.zero}, block[:cut:cut], len(want))
	if !errors.Is(err, ErrCorrupt) {
		t.Fatalf("%d of %d bytes: error %v", cut, len(block), err)
	}
	if len(got) != 1 || !k.equal(got[0], k.zero) {
		t.Fatalf("dst is %v after an error", got)
	}
}
