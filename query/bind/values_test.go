package bind_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestValues evaluates expressions, one a line. The files of testdata/values hold PostgreSQL's answers; those of
// testdata/own what is not in PostgreSQL, or differs from it for a reason that the file gives.
func TestValues(t *testing.T) {
	for _, dir := range []string{"testdata/values", "testdata/own"} {
		datadriven.Walk(t, dir, func(t *testing.T, path string) {
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				loc := time.UTC
				for _, a := range d.CmdArgs {
					var err error
					if loc, err = time.LoadLocation(a.Vals[0]); err != nil {
						t.Fatal(err)
					}
				}
				var out []string
				for _, line := range strings.Split(d.Input, "\n") {
					out = append(out, evalText(t, line, options(loc)))
				}
				return strings.Join(out, "\n")
			})
		})
	}
}
