package jsonvalue

import (
	"bytes"
	"cmp"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/key"
)

// draw makes a document of jsonb.
func draw(t *rapid.T, depth int) Value {
	switch n := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case n == 0:
		return Value{}
	case n == 1:
		return Of(rapid.Bool().Draw(t, "bool"))
	case n == 2 || depth == 0:
		return Digits(strconv.Itoa(rapid.IntRange(-3, 3).Draw(t, "number")))
	case n == 3:
		return Text(rapid.StringMatching(`[ab"\\\n]{0,2}`).Draw(t, "text"))
	case n == 4:
		var items []Value
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, draw(t, depth-1))
		}
		return List(items)
	}
	var members []Member
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		members = append(members, Member{rapid.StringMatching(`[ab]{1,2}`).Draw(t, "key"), draw(t, depth-1)})
	}
	return Dict(members)
}

// TestText: what Append writes is read again, compact or over several lines.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t, 3)
		want := Append(nil, &v)
		pretty, _ := AppendPretty(nil, &v, nil)
		for _, text := range [][]byte{want, AppendCompact(nil, &v), pretty} {
			back, err := Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if got := Append(nil, &back); !bytes.Equal(got, want) {
				t.Fatalf("%s became %s", want, got)
			}
		}
	})
}

// TestOrder: Compare orders as the keys of jsonb do.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, 2), draw(t, 2)
		if a.IsScalar() != b.IsScalar() {
			return // on the top level a scalar is an array of one; inside of documents, which is where Compare is used, it is not
		}
		x, y := key.AppendJSONB(nil, Append(nil, &a)), key.AppendJSONB(nil, Append(nil, &b))
		if got, want := cmp.Compare(Compare(&a, &b), 0), bytes.Compare(x, y); got != want {
			t.Fatalf("%s and %s compare as %d, their keys as %d", Append(nil, &a), Append(nil, &b), got, want)
		}
		if !Contains(&a, &a) {
			t.Fatalf("%s does not contain itself", Append(nil, &a))
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a": [1, null, "\u00e4\ud83d\ude00"]}`, `[`, `"\`, `1e5`, `{"a":1,}`, `tru`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := Parse(Append(nil, &v)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
