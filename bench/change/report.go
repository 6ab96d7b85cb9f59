package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
)

// report is all that was measured, and on what. The first system is Aegis.
type report struct {
	machine.Machine
	Rows    int       `json:"rows"`
	Large   int       `json:"large_rows"`
	Repeats int       `json:"rounds"`
	Systems []*result `json:"systems"`
}

// write puts the report into a folder, as Markdown and as JSON.
func (r *report) write(dir, markdown string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"change.json": append(text, '\n'), "change.md": []byte(markdown)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Changing rows, side by side\n\n")
	b.WriteString("Written by `make bench-change`; what each figure means is in [bench/README.md](../README.md#change).\n\n")
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
	fmt.Fprintf(&b, "Tables of %s rows. Medians of %d rounds (scans: %d runs) with the least and the greatest; a ratio above 1 says how many times as good Aegis is. "+
		"After each change all systems gave the same summary of their tables.\n\n", measure.Grouped(float64(r.Rows)), r.Repeats, scanRuns)
	group := ""
	for _, f := range r.Systems[0].Figures {
		if f.Group != group {
			group = f.Group
			r.heading(&b, group)
		}
		r.line(&b, f)
	}
	b.WriteByte('\n')
	r.aims(&b)
	r.losses(&b)
	r.settings(&b)
	return b.String()
}

func (r *report) heading(b *strings.Builder, group string) {
	list := []string{"figure"}
	for _, s := range r.Systems {
		list = append(list, s.title())
	}
	for _, s := range r.Systems[1:] {
		list = append(list, "by "+s.title())
	}
	fmt.Fprintf(b, "\n## %s\n\n| %s |\n|---%s|\n", group, strings.Join(list, " | "), strings.Repeat("|---:", len(list)-1))
}

func (s *result) title() string {
	if s.Missing != "" {
		return "(missing)"
	}
	return s.Name
}

func (r *report) line(b *strings.Builder, f *figure) {
	fmt.Fprintf(b, "| %s, %s |", f.Name, f.Unit)
	for _, s := range r.Systems {
		fmt.Fprintf(b, " %s |", s.figure(f))
	}
	for _, s := range r.Systems[1:] {
		fmt.Fprintf(b, " %s |", measure.Ratio(f.times(s.figure(f))))
	}
	b.WriteByte('\n')
}

// figure is the system's figure of the same name; nil if it has none.
func (s *result) figure(like *figure) *figure {
	for _, f := range s.Figures {
		if f.Group == like.Group && f.Name == like.Name && f.Unit == like.Unit {
			return f
		}
	}
	return nil
}

// String is the median with its spread.
func (f *figure) String() string {
	if f == nil {
		return "–"
	}
	text := measure.Digits
	if f.Unit == rowsASecond {
		text = measure.Grouped
	}
	median, low, high := measure.Spread(f.Rounds)
	if len(f.Rounds) == 1 {
		return text(median)
	}
	return fmt.Sprintf("%s (%s–%s)", text(median), text(low), text(high))
}

// times is how many times as good the figure is as another; NaN if there is none, or nothing was measured.
func (f *figure) times(other *figure) float64 {
	if f == nil || other == nil {
		return math.NaN()
	}
	own, _, _ := measure.Spread(f.Rounds)
	theirs, _, _ := measure.Spread(other.Rounds)
	if own == 0 || theirs == 0 {
		return math.NaN()
	}
	if f.Unit == rowsASecond {
		return own / theirs
	}
	return theirs / own
}

// sure says that no round says otherwise than the medians do.
func (f *figure) sure(other *figure) bool {
	_, ownLow, ownHigh := measure.Spread(f.Rounds)
	_, low, high := measure.Spread(other.Rounds)
	return low > ownHigh || high < ownLow
}

// aims says which aims are met: they compare figures of Aegis with each other.
func (r *report) aims(b *strings.Builder) {
	own := r.Systems[0]
	at := func(group, name string, u unit) *figure {
		return own.figure(&figure{Group: group, Name: name, Unit: u})
	}
	b.WriteString("## Aims\n\n")
	say := func(what string, value, aim float64, met bool) {
		if !math.IsNaN(value) {
			fmt.Fprintf(b, "- %s: %s, aim %s: %s\n", what, measure.Digits(value), measure.Digits(aim), map[bool]string{true: "met", false: "**missed**"}[met])
		}
	}
	for _, o := range []string{"ascending", "random order"} {
		share := at(loadingGroup, "with a primary key, "+o, rowsASecond).times(at(loadingGroup, "without a key, "+o, rowsASecond))
		say("Loading with a key, "+o+", by loading without", share, 0.5, share >= 0.5)
	}
	for _, q := range scanQueries {
		for _, where := range []string{"scattered", "in ranges"} {
			for _, a := range []struct {
				state string
				aim   float64
			}{{"1 % dead", 1.2}, {"20 % dead", 2}} {
				none := at(scanGroup, q.name+": none dead, "+where, milliseconds)
				times := none.times(at(scanGroup, q.name+": "+a.state+", "+where, milliseconds))
				say(q.name+", "+a.state+", "+where+", by none dead", times, a.aim, times <= a.aim)
			}
		}
	}
	b.WriteByte('\n')
}

// losses says where a peer is better.
func (r *report) losses(b *strings.Builder) {
	b.WriteString("## Where Aegis loses\n\n")
	lost, compared := 0, 0
	for _, f := range r.Systems[0].Figures {
		for _, s := range r.Systems[1:] {
			times := f.times(s.figure(f))
			if math.IsNaN(times) {
				continue
			}
			compared++
			if times >= 1 {
				continue
			}
			lost++
			fmt.Fprintf(b, "- %s: %s: %s is %s times as good", f.Group, f.Name, s.Name, measure.Ratio(1/times))
			if !f.sure(s.figure(f)) {
				b.WriteString(", within the spread of the rounds")
			}
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(b, "\nIn %d of %d comparisons.\n\n", lost, compared)
}

func (r *report) settings(b *strings.Builder) {
	b.WriteString("## Systems\n\n")
	for _, s := range r.Systems {
		if s.Missing != "" {
			fmt.Fprintf(b, "- %s\n", s.Missing)
			continue
		}
		fmt.Fprintf(b, "- %s\n", s.About)
	}
}
