package load

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestBodyWriterIsReadBack(t *testing.T) {
	in := []Series{
		{[]Label{{"__name__", "up"}, {"a", "ü"}, {"b", strings.Repeat("long", 100)}}, []Sample{{1, 1.5}, {1 << 41, math.Inf(-1)}}},
		{[]Label{{"__name__", "down"}}, []Sample{{7, 9}}},
	}
	var w BodyWriter
	for range 2 {
		for _, s := range in {
			w.Add(EncodeLabels(s.Labels), s.Samples...)
		}
		if w.Samples() != 3 {
			t.Errorf("%d samples counted, 3 given", w.Samples())
		}
		body := w.Body()
		if got := decode(t, body.Data); fmt.Sprint(got) != fmt.Sprint(in) || body.Samples != 3 {
			t.Errorf("read back %v, want %v", got, in)
		}
		if other := Encode(in); other.Raw != body.Raw {
			t.Errorf("%d bytes, the other encoder makes %d", body.Raw, other.Raw)
		}
	}
}
