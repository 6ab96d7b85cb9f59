package jsontext

import (
	"encoding/json"
	"testing"
)

func TestAppendQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"": `""`, "plain": `"plain"`, `a"b\c`: `"a\"b\\c"`, "\b\f\n\r\t": `"\b\f\n\r\t"`, "\x00\x1f": `"\u0000\u001f"`, "é/<>&\u2028": "\"é/<>&\u2028\"",
	} {
		if got := string(AppendQuoted([]byte("x"), in)); got != "x"+want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add("a\"\x01é")
	f.Fuzz(func(t *testing.T, in string) {
		var back string
		if err := json.Unmarshal(AppendQuoted(nil, []byte(in)), &back); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(in)); back != want { // what is no UTF-8 reads as its replacement
			t.Fatalf("%q came back as %q", in, back)
		}
	})
}
