package aegis

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// long asks for all of what otherwise is sampled, for minutes instead of seconds, and for another course each time: make soak.
var long = os.Getenv("AEGIS_LONG") != ""

// course is the seed of a test that draws. It is always the same, so that a run that fails says something about the commit and not about
// luck; with long it is another one each time. AEGIS_SEED repeats a certain one.
func course(t testing.TB) uint64 {
	t.Helper()
	if text := os.Getenv("AEGIS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("AEGIS_SEED: %v", err)
		}
		return seed
	}
	if long {
		return uint64(time.Now().UnixNano())
	}
	return 1
}

// budget is the time a sampling test takes, less where a run asks to be short.
func budget(d time.Duration) time.Duration {
	if testing.Short() {
		return d / 3
	}
	return d
}
