package profile

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/pprof/profile"
)

// Profile is what was seen of one query. Shares are of the kind's total, and sorted, the greatest first.
type Profile struct {
	Query   string  `json:"query"`
	Answers int     `json:"answers"`
	CPU     float64 `json:"cpu_ms"` // of the server, an answer
	Bytes   float64 `json:"alloc_bytes"`
	Objects float64 `json:"alloc_objects"`
	Blocked float64 `json:"blocked_ms"` // summed over the goroutines that work for statements
	Runs    []Share `json:"cpu"`
	Allocs  []Share `json:"alloc"`
	Waits   []Share `json:"block"`
}

// Share is a function's part of a total.
type Share struct {
	Function string  `json:"function"`
	Part     float64 `json:"part"`
}

// Take asks a server at an address (http://host:port) until its profiles of so many whole seconds are there. ask asks a while, and says
// how often there was an answer.
func Take(ctx context.Context, address, query string, seconds int, ask func(context.Context) (int, error)) (*Profile, error) {
	p, err := take(ctx, address+"/debug/pprof/", seconds, ask)
	if err != nil {
		return nil, fmt.Errorf("profiles of %s: %w", query, err)
	}
	p.Query = query
	return p, nil
}

func take(ctx context.Context, path string, seconds int, ask func(context.Context) (int, error)) (*Profile, error) {
	var cpu, allocs, block *profile.Profile
	kinds := map[string]**profile.Profile{"profile": &cpu, "allocs": &allocs, "block": &block}
	taken := make(chan error, len(kinds))
	for name, to := range kinds {
		go func() {
			var err error
			*to, err = fetch(ctx, fmt.Sprintf("%s%s?seconds=%d", path, name, seconds))
			taken <- err
		}()
	}
	begun, answers := time.Now(), 0
	var failed error
	for waiting := len(kinds); waiting > 0; {
		if failed == nil {
			var n int
			n, failed = ask(ctx)
			answers += n
		}
		if failed != nil { // nothing is left running
			failed, waiting = errors.Join(failed, <-taken), waiting-1
			continue
		}
		select {
		case failed = <-taken:
			waiting--
		default:
		}
	}
	if failed != nil {
		return nil, failed
	}
	took := time.Since(begun).Seconds()
	// They have what was answered in their time.
	during := float64(answers) * float64(seconds) / max(took, float64(seconds))
	p := &Profile{Answers: answers}
	p.CPU, p.Runs = attribute(cpu, "cpu", false)
	p.Blocked, p.Waits = attribute(block, "delay", true)
	p.CPU, p.Blocked = p.CPU/1e6/during, p.Blocked/1e6/during
	p.Bytes, p.Allocs = attribute(allocs, "alloc_space", false)
	p.Objects, _ = attribute(allocs, "alloc_objects", false)
	p.Bytes, p.Objects = p.Bytes/during, p.Objects/during
	return p, nil
}

// fetch reads one profile.
func fetch(ctx context.Context, url string) (*profile.Profile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	p, err := profile.Parse(resp.Body)
	return p, errors.Join(err, resp.Body.Close())
}
