package aegis

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that outlive their database, and keeps property tests short and to one course unless a run asks for more.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { asked[f.Name] = true })
	usual := map[string]string{"rapid.checks": "40", "rapid.steps": "25", "rapid.nofailfile": "true", "rapid.seed": "1"}
	if long {
		usual["rapid.checks"], usual["rapid.seed"] = "2000", "0" // 0 is another one each time
	}
	for name, value := range usual {
		if !asked[name] {
			_ = flag.Set(name, value) // rapid's own flags: they are there
		}
	}
	goleak.VerifyTestMain(m)
}
