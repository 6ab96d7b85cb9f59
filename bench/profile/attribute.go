package profile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// module is in front of the names of Aegis' functions.
const module = "github.com/automatanexus/aegis-db"

// kept is how many functions a report has of a profile, and least the part from which on they are worth it.
const (
	kept  = 6
	least = 0.02
)

// attribute gives the total of a kind of value, and the functions with the greatest parts of it. Of statements are the samples in which a statement runs:
// goroutines of the background wait all the time.
func attribute(p *profile.Profile, kind string, ofStatements bool) (total float64, shares []Share) {
	at := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == kind })
	if at < 0 {
		return 0, nil
	}
	by := map[string]float64{}
	for _, s := range p.Sample {
		stack := functions(s)
		if ofStatements && !slices.ContainsFunc(stack, isStatement) || slices.ContainsFunc(stack, isProfiling) {
			continue
		}
		value := float64(s.Value[at])
		total += value
		by[owner(stack)] += value
	}
	for name, value := range by {
		if part := value / total; part >= least {
			shares = append(shares, Share{name, part})
		}
	}
	slices.SortFunc(shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Part, a.Part), strings.Compare(a.Function, b.Function))
	})
	return total, shares[:min(len(shares), kept)]
}

// functions are the names on a stack, the innermost first.
func functions(s *profile.Sample) (list []string) {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if line.Function != nil {
				list = append(list, line.Function.Name)
			}
		}
	}
	return list
}

func isStatement(name string) bool {
	name, own := strings.CutPrefix(name, module)
	return own && (strings.HasPrefix(name, "/query/") || strings.HasPrefix(name, "/query."))
}

// isProfiling tells what the profiles themselves do.
func isProfiling(name string) bool {
	return name == module+"/api.(*Server).profile" || strings.HasPrefix(name, "runtime/pprof.")
}

// What the runtime does for nobody in particular, by functions that are on its stacks.
var runtimes = []struct{ function, means string }{
	{"runtime.gcBgMarkWorker", "garbage collection"},
	{"runtime.bgsweep", "garbage collection"},
	{"runtime.bgscavenge", "garbage collection"},
	{"runtime.gcStart", "garbage collection"},
	{"runtime.schedule", "scheduling"},
	{"runtime.mstart", "scheduling"},
	{"runtime.mcall", "scheduling"},
	{"net/http.", "net/http"},
}

// owner is whom a sample counts for: the innermost function of Aegis' on the stack, whose work the library or the runtime does; with what the runtime
// does for it where that is telling. What has none is the runtime's own, or net/http's.
func owner(stack []string) string {
	for _, name := range stack {
		if rest, own := strings.CutPrefix(name, module); own && rest != "" {
			if rest[0] == '.' {
				rest = "aegis" + rest
			}
			name = plain(strings.TrimPrefix(rest, "/"))
			if strings.HasPrefix(stack[0], "runtime.") && slices.ContainsFunc(stack, func(f string) bool { return f == "runtime.mallocgc" || f == "runtime.growslice" }) {
				name += " (allocating)"
			}
			return name
		}
	}
	for _, r := range runtimes {
		if slices.ContainsFunc(stack, func(f string) bool { return strings.HasPrefix(f, r.function) }) {
			return r.means
		}
	}
	if len(stack) == 0 {
		return "unknown"
	}
	return stack[len(stack)-1]
}

// plain is a name without the shapes of type parameters, and of the function in which it is a closure.
func plain(name string) string {
	var b strings.Builder
	depth := 0
	for _, c := range name {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	name = b.String()
	for {
		at := strings.LastIndexByte(name, '.')
		if at < 0 || !isClosure(name[at+1:]) {
			return name
		}
		name = name[:at]
	}
}

// isClosure tells the numbers that the compiler gives closures: func1, 2, gowrap1, and "-range3" behind loops.
func isClosure(part string) bool {
	for _, prefix := range []string{"func", "gowrap", "deferwrap"} {
		part = strings.TrimPrefix(part, prefix)
	}
	part, _, _ = strings.Cut(part, "-range")
	return part != "" && strings.Trim(part, "0123456789") == ""
}
