package real

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCompareAnswersFindsFaults: the comparison of TestPromQL must notice each of these.
func TestCompareAnswersFindsFaults(t *testing.T) {
	const good = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a","x":"1"},"values":[[1,"0.3"],[2.5,"NaN"]]},{"metric":{},"values":[[1,"+Inf"]]}]},"infos":["i, over 24 samples"]}`
	read := func(text string) *promAnswer {
		a := &promAnswer{code: 200}
		if err := json.Unmarshal([]byte(text), a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{`"0.3"`, `"0.30000000000000004"`, ""},
		{`"0.3"`, `"0.300001"`, "0.300001"},
		{`"NaN"`, `"0"`, "2.5 0"},
		{`"+Inf"`, `"-Inf"`, "-Inf"},
		{`[1,"0.3"],`, ``, "1 points"},
		{`2.5`, `2.501`, "2.501"},
		{`"x":"1"`, `"x":"2"`, "is missing"},
		{`{"metric":{},"values":[[1,"+Inf"]]}`, `{"metric":{},"values":[[1,"+Inf"]]},{"metric":{"y":"z"},"values":[[1,"1"]]}`, "is too many"},
		{`"i, `, `"j, `, "infos"},
		{`24 samples`, `-8069746288544912640 samples`, ""},
		{`"matrix"`, `"vector"`, "a vector"},
		{`"status":"success"`, `"status":"error","errorType":"execution"`, "Prometheus answers"},
	} {
		got := compareAnswers(read(good), read(strings.Replace(good, c.old, c.new, 1)))
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s → %s: %q, want %q", c.old, c.new, got, c.want)
		}
	}
	const list = `{"status":"success","data":[{"a":"1"},{"a":"2"}]}`
	if d := compareLists(read(list), read(list)); d != "" {
		t.Error(d)
	}
	if d := compareLists(read(list), read(`{"status":"success","data":[{"a":"1"},{"a":"3"}]}`)); d == "" {
		t.Error("another series was not noticed")
	}
}
