package suite

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/picture"
	"github.com/automatanexus/aegis-db/bench/profile"
)

// Report is all that was measured of a suite. The first system is Aegis; the second one's answers are the right ones.
type Report struct {
	machine.Machine
	Aims    []measure.Aim `json:"aims"`
	Suite   string        `json:"suite"`
	Title   string        `json:"title"`
	Scale   string        `json:"scale"`
	Cores   int           `json:"threads"`
	Queries []string      `json:"queries"`
	Tables  []Table       `json:"-"`
	Failed  []error       `json:"-"` // peers that could not be measured
	Systems []*Measured   `json:"systems"`
}

// What is aimed at: the geometric mean of DuckDB's times by Aegis', and the first step towards it.
var suiteAims = map[string][2]float64{"clickbench": {1, 0.5}, "tpch": {1, 0.4}}

// right is the system whose answers are the right ones, of those that were measured so far; nil if there is none.
func (r *Report) right() *Measured {
	for _, m := range r.Systems {
		if m.Missing == "" && m.Name != "Aegis" {
			return m
		}
	}
	return nil
}

// times are a system's times for a query; nil if they do not count.
func (m *Measured) times(query int, cold bool) []float64 {
	if m.Missing != "" || m.Answers[query].Problem != "" {
		return nil
	}
	if cold {
		return m.Answers[query].Cold
	}
	return m.Answers[query].Hot
}

// ratio is a peer's median by Aegis'; NaN where one is missing.
func (r *Report) ratio(peer *Measured, query int, cold bool) float64 {
	ours, theirs := r.Systems[0].times(query, cold), peer.times(query, cold)
	if len(ours) == 0 || len(theirs) == 0 {
		return math.NaN()
	}
	a, _, _ := measure.Spread(ours)
	b, _, _ := measure.Spread(theirs)
	return b / a
}

// mean is the geometric mean of the ratios, of so many queries.
func (r *Report) mean(peer *Measured, cold bool) (mean float64, queries int) {
	logs := 0.0
	for i := range r.Queries {
		if times := r.ratio(peer, i, cold); !math.IsNaN(times) {
			logs, queries = logs+math.Log(times), queries+1
		}
	}
	return math.Exp(logs / float64(queries)), queries // NaN if there are none
}

// aims are the aims that the suite has, and what is measured beside them.
func (r *Report) aims() (list []measure.Aim) {
	for _, peer := range r.Systems[1:] {
		for _, cold := range []bool{false, true} {
			mean, n := r.mean(peer, cold)
			if peer.Name != "DuckDB" || n == 0 || cold {
				continue
			}
			want := suiteAims[r.Suite]
			a := measure.Aim{
				What: fmt.Sprintf("%s, scale %s, geometric mean of DuckDB ÷ Aegis, hot", r.Title, r.Scale), Aim: fmt.Sprintf("≥ %v (first step ≥ %v)", want[0], want[1]),
				Figure: fmt.Sprintf("%s over %d queries", measure.Ratio(mean), n), Met: mean >= want[0],
			}
			if !a.Met && mean >= want[1] {
				a.Figure += "; the first step is met"
			}
			a.Behind = r.behind(peer)
			list = append(list, a)
		}
	}
	return list
}

// behind are the queries in which a peer is faster, the worst first.
func (r *Report) behind(peer *Measured) (list []string) {
	order := make([]int, len(r.Queries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(r.ratio(peer, a, false), r.ratio(peer, b, false)) })
	for _, i := range order {
		if times := r.ratio(peer, i, false); times < 1 {
			list = append(list, fmt.Sprintf("%s: %s", r.Queries[i], measure.Ratio(times)))
		}
	}
	return list
}

// Problems are what kept Aegis from an answer, or from the right one.
func (r *Report) Problems() (list []string) {
	for i, a := range r.Systems[0].Answers {
		if a.Problem != "" {
			list = append(list, r.Queries[i]+": "+a.Problem)
		}
	}
	return list
}

// Write puts the report into a folder, as Markdown, as JSON and as a picture.
func (r *Report) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, r.Suite+".json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, r.Suite+".md"), []byte(r.Markdown()), 0o644), os.WriteFile(filepath.Join(dir, r.Suite+".svg"), r.picture(), 0o644))
}

// picture draws the hot ratios.
func (r *Report) picture() []byte {
	var rows []picture.Row
	for i, name := range r.Queries {
		row := picture.Row{Label: name}
		for _, m := range r.Systems[1:] {
			row.Times = append(row.Times, r.ratio(m, i, false))
		}
		rows = append(rows, row)
	}
	var peers []string
	for _, m := range r.Systems[1:] {
		peers = append(peers, strings.TrimSpace(m.title()+" "+m.Version))
	}
	return picture.Draw(fmt.Sprintf("%s, scale %s: how many times as long as Aegis (hot median, log scale)", r.Title, r.Scale), peers, rows)
}

// Markdown is the report for people.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, side by side\n\nWritten by `make bench-full PART=%s`; what it does is in [bench/README.md](../README.md#suites).\n\n%s\n\n", r.Title, r.Suite, r.Machine)
	fmt.Fprintf(&b, "Scale %s. Each system's answers were held against those of DuckDB; where one differs, or does not come in time, there is no figure.\n\n![peer ÷ Aegis for each query](%s.svg)\n\n", r.Scale, r.Suite)
	r.loading(&b)
	r.table(&b, false)
	if slices.ContainsFunc(r.Systems, func(m *Measured) bool {
		return m.Missing == "" && slices.ContainsFunc(m.Answers, func(a *Answer) bool { return len(a.Cold) > 0 })
	}) {
		r.table(&b, true)
	}
	r.problems(&b)
	b.WriteString(profile.Markdown("Profiles of what a peer is ahead in", r.Systems[0].Profiles, func(query string) bool {
		i := slices.Index(r.Queries, query)
		return slices.ContainsFunc(r.Systems[1:], func(m *Measured) bool { return r.ratio(m, i, false) < 1 })
	}))
	b.WriteString("## Systems\n\n")
	for _, m := range r.Systems {
		if m.Missing != "" {
			fmt.Fprintf(&b, "- %s\n", m.Missing)
			continue
		}
		fmt.Fprintf(&b, "- %s\n", m.About)
	}
	b.WriteString("\nSorting keys (ClickHouse) and indexes (PostgreSQL); the others have neither.\n\n")
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "- %s: sorted by (%s)", t.Name, strings.Join(t.Order, ", "))
		if len(t.Indexes) > 0 {
			fmt.Fprintf(&b, "; indexes of (%s)", strings.Join(t.Indexes, "), ("))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (m *Measured) title() string {
	if m.Missing != "" {
		name, _, _ := strings.Cut(m.Missing, ":")
		return name + " (missing)"
	}
	return m.Name
}

func (r *Report) loading(b *strings.Builder) {
	b.WriteString("## Loading\n\n| system | rows | seconds | rows / second | MiB stored |\n|---|---:|---:|---:|---:|\n")
	for _, m := range r.Systems {
		if m.Missing == "" && m.Seconds > 0 {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", m.Name, measure.Grouped(float64(m.Rows)), measure.Digits(m.Seconds), measure.Rate(float64(m.Rows), m.Seconds),
				measure.Grouped(float64(m.Stored)/(1<<20)))
		}
	}
	b.WriteByte('\n')
}

// table shows the times, and the ratios.
func (r *Report) table(b *strings.Builder, cold bool) {
	head, how := "Hot", "once before"
	if cold {
		head, how = "Cold", "by a system that was just started, with nothing of its files in memory"
	}
	fmt.Fprintf(b, "## %s\n\nMedian (least–greatest) in ms, asked %s; ratios are a peer's median by Aegis'.\n\n| query |", head, how)
	for _, m := range r.Systems {
		fmt.Fprintf(b, " %s |", m.title())
	}
	for _, m := range r.Systems[1:] {
		fmt.Fprintf(b, " %s ÷ Aegis |", m.title())
	}
	fmt.Fprintf(b, "\n|---%s|\n", strings.Repeat("|---:", 2*len(r.Systems)-1))
	for i, name := range r.Queries {
		fmt.Fprintf(b, "| %s |", name)
		for _, m := range r.Systems {
			text := "–"
			if times := m.times(i, cold); len(times) > 0 {
				median, low, high := measure.Spread(times)
				text = fmt.Sprintf("%s (%s–%s)", measure.Digits(median), measure.Digits(low), measure.Digits(high))
			}
			fmt.Fprintf(b, " %s |", text)
		}
		for _, m := range r.Systems[1:] {
			fmt.Fprintf(b, " %s |", measure.Ratio(r.ratio(m, i, cold)))
		}
		b.WriteByte('\n')
	}
	b.WriteString("| **geometric mean** |" + strings.Repeat(" |", len(r.Systems)))
	for _, m := range r.Systems[1:] {
		mean, n := r.mean(m, cold)
		fmt.Fprintf(b, " **%s** (%d) |", measure.Ratio(mean), n)
	}
	b.WriteString("\n\n")
}

func (r *Report) problems(b *strings.Builder) {
	var list []string
	for _, m := range r.Systems {
		if m.Missing != "" {
			continue
		}
		for i, a := range m.Answers {
			if a.Problem != "" {
				text, _, _ := strings.Cut(a.Problem, "\n")
				list = append(list, fmt.Sprintf("- %s, %s: %.250s\n", m.Name, r.Queries[i], text))
			}
		}
	}
	if len(list) > 0 {
		b.WriteString("## Where there is no figure\n\n" + strings.Join(list, "") + "\n")
	}
}
