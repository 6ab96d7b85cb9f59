package api

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// TestJSONColumn: values printed one after the other are what each is on its own.
func TestJSONColumn(t *testing.T) {
	kinds := []column.Kind{column.Timestamp, column.TimestampTZ, column.TimestampNS, column.Int64, column.Int16, column.Date}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	zones := []*time.Location{nil, time.UTC, paris, time.FixedZone("x", -(5*3600 + 30*60))}
	rapid.Check(t, func(t *rapid.T) {
		typ, loc := column.T(rapid.SampledFrom(kinds).Draw(t, "type")), rapid.SampledFrom(zones).Draw(t, "zone")
		unit := int64(1)
		if typ.Kind != column.Int64 && typ.Kind != column.Int16 && typ.Kind != column.Date {
			unit = typ.UnitsPerSecond()
		}
		// Steps of a second, a minute, an hour and a month around the turn of eras and around changes of clocks.
		at := rapid.SampledFrom([]int64{0, 1711846800, -86400, 1e9, -2208988800}).Draw(t, "start") * unit
		step := rapid.SampledFrom([]int64{1, 60, 3600, 2592000, -60, -7}).Draw(t, "step") * unit
		b := column.NewBuilder(typ, 0)
		for range rapid.IntRange(1, 200).Draw(t, "rows") {
			switch rapid.IntRange(0, 30).Draw(t, "what") {
			case 0:
				b.AppendNull()
			case 1:
				b.AppendInt(at + 1)
			case 2:
				b.AppendInt(literal.TimestampInfinity)
			case 3:
				b.AppendInt(literal.TimestampNegInfinity)
			default:
				b.AppendInt(at)
			}
			at += step
		}
		v := b.Finish()
		var c jsonColumn
		c.start(v, loc)
		for i := range v.Len {
			if got, want := string(c.append(nil, i)), string(appendJSONValue(nil, v, i, loc)); got != want {
				t.Fatalf("row %d of %s: %s, want %s", i, typ, got, want)
			}
		}
	})
}
