package prom

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// FuzzParseRead: whatever the bytes are, they are read or refused, and what is read has matchers that work.
func FuzzParseRead(f *testing.F) {
	f.Add([]byte("\x0a\x1d\x08\x01\x10\x02\x1a\x0d\x12\x08__name__\x1a\x01m\x1a\x08\x08\x02\x12\x01a\x1a\x01x\x12\x02\x01\x00"))
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x02, 0x1a, 0x00})
	f.Add([]byte{0x10, 0x01})
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := parseRead(src)
		if err != nil {
			return
		}
		for _, q := range r.queries {
			for _, m := range q.matchers {
				_ = m.Matches("x")
				_ = m.String()
			}
		}
	})
}

func TestParseRead(t *testing.T) {
	r, err := parseRead([]byte("\x0a\x1d\x08\x01\x10\x02\x1a\x0d\x12\x08__name__\x1a\x01m\x1a\x08\x08\x02\x12\x01a\x1a\x01x\x12\x02\x01\x00"))
	if err != nil || !r.chunks || len(r.queries) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	q := r.queries[0]
	if q.start != 1 || q.end != 2 || len(q.matchers) != 2 || q.matchers[0].String() != `__name__="m"` || q.matchers[1].Type != labels.MatchRegexp || q.matchers[1].Value != "x" {
		t.Errorf("%+v", q)
	}
}
