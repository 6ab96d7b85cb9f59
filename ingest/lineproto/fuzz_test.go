package lineproto

import (
	"errors"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// FuzzReceive: of any bytes every line is stored or named, and sending them again, when all tables, columns and series are known,
// stores the same.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(`cpu,host=a,region=eu usage=1i,load=0.5,up=t,note="x y" 1000`))
	f.Add([]byte("m f=1\nm,a=b f=2i 3\r\n# c\n\nm f=\"a\nb\\\"\" 4\nm g=t"))
	f.Add([]byte("a\\ b,c\\=d=e\\,f g\\ h=1u,g\\ h=2u -5\n,x\nm v=1e400\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		h := newHouse(t, Limits{Columns: 20, NewTables: 5})
		one, err := h.receive(string(body))
		var partial *PartialError
		if err != nil && !errors.As(err, &partial) {
			t.Fatalf("class %s: %v", column.ClassOf(err), err)
		}
		dropped := 0
		if partial != nil {
			dropped = partial.Dropped
		}
		first := h.rows()
		two, again := h.receive(string(body))
		if one.Stored+dropped != one.Lines || two.Lines != one.Lines {
			t.Fatalf("%d lines, %d stored, %d dropped; then %d lines", one.Lines, one.Stored, dropped, two.Lines)
		}
		if one.Tables == 5 {
			return // the second request may make five more
		}
		if second := h.rows(); first != second || two.Stored != one.Stored || two.Values != one.Values || two.Tables+two.Columns+two.Defined != 0 {
			t.Fatalf("%+v, %v\n%s\nthen %+v, %v\n%s", one, err, first, two, again, second)
		}
	})
}
