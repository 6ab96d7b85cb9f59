package arrowio

import (
	"bytes"
	"errors"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// texts are values of the types that Arrow has no type of the same name for.
var texts = map[string][]string{
	"varchar": {"", "abc"}, "bpchar": {"ab  ", "ä"}, "name": {"n", ""}, "char": {"a", ""}, "uuid": {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"},
	"time": {"10:11:12.5", "24:00"}, "timetz": {"10:11:12.5+02", "24:00-15:59"}, "jsonb": {`{"a": 1}`, "null"}, "oid": {"23", "4294967295"}, "regclass": {"1", "4000000000"},
	"_int4": {"{1,2,NULL}", "{}"}, "_text": {`{a,"b c"}`, "{NULL}"}, "_uuid": {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}", "{}"}, "_timetz": {"{10:00+02}", "{}"}, "_numeric": {"{1.50,2}", "{NaN}"},
	"_bool": {"{t,f}", "{NULL,NULL}"}, "_interval": {`{"1 day 02:00:00"}`, "{}"}, "_jsonb": {`{"{\"a\": 1}"}`, "{}"},
}

// TestTypesRoundTrip sends values of each type through a stream and reads them back, types and all.
func TestTypesRoundTrip(t *testing.T) {
	for word, values := range texts {
		typ, ok := column.TypeOfWord(word)
		if !ok {
			t.Fatal(word)
		}
		b := column.NewBuilder(typ, 0)
		for _, text := range values {
			if err := literal.Parse(b, typ, text, literal.Options{}); err != nil {
				t.Fatal(word, err)
			}
			b.AppendNull()
		}
		v := b.Finish()
		var out bytes.Buffer
		w := NewStreamWriter(&out, []Field{{Name: "x", Type: typ}})
		if err := errors.Join(w.Write(&scan.Batch{Len: v.Len, Columns: []*column.Vector{v}}), w.Close()); err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		err := ReadStream(&out, func(fields []Field, batch *scan.Batch) error {
			if fields[0].Type != typ {
				t.Errorf("%s came back as %s", word, fields[0].Type)
			} else if got := column.Flatten(batch.Columns[0]); !column.Equal(got, v) {
				t.Errorf("%s: other values", word)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// TestDimensions: a list has one.
func TestDimensions(t *testing.T) {
	typ := column.ArrayOf(column.T(column.Int32))
	b := column.NewBuilder(typ, 0)
	if err := literal.Parse(b, typ, "{{1,2},{3,4}}", literal.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Array(b.Finish(), false); !errors.Is(err, column.Unsupported) {
		t.Errorf("two dimensions: %v", err)
	}
}
