package key

import (
	"bytes"
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

var tagKinds = []column.Kind{column.Text, column.Int64, column.Bool}

// drawTags makes the types of a table's tags.
func drawTags(t *rapid.T) []column.Type {
	types := make([]column.Type, rapid.IntRange(0, 4).Draw(t, "tags"))
	for i := range types {
		types[i] = column.T(rapid.SampledFrom(tagKinds).Draw(t, "kind"))
	}
	return types
}

// drawSeries gives values of the tags, more of them NULL towards the end, and which the last present one is (0 = none).
func drawSeries(t *rapid.T, types []column.Type) (complete []byte, present int) {
	last := rapid.IntRange(0, len(types)).Draw(t, "last")
	for i, typ := range types {
		v := drawValue(t, typ.Kind)
		if i >= last {
			complete = AppendNull(complete)
			continue
		}
		complete = AppendValue(complete, v, 0)
		if !v.IsNull(0) {
			present = i + 1
		}
	}
	return complete, present
}

// TestShort: a series has one short key under every schema that knows its tags, and its complete keys come back from it.
func TestShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := drawTags(t)
		complete, present := drawSeries(t, types)
		short, err := Short(complete, types)
		if err != nil || !bytes.HasPrefix(complete, short) {
			t.Fatalf("%x is short for %x, %v", short, complete, err)
		}
		if again, err := Short(short, types); err != nil || !bytes.Equal(again, short) {
			t.Fatalf("%x is short for %x, %v", again, short, err)
		}
		for n := range len(types) + 1 {
			got, known, err := Complete(short, types[:n])
			if err != nil || known != (n >= present) {
				t.Fatalf("%d of %d tags: %x, %v, %v", n, len(types), got, known, err)
			}
			if !known {
				continue
			}
			if back, err := Short(got, types[:n]); err != nil || !bytes.Equal(back, short) {
				t.Fatalf("%d of %d tags: %x comes back as %x, %v", n, len(types), short, back, err)
			}
			from, known, err := Complete(complete, types[:n])
			if err != nil || !known || !bytes.Equal(from, got) {
				t.Fatalf("%d of %d tags: %x, not %x, %v", n, len(types), from, got, err)
			}
		}
		if got, _, _ := Complete(short, types); !bytes.Equal(got, complete) {
			t.Fatalf("%x is completed to %x, not %x", short, got, complete)
		}
	})
}

// TestShortOrder: short keys order as complete ones do.
func TestShortOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := drawTags(t)
		a, _ := drawSeries(t, types)
		b, _ := drawSeries(t, types)
		x, err := Short(a, types)
		if err != nil {
			t.Fatal(err)
		}
		y, err := Short(b, types)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := CompareShort(x, y), bytes.Compare(a, b); got != want || CompareShort(y, x) != cmp.Compare(0, want) {
			t.Fatalf("compare(%x, %x) = %d, want %d as of %x, %x", x, y, got, want, a, b)
		}
	})
}

func TestSeriesKeyRefused(t *testing.T) {
	tags := []column.Type{column.T(column.Text)}
	more := AppendNull(AppendInt(AppendBytes(nil, []byte("a")), 1))
	if _, err := Short(more, tags); err == nil {
		t.Error("a key of more tags was shortened")
	}
	if _, err := Short([]byte{3, absent}, tags); err == nil {
		t.Error("a key that is none was shortened")
	}
	if _, _, err := Complete([]byte{3, absent}, tags); err == nil {
		t.Error("a key that is none was completed")
	}
}
