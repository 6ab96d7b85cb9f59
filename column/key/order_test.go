package key

import (
	"bytes"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

func TestNumericOrder(t *testing.T) {
	ascending := [][]string{
		{"-Infinity"},
		{"-1000"},
		{"-12.5", "-12.50", "-012.500"},
		{"-12.49"},
		{"-1"},
		{"-0.5"},
		{"-0.05"},
		{"-0.0499"},
		{"0", "-0", "0.000"},
		{"0.001"},
		{"0.0011"},
		{"0.01"},
		{"0.1"},
		{"1", "1.0", "+1.00"},
		{"1.01"},
		{"1.1"},
		{"2"},
		{"9.99"},
		{"10", "10.0"},
		{"10.01"},
		{"100"},
		{"123456789012345678901234567890"},
		{"Infinity"},
		{"NaN"},
	}
	for i, same := range ascending {
		for _, a := range same {
			ka := AppendNumeric(nil, []byte(a))
			for j, others := range ascending {
				for _, b := range others {
					got := bytes.Compare(ka, AppendNumeric(nil, []byte(b)))
					want := 0
					if i < j {
						want = -1
					} else if i > j {
						want = 1
					}
					if got != want {
						t.Errorf("compare(%s, %s) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestIntervalOrder(t *testing.T) {
	day := int64(86_400_000_000)
	equal := []column.Interval{{Months: 1}, {Days: 30}, {Micros: 30 * day}, {Months: 2, Days: -30}}
	for _, v := range equal[1:] {
		if !bytes.Equal(AppendInterval(nil, equal[0]), AppendInterval(nil, v)) {
			t.Errorf("%+v does not equal one month", v)
		}
	}
	ascending := []column.Interval{{Months: -1}, {Micros: -1}, {}, {Micros: 1}, {Days: 1, Micros: -1}, {Days: 1}, {Months: 1}}
	for i := 1; i < len(ascending); i++ {
		if bytes.Compare(AppendInterval(nil, ascending[i-1]), AppendInterval(nil, ascending[i])) >= 0 {
			t.Errorf("%+v is not below %+v", ascending[i-1], ascending[i])
		}
	}
}
