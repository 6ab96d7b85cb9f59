package api

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"sync"

	"github.com/automatanexus/aegis-db/column"
)

// profilesPath is where Go's tools look for a server's profiles.
const profilesPath = "/debug/pprof/"

// longestProfile is how many seconds a profile may take.
const longestProfile = 300

// What the profiles of blocking count: of waits shorter than this many nanoseconds a sample, and one of so many contended locks. They are counted
// only while somebody looks.
const blockRate, mutexFraction = 10_000, 10

// profile answers what the process does, to superusers: where its CPU time goes, what it allocates, what it waits for. It is in the form of
// "go tool pprof". Those that count over a time need to be told how long.
func (s *Server) profile(w http.ResponseWriter, r *http.Request) {
	if !s.options.Trusted && !s.checker.Admin(userOf(r)) {
		s.fail(w, column.SQLErrorf(column.Denied, "42501", "permission denied: only a superuser looks at profiles"))
		return
	}
	seconds := 0
	if text := r.FormValue("seconds"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 || seconds > longestProfile {
			s.fail(w, column.Errorf(column.Invalid, "seconds=%.20q: a profile takes 1 to %d seconds", text, longestProfile))
			return
		}
	}
	switch name := r.PathValue("profile"); name {
	case "goroutine", "heap", "allocs":
		pprof.Handler(name).ServeHTTP(w, r)
	case "profile", "trace", "block", "mutex":
		if seconds == 0 {
			s.fail(w, column.Errorf(column.Invalid, "how long? Say %s%s?seconds=10", profilesPath, name))
			return
		}
		switch name {
		case "profile":
			pprof.Profile(w, r)
		case "trace":
			pprof.Trace(w, r)
		default:
			watched.begin()
			defer watched.end()
			pprof.Handler(name).ServeHTTP(w, r)
		}
	default:
		s.fail(w, &statusError{
			status: http.StatusNotFound, code: "NOT_FOUND", text: "there is no profile of " + strconv.Quote(name),
			hint: "There are profile (CPU), allocs, heap, goroutine, block, mutex and trace.",
		})
	}
}

// watched is one for the process, since what is counted is.
var watched blocking

// blocking counts who looks at the profiles of blocking, which cost something as long as somebody does.
type blocking struct {
	mu      sync.Mutex
	viewers int
}

func (b *blocking) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.viewers++; b.viewers == 1 {
		runtime.SetBlockProfileRate(blockRate)
		runtime.SetMutexProfileFraction(mutexFraction)
	}
}

func (b *blocking) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.viewers--; b.viewers == 0 {
		runtime.SetBlockProfileRate(0)
		runtime.SetMutexProfileFraction(0)
	}
}
