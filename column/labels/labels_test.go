package labels

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

func pairsOf(m map[string]string) []Pair {
	var pairs []Pair
	for n, v := range m {
		pairs = append(pairs, Pair{[]byte(n), []byte(v)})
	}
	Sort(pairs)
	return pairs
}

func TestCanonicalText(t *testing.T) {
	for want, m := range map[string]map[string]string{
		`{}`:                                 {},
		`{"a":"1"}`:                          {"a": "1", "empty": ""},
		`{"instance":"a:9100","job":"node"}`: {"job": "node", "instance": "a:9100"},
		`{"a\"\\":"\b\f\n\r\t\u0000\u001f/<é>"}`: {"a\"\\": "\b\f\n\r\t\x00\x1f/<é>"},
	} {
		got, err := AppendCanonical([]byte("x"), pairsOf(m))
		if err != nil || string(got) != "x"+want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	for name, pairs := range map[string][]Pair{
		"empty name": {{nil, []byte("x")}}, "order": {{[]byte("b"), []byte("1")}, {[]byte("a"), []byte("1")}},
		"twice": {{[]byte("a"), []byte("1")}, {[]byte("a"), []byte("2")}}, "bytes": {{[]byte("a"), []byte("\xff")}}, "name": {{[]byte("\xc3"), []byte("1")}},
	} {
		if got, err := AppendCanonical([]byte("x"), pairs); !errors.Is(err, column.Invalid) || string(got) != "x" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestStrictness(t *testing.T) {
	for _, text := range []string{
		``, ` {}`, `{} `, `{`, `}`, `[]`, `{"a"}`, `{"a":}`, `{"a":1}`, `{"a":""}`, `{"":"a"}`, `{"a": "b"}`, `{"a":"b",}`, `{,}`, `{"b":"1","a":"1"}`,
		`{"a":"1","a":"1"}`, `{"a":"\u0041"}`, `{"a":"\u000a"}`, `{"a":"\u001F"}`, `{"a":"\/"}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":"\`, `{"a":"\u00`, `{"a":"\ud800"}`,
		`{"a":"b"`, `{"a":"b`, `{"a":"\x"}`, `{"a":"b""c":"d"}`,
	} {
		if Valid([]byte(text)) {
			t.Errorf("%q passes", text)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.StringN(1, 8, -1), rapid.StringN(1, 12, -1)).Draw(t, "labels")
		for n, v := range m {
			if !utf8.ValidString(n) || !utf8.ValidString(v) {
				t.Skip()
			}
		}
		text, err := AppendCanonical(nil, pairsOf(m))
		if err != nil {
			t.Fatal(err)
		}
		var std map[string]string
		if err := json.Unmarshal(text, &std); err != nil || !maps.Equal(std, m) {
			t.Fatalf("%s reads as %v, %v", text, std, err)
		}
		seen := map[string]string{}
		last := ""
		if err := Visit(text, func(n, v []byte) {
			if last >= string(n) {
				t.Fatalf("%q after %q", n, last)
			}
			last = string(n)
			seen[last] = string(v)
		}); err != nil || !maps.Equal(seen, m) {
			t.Fatalf("%s visits %v, %v", text, seen, err)
		}
		for n, v := range m {
			if got, ok := Lookup(text, n); !ok || string(got) != v {
				t.Fatalf("%s: %q is %q, %v", text, n, got, ok)
			}
			if _, ok := m[n+"~"]; !ok {
				if got, ok := Lookup(text, n+"~"); ok {
					t.Fatalf("%s: absent label is %q", text, got)
				}
			}
		}
	})
}

func TestNoAllocations(t *testing.T) {
	text := []byte(`{"instance":"a:9100","job":"node","zone":"eu"}`)
	if n := testing.AllocsPerRun(100, func() {
		if v, ok := Lookup(text, "zone"); !ok || len(v) != 2 {
			t.Fatal("no zone")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzVisit: whatever passes is spelled in the one way AppendCanonical has, and means the same to encoding/json.
func FuzzVisit(f *testing.F) {
	f.Add([]byte(`{"a":"b","c":"\n\u0001\""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var pairs []Pair
		err := Visit(text, func(n, v []byte) { pairs = append(pairs, Pair{bytes.Clone(n), bytes.Clone(v)}) })
		if err != nil {
			if !errors.Is(err, column.Invalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := AppendCanonical(nil, pairs)
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q becomes %q, %v", text, again, err)
		}
		var std map[string]string
		if err := json.Unmarshal(text, &std); err != nil || len(std) != len(pairs) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, p := range pairs {
			if std[string(p.Name)] != string(p.Value) {
				t.Fatalf("%q: %q", text, p.Name)
			}
		}
	})
}

// FuzzAppend: any pairs are refused or come back.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("a"), []byte("\x00\"\\é"), []byte("b"), []byte("2"))
	f.Fuzz(func(t *testing.T, a, av, b, bv []byte) {
		pairs := []Pair{{a, av}, {b, bv}}
		Sort(pairs)
		text, err := AppendCanonical(nil, pairs)
		if err != nil {
			return
		}
		pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return len(p.Value) == 0 })
		for _, p := range pairs {
			if v, ok := Lookup(text, string(p.Name)); !ok || !bytes.Equal(v, p.Value) {
				t.Fatalf("%q: %q is %q, %v", text, p.Name, v, ok)
			}
		}
		n := 0
		if err := Visit(text, func(_, _ []byte) { n++ }); err != nil || n != len(pairs) {
			t.Fatalf("%q: %d, %v", text, n, err)
		}
	})
}
