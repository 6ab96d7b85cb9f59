package lineproto

import (
	"fmt"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column/mem"
)

// TestExpectedRows: how much room is made before rows come depends on the body alone, and however many come, all are there.
func TestExpectedRows(t *testing.T) {
	h := newHouse(t, Limits{})
	long := "a,host=0 v=" + strings.Repeat("1", 15) + "i,s=\"" + strings.Repeat("x", 500) + "\" 1"
	if _, err := h.receive(long, "b v=1i 1"); err != nil {
		t.Fatal(err)
	}
	line := func(i int) string { return fmt.Sprintf("a,host=%d v=%di %d", i%50+10, i%10, i+10_000_000) }
	lines := func(n int) (out []string) {
		for i := range n {
			out = append(out, line(i))
		}
		return out
	}
	blank := strings.Repeat("\n", 5000)
	for name, c := range map[string]struct {
		body        []string
		rows, hoped int
		other       int // rows of the second table
	}{
		"equal lines":            {lines(1000), 1000, 1062, 0},
		"one":                    {lines(1), 1, 2, 0},
		"a long line before":     {append([]string{long}, lines(1000)...), 1001, 46, 0},
		"a long line behind":     {append(lines(100), long), 101, 130, 0},
		"more than most":         {lines(20_000), 20_000, mostExpected, 0},
		"nothing but line ends":  {append(lines(1), blank), 1, 223, 0},
		"a second table":         {append(lines(100), "b v=1i 1", "b v=2i 2"), 100, 106, 2},
		"a second table's lines": {append(lines(1), strings.Split(strings.Repeat("b v=1i 1\n", 200), "\n")...), 1, 81, 200},
	} {
		pool := mem.NewPool("test", 0, nil)
		body := append([]byte(strings.Join(c.body, "\n")), 0)
		d := h.r.newDecoder(pool, h.target, &Request{Precision: Nanosecond, Now: noon}, 0)
		if err := d.decode(body[:len(body)-1]); err != nil {
			t.Fatal(name, err)
		}
		if err := d.resolve(h.sink); err != nil || d.asks {
			t.Fatal(name, err, d.asks)
		}
		batches, err := d.batches()
		if err != nil || d.problems.err() != nil {
			t.Fatal(name, err, d.problems.err())
		}
		first := d.order[0]
		if batches[0].Rows != c.rows || first.hoped < c.hoped-2 || first.hoped > c.hoped+2 {
			t.Errorf("%s: %d rows, %d hoped for, not %d and about %d", name, batches[0].Rows, first.hoped, c.rows, c.hoped)
		}
		if room := max(c.rows, first.hoped); cap(first.series) > 2*room+2 || len(first.series) < c.rows-1 {
			t.Errorf("%s: %d series, room for %d", name, len(first.series), cap(first.series))
		}
		if c.other > 0 {
			if second := d.order[1]; batches[1].Rows != c.other || second.hoped != 0 {
				t.Errorf("%s: %d rows of the second table, %d hoped for", name, batches[1].Rows, second.hoped)
			}
		}
		for i, v := range batches[0].Columns[0].Vector.Ints { // times, in the order of the lines
			if c.rows == len(c.body) && !strings.HasSuffix(c.body[i], fmt.Sprint(" ", v)) {
				t.Fatalf("%s: row %d is of %d", name, i, v)
			}
		}
		pool.Close()
	}
}
