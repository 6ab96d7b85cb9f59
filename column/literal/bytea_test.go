package literal

import (
	"testing"

	"pgregory.net/rapid"
)

// TestParseBytea: bytes in each of the two forms, with what PostgreSQL lets stand between, are read as they were.
func TestParseBytea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		escaped, hexed := "", `\x`
		for _, c := range want {
			switch {
			case c == '\\':
				escaped += rapid.SampledFrom([]string{`\\`, `\134`}).Draw(t, "backslash")
			case c >= ' ' && c < 0x7f:
				escaped += string(rune(c))
			default:
				escaped += string([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
			}
			const digits = "0123456789abcdef"
			hexed += rapid.SampledFrom([]string{"", "", "", " ", "\n"}).Draw(t, "space") + digits[c>>4:c>>4+1] + digits[c&15:c&15+1]
		}
		if escaped == `\x` || len(escaped) > 1 && escaped[:2] == `\x` {
			t.Skip("reads as hexadecimal")
		}
		for _, text := range []string{escaped, hexed} {
			if got, err := ParseBytea(text); err != nil || string(got) != string(want) {
				t.Errorf("%q: %q, %v; want %q", text, got, err, want)
			}
		}
	})
	for _, text := range []string{`\`, `a\b`, `\400`, `\08a`, `\12`, `\xa`, `\xag`, `\xa b`, `\x0g`} {
		if got, err := ParseBytea(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}
