package aegis

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestExplain shows the plans of statements: what each rule did, what is decided per series and by runs. Rewrite the
// expectations with -rewrite, and read the difference.
func TestExplain(t *testing.T) {
	db := open(t, t.TempDir())
	datadriven.Walk(t, "testdata/explain", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			session := db.NewSession("")
			if d.HasArg("off") {
				arg, _ := d.Arg("off")
				if err := session.Set("optimizer_rules_off", strings.Join(arg.Vals, ", ")); err != nil {
					t.Fatal(err)
				}
			}
			if d.Cmd == "flush" {
				if err := db.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				return ""
			}
			text := d.Input
			if d.Cmd == "explain" {
				text = "EXPLAIN " + text
			}
			rows, err := tryAsk(session, text)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			var out []string
			for _, r := range rows {
				if !strings.HasPrefix(r, "Planning: ") {
					out = append(out, strings.TrimRight(r, " "))
				}
			}
			return strings.Join(out, "\n") + "\n"
		})
	})
}
