package convert

import (
	"errors"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// TestValues converts one value at a time: texts are read as the first type and compared as the second.
func TestValues(t *testing.T) {
	k := column.T
	list := column.ArrayOf
	const no = "!"
	cases := []struct {
		from  column.Type
		value string
		to    column.Type
		mod   column.Mod
		want  string
	}{
		{k(column.Int64), "32767", k(column.Int16), 0, "32767"},
		{k(column.Int64), "32768", k(column.Int16), 0, no},
		{k(column.Int32), "-5", k(column.Int64), 0, "-5"},
		{k(column.Int64), "4294967295", k(column.OID), 0, "4294967295"},
		{k(column.Int64), "-1", k(column.OID), 0, no},
		{k(column.Int64), "7", k(column.Numeric), 0, "7"},
		{k(column.Int64), "9007199254740992", k(column.Float64), 0, "9.007199254740992e+15"},
		{k(column.Int64), "9007199254740993", k(column.Float64), 0, no},
		{k(column.Int64), "9223372036854775807", k(column.Float64), 0, no},
		{k(column.Int64), "16777217", k(column.Float32), 0, no},
		{k(column.Float64), "3", k(column.Int16), 0, "3"},
		{k(column.Float64), "3.5", k(column.Int16), 0, no},
		{k(column.Float64), "NaN", k(column.Int64), 0, no},
		{k(column.Float64), "1e19", k(column.Int64), 0, no},
		{k(column.Float64), "0.1", k(column.Float32), 0, "0.1"},
		{k(column.Float64), "0.12345678901", k(column.Float32), 0, no},
		{k(column.Float64), "1e300", k(column.Float32), 0, no},
		{k(column.Float64), "NaN", k(column.Float32), 0, "NaN"},
		{k(column.Float32), "0.5", k(column.Float64), 0, "0.5"},
		{k(column.Float64), "0.1", k(column.Numeric), 0, "0.1"},
		{k(column.Numeric), "1.10", k(column.Float64), 0, "1.1"},
		{k(column.Numeric), "1.00000000000000000001", k(column.Float64), 0, no},
		{k(column.Numeric), "12.00", k(column.Int32), 0, "12"},
		{k(column.Numeric), "12.01", k(column.Int32), 0, no},
		{k(column.Numeric), "NaN", k(column.Int32), 0, no},
		{k(column.Numeric), "1.20", k(column.Numeric), column.NumericMod(5, 1), "1.20"},
		{k(column.Numeric), "1.25", k(column.Numeric), column.NumericMod(5, 1), no},
		{k(column.Date), "2026-01-02", k(column.Timestamp), 0, "2026-01-02 00:00:00"},
		{k(column.Date), "infinity", k(column.TimestampTZ), 0, "infinity"},
		{k(column.Date), "5874897-12-31", k(column.Timestamp), 0, no},
		{k(column.Timestamp), "2026-01-02 00:00", k(column.Date), 0, "2026-01-02"},
		{k(column.Timestamp), "-infinity", k(column.Date), 0, "-infinity"},
		{k(column.Timestamp), "1969-12-31 23:59", k(column.Date), 0, no},
		{k(column.Timestamp), "2026-01-02 03:04:05.000006", k(column.TimestampNS), 0, "2026-01-02 03:04:05.000006+00"},
		{k(column.Timestamp), "9999-01-01", k(column.TimestampNS), 0, no},
		{k(column.TimestampNS), "2026-01-02 03:04:05.000006001", k(column.Timestamp), 0, no},
		{k(column.TimestampNS), "1960-01-02 03:04:05.000006", k(column.TimestampTZ), 0, "1960-01-02 03:04:05.000006+00"},
		{k(column.Timestamp), "2026-01-02 03:04:05.6", k(column.TimestampTZ), 0, "2026-01-02 03:04:05.6+00"},
		{k(column.Timestamp), "2026-01-02 03:04:05.6", k(column.Timestamp), column.PrecisionMod(0), no},
		{k(column.Text), "12", k(column.Int16), 0, "12"},
		{k(column.Text), "x", k(column.Int16), 0, no},
		{k(column.Text), "x", k(column.Varchar), 0, "x"},
		{k(column.UUID), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", k(column.Text), 0, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{k(column.Bytea), `\x6162`, k(column.Text), 0, "ab"},
		{k(column.Bytea), `\xff`, k(column.Text), 0, no},
		{k(column.Bytea), `\x00112233445566778899aabbccddeeff`, k(column.UUID), 0, "00112233-4455-6677-8899-aabbccddeeff"},
		{k(column.Bytea), `\x00`, k(column.UUID), 0, no},
		{k(column.JSON), `{"b":1,"a":2}`, k(column.JSONB), 0, `{"a": 2, "b": 1}`},
		{k(column.Bool), "t", k(column.Text), 0, "t"},
		{list(k(column.Int32)), "{1,NULL}", list(k(column.Int16)), 0, "{1,NULL}"},
		{list(k(column.Int32)), "{70000}", list(k(column.Int16)), 0, no},
		{list(k(column.Float64)), "[2:3]={1,2}", list(k(column.Int64)), 0, "[2:3]={1,2}"},
	}
	for _, c := range cases {
		b := column.NewBuilder(c.from, 2)
		b.AppendNull()
		if err := literal.Parse(b, c.from, c.value, literal.Options{}); err != nil {
			t.Fatalf("%s %s: %v", c.from, c.value, err)
		}
		got, err := Vector(b.Finish(), c.to, c.mod)
		var e *Error
		if c.want == no {
			if !errors.As(err, &e) || e.Row != 1 {
				t.Errorf("%s %s as %s: %v", c.from, c.value, c.to, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s as %s: %v", c.from, c.value, c.to, err)
			continue
		}
		if text := string(literal.Append(nil, got, 1, literal.Options{})); got.Type != c.to || !got.IsNull(0) || text != c.want {
			t.Errorf("%s %s as %s: %s", c.from, c.value, c.to, text)
		}
	}
}

// TestImpossible: types that have nothing to do with each other are refused before a value is looked at.
func TestImpossible(t *testing.T) {
	for _, c := range [][2]column.Kind{
		{column.Bool, column.Int64},
		{column.Int64, column.Bool},
		{column.Int64, column.Timestamp},
		{column.Date, column.Int32},
		{column.JSONB, column.Int64},
		{column.Time, column.Timestamp},
		{column.IntervalKind, column.Int64},
		{column.UUID, column.Bytea},
		{column.Float64, column.OID},
	} {
		if _, err := Vector(column.NewNull(column.T(c[0]), 1), column.T(c[1]), 0); column.ClassOf(err) != column.Invalid {
			t.Errorf("%s as %s: %v", column.T(c[0]), column.T(c[1]), err)
		}
	}
}

// TestForeignValues: files may hold what PostgreSQL's types have not.
func TestForeignValues(t *testing.T) {
	for _, v := range []*column.Vector{
		column.NewStrings("a\x00b"), column.NewStrings("\xff"), column.NewInts(column.T(column.Timestamp), []int64{-1 << 62}, nil),
		column.NewInts(column.T(column.Time), []int64{-1}, nil), column.NewInts(column.T(column.Date), []int64{-1<<31 + 1}, nil),
	} {
		var e *Error
		if _, err := Vector(v, v.Type, 0); !errors.As(err, &e) {
			t.Errorf("%s: %v", v.Type, err)
		}
	}
}
