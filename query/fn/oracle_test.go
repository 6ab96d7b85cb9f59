package fn

import (
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/cockroachdb/datadriven"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

func dec(coeff int64, exp int32) *apd.Decimal { return apd.New(coeff, exp) }

// TestAggregatesAgainstPostgres: "agg type" takes values, one a line, and gives each numeric aggregate of them. The answers
// are PostgreSQL 15's.
func TestAggregatesAgainstPostgres(t *testing.T) {
	kinds := map[string]column.Type{"int2": tInt2, "int4": tInt4, "int8": tInt8, "float4": tFloat4, "float8": tFloat8, "numeric": tNumeric, "interval": tInterval, "text": tText, "bool": tBool, "date": tDate}
	r := New()
	datadriven.RunTest(t, "testdata/aggregates", func(t *testing.T, d *datadriven.TestData) string {
		typ := kinds[d.CmdArgs[0].Key]
		b := column.NewBuilder(typ, 0)
		for _, line := range strings.Split(d.Input, "\n") {
			if line == "NULL" {
				b.AppendNull()
				continue
			}
			if err := literal.Parse(b, typ, line, literal.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		v := b.Finish()
		var out []string
		for _, name := range []string{"count", "sum", "avg", "min", "max", "var_pop", "var_samp", "stddev_pop", "stddev_samp", "bool_and", "bool_or"} {
			a, err := r.Aggregate(name, types(typ))
			if err != nil {
				continue
			}
			if a.Args[0] != typ && a.Args[0] != tAny {
				continue
			}
			s := a.New()
			s.Grow(1)
			if err := s.AddRange(0, []*column.Vector{v}, 0, v.Len, false); err != nil {
				out = append(out, name+" "+err.Error())
				continue
			}
			res, err := s.Finish(1)
			if err != nil {
				t.Fatal(err)
			}
			text := "NULL"
			if !res.IsNull(0) {
				text = string(literal.Append(nil, res, 0, literal.Options{}))
			}
			out = append(out, name+" "+text)
		}
		return strings.Join(out, "\n")
	})
}
