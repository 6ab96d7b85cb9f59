package codec

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

var update = flag.Bool("update", false, "write testdata/golden from what the writers give now")

// golden is a block whose bytes are kept in testdata/golden/<name>.hex.
type golden struct {
	name  string
	write func() []byte
	read  func(src []byte) (rest []byte, ok bool, err error)
}

func goldenOf[V any](name string, k kind[V], values []V) golden {
	return golden{
		name:  name,
		write: func() []byte { return k.block(nil, values) },
		read: func(src []byte) ([]byte, bool, error) {
			got, rest, err := k.decode(nil, src, len(values))
			return rest, slices.EqualFunc(got, values, k.equal), err
		},
	}
}

func cycle[V any](n int, values ...V) []V {
	out := make([]V, n)
	for i := range out {
		out[i] = values[i%len(values)]
	}
	return out
}

// The short ones are the worked examples of FORMAT.md.
var goldens = []golden{
	goldenOf("ints-short", intKind, []int64{5000, 6000, 7000, 8000, 8999, 9999, 10998}),
	goldenOf("ints-special", intKind, specialInts),
	goldenOf("ints-jitter", intKind, shapes.Ints[3].Values(300)),
	goldenOf("ints-walk", intKind, shapes.Ints[6].Values(300)),
	goldenOf("floats-short", floatKind, []float64{1, 1, 1.5, 1.75, -1.75, 1.75}),
	goldenOf("floats-special", floatKind, specialFloats),
	goldenOf("floats-percent", floatKind, shapes.Floats[1].Values(100)),
	goldenOf("floats-stale", floatKind, shapes.Floats[10].Values(150)),
	goldenOf("bools-short", boolKind, []bool{true, true, false, false, false, false, false, true}),
	goldenOf("bools-runs", boolKind, append(cycle(300, false), cycle(45, true, false, false)...)),
	goldenOf("strings-short", stringKind, []string{"", "up", "up", "up", "down", "up", "down"}),
	goldenOf("strings-many", stringKind, append(cycle(90, "GET", "PUT", "", "a longer text, \x00 with a zero"), cycle(70, "GET")...)),
}

func (g golden) path() string { return filepath.Join("testdata", "golden", g.name+".hex") }

func (g golden) bytes(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(g.path())
	if err != nil {
		t.Fatal(err)
	}
	src, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatalf("%s: %v", g.path(), err)
	}
	return src
}

// TestGoldenRead must never fail: these bytes stand in logs.
func TestGoldenRead(t *testing.T) {
	for _, g := range goldens {
		if rest, ok, err := g.read(g.bytes(t)); err != nil || !ok || len(rest) > 0 {
			t.Errorf("%s: values equal %v, %d bytes left, error %v", g.name, ok, len(rest), err)
		}
	}
}

// TestGoldenWrite fails when a writer chooses otherwise than before. That is
// allowed if the old file still reads: keep it under another name, then -update.
func TestGoldenWrite(t *testing.T) {
	for _, g := range goldens {
		got := g.write()
		if *update {
			if err := os.WriteFile(g.path(), hexLines(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := g.bytes(t); !bytes.Equal(got, want) {
			t.Errorf("%s: wrote\n%s, golden file has\n%s", g.name, hexLines(got), hexLines(want))
		}
	}
}

func hexLines(src []byte) []byte {
	var out []byte
	for line := range slices.Chunk(src, 32) {
		out = append(hex.AppendEncode(out, line), '\n')
	}
	return out
}

// TestFormatDocument packs the worked examples of FORMAT.md and compares them
// with the golden files. An example is a fenced block that names its file and a
// layout: "bits" (first bit first) or "hex"; what follows # is a comment.
func TestFormatDocument(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, block := range strings.Split(string(doc), "```") {
		head, body, _ := strings.Cut(block, "\n")
		layout, name, ok := strings.Cut(head, " ")
		if i%2 == 0 || !ok {
			continue
		}
		var digits strings.Builder
		for line := range strings.Lines(body) {
			line, _, _ = strings.Cut(line, "#")
			digits.WriteString(strings.Join(strings.Fields(line), ""))
		}
		var got []byte
		switch layout {
		case "hex":
			got, err = hex.DecodeString(digits.String())
			if err != nil {
				t.Errorf("example %s: %v", name, err)
			}
		case "bits":
			for i, c := range digits.String() {
				if i%8 == 0 {
					got = append(got, 0)
				}
				got[i/8] |= byte(c-'0') << (i % 8)
			}
		default:
			continue
		}
		seen[name] = true
		if want := (golden{name: name}).bytes(t); !bytes.Equal(got, want) {
			t.Errorf("example %s is %x, golden file has %x", name, got, want)
		}
	}
	for _, g := range goldens {
		if strings.HasSuffix(g.name, "-short") && !seen[g.name] {
			t.Errorf("FORMAT.md has no example %s", g.name)
		}
	}
	for _, u := range units {
		if u.size > 1 && !strings.Contains(string(doc), commas(u.size)) {
			t.Errorf("FORMAT.md does not list the unit %s", commas(u.size))
		}
	}
}

// commas writes 1000000 as 1,000,000.
func commas(v int64) string {
	if v < 1000 {
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprintf("%s,%03d", commas(v/1000), v%1000)
}

// TestGoldenNaN guards the guard: payloads must differ for the golden file to mean something.
func TestGoldenNaN(t *testing.T) {
	payloads := map[uint64]bool{}
	for _, v := range specialFloats {
		if math.IsNaN(v) {
			payloads[math.Float64bits(v)] = true
		}
	}
	if len(payloads) < 4 {
		t.Errorf("only %d kinds of NaN among the special values", len(payloads))
	}
}
