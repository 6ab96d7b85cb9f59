package profile

import (
	"fmt"
	"strings"

	"github.com/automatanexus/aegis-db/bench/measure"
)

// Markdown lists the profiles of some queries below a title; nothing if there are none.
func Markdown(title string, list []*Profile, behind func(query string) bool) string {
	var b strings.Builder
	for _, p := range list {
		if !behind(p.Query) {
			continue
		}
		fmt.Fprintf(&b, "- **%s**: %s ms of CPU, %s in %s allocations, %s ms blocked an answer (%d answers).\n", p.Query, measure.Digits(p.CPU), size(p.Bytes),
			measure.Grouped(p.Objects), measure.Digits(p.Blocked), p.Answers)
		for _, kind := range []struct {
			name   string
			shares []Share
		}{{"CPU", p.Runs}, {"Allocation", p.Allocs}, {"Blocking", p.Waits}} {
			var parts []string
			for _, s := range kind.shares {
				parts = append(parts, fmt.Sprintf("%.0f %% `%s`", 100*s.Part, s.Function))
			}
			if len(parts) > 0 {
				fmt.Fprintf(&b, "  %s: %s.\n", kind.name, strings.Join(parts, ", "))
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "## " + title + "\n\nWhat the server does while one client asks: CPU time, allocation and blocking by the innermost function of Aegis' on the stack, which had it done. " +
		"Blocking counts the goroutines that work for statements, so one that waits for its workers counts beside them.\n\n" + b.String() + "\n"
}

// size is a number of bytes for people.
func size(bytes float64) string {
	switch {
	case bytes >= 1<<20:
		return measure.Digits(bytes/(1<<20)) + " MiB"
	case bytes >= 1<<10:
		return measure.Digits(bytes/(1<<10)) + " KiB"
	}
	return measure.Digits(bytes) + " bytes"
}
