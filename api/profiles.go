package api

import (
	"bytes"
	"net/http"
	"net/http/pprof"
	"runtime"
	pprofs "runtime/pprof"
	"strconv"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/automatanexus/aegis-db/column"
)

// profilesPath is where Go's tools look for a server's profiles.
const profilesPath = "/debug/pprof/"

// longestProfile is how many seconds a profile may take.
const longestProfile = 300

// What is counted only while somebody looks: of waits shorter than this many nanoseconds a sample, one of so many contended locks, and one allocation
// in so many bytes. The runtime would count allocations all the time, once a program can print them.
const blockRate, mutexFraction, memoryRate = 10_000, 10, 512 << 10

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
	case "goroutine":
		pprof.Handler(name).ServeHTTP(w, r)
	case "profile", "trace", "block", "mutex", "allocs":
		if seconds == 0 {
			s.fail(w, column.Errorf(column.Invalid, "how long? Say %s%s?seconds=10", profilesPath, name))
			return
		}
		switch name {
		case "profile":
			pprof.Profile(w, r)
		case "trace":
			pprof.Trace(w, r)
		case "allocs":
			watched.begin()
			defer watched.end()
			s.allocations(w, r, time.Duration(seconds)*time.Second)
		default:
			watched.begin()
			defer watched.end()
			pprof.Handler(name).ServeHTTP(w, r)
		}
	default:
		s.fail(w, &statusError{
			status: http.StatusNotFound, code: "NOT_FOUND", text: "there is no profile of " + strconv.Quote(name),
			hint: "There are profile (CPU), allocs, block, mutex, trace and goroutine.",
		})
	}
}

// allocations answers what is allocated within a time, and what of it is held at its end. The runtime tells of an allocation once a collection has ended
// after it, so there is one at both ends.
func (s *Server) allocations(w http.ResponseWriter, r *http.Request, during time.Duration) {
	before, err := allocated()
	if err != nil {
		s.fail(w, err)
		return
	}
	select {
	case <-time.After(during):
	case <-r.Context().Done():
		return
	}
	after, err := allocated()
	if err != nil {
		s.fail(w, err)
		return
	}
	before.Scale(-1)
	within, err := profile.Merge([]*profile.Profile{before, after})
	if err != nil {
		s.fail(w, column.Errorf(column.Internal, "profile of allocations: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_ = within.Write(w) // the client has left
}

// allocated is what was counted until now.
func allocated() (*profile.Profile, error) {
	runtime.GC()
	var b bytes.Buffer
	if err := pprofs.Lookup("allocs").WriteTo(&b, 0); err != nil {
		return nil, column.Errorf(column.Internal, "profile of allocations: %w", err)
	}
	p, err := profile.Parse(&b)
	if err != nil {
		return nil, column.Errorf(column.Internal, "profile of allocations: %w", err)
	}
	return p, nil
}

// watched is one for the process, since what is counted is.
var watched watching

// watching counts who looks at the profiles of waits and allocations, which cost something as long as somebody does. A program that counts its
// allocations anyway goes on doing so.
type watching struct {
	mu      sync.Mutex
	viewers int
	memory  int // the rate that allocations were counted at before
}

func (b *watching) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.viewers++; b.viewers == 1 {
		runtime.SetBlockProfileRate(blockRate)
		runtime.SetMutexProfileFraction(mutexFraction)
		if b.memory = runtime.MemProfileRate; b.memory == 0 {
			runtime.MemProfileRate = memoryRate
		}
	}
}

func (b *watching) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.viewers--; b.viewers == 0 {
		runtime.SetBlockProfileRate(0)
		runtime.SetMutexProfileFraction(0)
		runtime.MemProfileRate = b.memory
	}
}
