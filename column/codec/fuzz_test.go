package codec

import (
	"bytes"
	"errors"
	"testing"
)

// fuzz feeds foreign bytes to a decoder. What it accepts must survive a second
// trip through the writer; what it refuses must be ErrCorrupt.
func (k kind[V]) fuzz(f *testing.F, seeds ...string) {
	for _, name := range seeds {
		for _, g := range goldens {
			if g.name == name {
				f.Add(g.write(), 7)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		values, rest, err := k.decode(nil, src, n)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("error of another class: %v", err)
			}
			return
		}
		if len(values) != n {
			t.Fatalf("%d values, want %d", len(values), n)
		}
		if !bytes.HasSuffix(src, rest) {
			t.Fatalf("rest %x is no tail of %x", rest, src)
		}
		again, rest, err := k.decode(nil, k.block(nil, values), n)
		if err != nil || len(rest) > 0 {
			t.Fatalf("own block: rest %x, error %v", rest, err)
		}
		for i := range values {
			if !k.equal(values[i], again[i]) {
				t.Fatalf("value %d is %v, was %v", i, again[i], values[i])
			}
		}
	})
}

func FuzzDecodeInts(f *testing.F)    { intKind.fuzz(f, "ints-short", "ints-special", "ints-walk") }
func FuzzDecodeFloats(f *testing.F)  { floatKind.fuzz(f, "floats-short", "floats-special") }
func FuzzDecodeBools(f *testing.F)   { boolKind.fuzz(f, "bools-short", "bools-runs") }
func FuzzDecodeStrings(f *testing.F) { stringKind.fuzz(f, "strings-short", "strings-many") }

// FuzzDecodeBitmap compares the bitmap with the booleans.
func FuzzDecodeBitmap(f *testing.F) {
	for _, g := range goldens {
		f.Add(g.write(), 20, false)
	}
	f.Fuzz(func(t *testing.T, src []byte, n int, set bool) {
		bitmap, ones, rest, err := DecodeBitmap(nil, src, n, testLimit, set)
		values, wantRest, wantErr := DecodeBools(nil, src, n, testLimit)
		if (err == nil) != (wantErr == nil) || !bytes.Equal(rest, wantRest) {
			t.Fatalf("rest %x, error %v; booleans: %x, %v", rest, err, wantRest, wantErr)
		}
		for i, v := range values {
			if one := bitmap[i/8]>>(i%8)&1 == 1; one != (v == set) {
				t.Fatalf("bit %d is %v, value %v", i, one, v)
			} else if one {
				ones--
			}
		}
		if ones != 0 {
			t.Fatalf("count of ones is off by %d", ones)
		}
	})
}

func FuzzUvarint(f *testing.F) {
	f.Add([]byte{0x80, 1})
	f.Fuzz(func(t *testing.T, src []byte) {
		if v, rest, err := Bytes(src); err == nil {
			if again, _, err := Bytes(AppendBytes(nil, v)); err != nil || !bytes.Equal(again, v) || !bytes.HasSuffix(src, rest) {
				t.Fatalf("%x became %x, error %v", v, again, err)
			}
		} else if !errors.Is(err, ErrCorrupt) {
			t.Fatal(err)
		}
	})
}
