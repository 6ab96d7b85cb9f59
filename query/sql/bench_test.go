package sql

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"simple", "SELECT host, avg(cpu) FROM metrics WHERE time > now() - interval '1 hour' AND host = 'a' GROUP BY host LIMIT 10"},
		{"point", "SELECT * FROM t WHERE id = $1"},
		{"insert1000", "INSERT INTO t (a, b, c) VALUES " + strings.Repeat("(1, 2.5, 'abc'), ", 999) + "(1, 2.5, 'abc')"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(c.text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	s, err := ParseOne("SELECT host, avg(cpu) FROM metrics WHERE time > now() - interval '1 hour' AND host = 'a' GROUP BY host LIMIT 10", Options{})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendFormat(buf[:0], s.Stmt)
	}
}
