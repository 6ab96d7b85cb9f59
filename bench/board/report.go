package main

import (
	"encoding/json"
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
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// report is all that was measured, and on what. The first system is Aegis.
type report struct {
	machine.Machine
	name    string    // of its files
	Hosts   int       `json:"hosts"`
	Days    int       `json:"days"`
	Values  int       `json:"values"`
	Rounds  int       `json:"rounds"`
	PerCell string    `json:"time_per_query"`
	Limit   string    `json:"limit,omitempty"` // the time after which a system's queries were not measured again
	Slowest string    `json:"slowest"`         // how long one client may have waited for a query that many asked
	Systems []*System `json:"systems"`
}

// write puts the report into a folder, as Markdown, as JSON and as a picture.
func (r *report) write(dir, markdown string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(struct {
		*report
		Aims []measure.Aim `json:"aims"`
	}{r, r.aims()}, "", "  ")
	if err != nil {
		return err
	}
	for suffix, content := range map[string][]byte{".json": append(text, '\n'), ".md": []byte(markdown), ".svg": r.picture()} {
		if err := os.WriteFile(filepath.Join(dir, r.name+suffix), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// picture draws the ratios at one client.
func (r *report) picture() []byte {
	clients := r.clients()[0]
	var rows []picture.Row
	for _, c := range r.ratios(clients) {
		rows = append(rows, picture.Row{Label: c.Kind, Times: c.Times})
	}
	var peers []string
	for _, s := range r.peers() {
		label := s.title()
		if s.Missing == "" {
			label += " " + s.Version
		}
		peers = append(peers, label)
	}
	return picture.Draw(fmt.Sprintf("TSBS cpu-only, %d hosts: how many times as long as Aegis (median, %d client, log scale)", r.Hosts, clients), peers, rows)
}

func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# TSBS cpu-only, side by side\n\n")
	b.WriteString("Written by `make bench` or `make bench-full`; what each figure means is in [bench/README.md](../README.md#the-scoreboard).\n\n")
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
	fmt.Fprintf(&b, "%d hosts × 10 integers × every 10 s, %d day(s): %s values. %d rounds of %s per query and number of clients; every system's answers were "+
		"checked against the right ones. ", r.Hosts, r.Days, measure.Grouped(float64(r.Values)), r.Rounds, r.PerCell)
	if r.Limit != "" {
		fmt.Fprintf(&b, "Once a system had been asked for %s no query was begun that had been measured before, so that slow systems have fewer rounds. ", r.Limit)
	}
	fmt.Fprintf(&b, "What one client waits for longer than %s is not asked by more.\n\n![peer ÷ Aegis for each query](%s.svg)\n\n", r.Slowest, r.name)
	r.storage(&b)
	for _, clients := range r.clients() {
		r.queries(&b, clients)
	}
	r.losses(&b)
	r.profiles(&b)
	r.problems(&b)
	r.settings(&b)
	return b.String()
}

// clients are the numbers of clients that were measured.
func (r *report) clients() (list []int) {
	for _, c := range r.Systems[0].Cells {
		if c.Kind == r.Systems[0].Cells[0].Kind {
			list = append(list, c.Clients)
		}
	}
	return list
}

// heading writes the names of systems as columns of a table.
func heading(b *strings.Builder, systems []*System, first string, last ...string) {
	columns := []string{first}
	for _, s := range systems {
		columns = append(columns, s.title())
	}
	columns = append(columns, last...)
	fmt.Fprintf(b, "| %s |\n|---%s|\n", strings.Join(columns, " | "), strings.Repeat("|---:", len(columns)-1))
}

func (s *System) title() string {
	if s.Missing != "" {
		if s.Name != "" {
			return s.Name + " (failed)"
		}
		name, _, _ := strings.Cut(s.Missing, ":")
		return name + " (missing)"
	}
	return s.Name
}

// storage writes what loading took and what is kept.
func (r *report) storage(b *strings.Builder) {
	b.WriteString("## Loading and keeping\n\n")
	systems := append([]*System{r.aegis()}, r.peers()...)
	heading(b, systems, "figure")
	values := float64(r.Values)
	for _, row := range []struct {
		name string
		of   func(*System) string
	}{
		{"values / second, until acknowledged", func(s *System) string { return measure.Rate(values, s.LoadSeconds) }},
		{"values / server CPU-second, until acknowledged", func(s *System) string { return measure.Rate(values, s.LoadCPU) }},
		{"values / server CPU-second, until flushed and merged", func(s *System) string { return measure.Rate(values, s.SettledCPU) }},
		{"bytes / value on disk", func(s *System) string { return fmt.Sprintf("%.3f", float64(s.StoredBytes)/values) }},
		{"RSS after loading, MiB", func(s *System) string { return measure.Grouped(float64(s.LoadedRSS) / (1 << 20)) }},
		{"RSS after the queries, MiB", func(s *System) string { return measure.Grouped(float64(s.QueriedRSS) / (1 << 20)) }},
	} {
		fmt.Fprintf(b, "| %s |", row.name)
		for _, s := range systems {
			text := "–"
			if s.Missing == "" {
				text = row.of(s)
			}
			fmt.Fprintf(b, " %s |", text)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "\nAims: at most %v bytes / value: %s.", aimBytes, met(float64(r.aegis().StoredBytes)/values <= aimBytes))
	for _, name := range loadPeers {
		if s := r.named(name); s != nil {
			times := s.LoadCPU / r.aegis().LoadCPU
			fmt.Fprintf(b, " %v times the values / CPU-second of %s: %s with %s.", aimLoad, name, met(times >= aimLoad), measure.Ratio(times))
		}
	}
	b.WriteString("\n\n")
}

// queries writes tables of medians, and of how they compare.
func (r *report) queries(b *strings.Builder, clients int) {
	fmt.Fprintf(b, "## Queries, %d %s\n\nMedian (least–greatest median of the rounds) · 99th percentile, in ms.\n\n",
		clients, map[bool]string{true: "client", false: "clients at once"}[clients == 1])
	heading(b, r.Systems, "query")
	for _, k := range tsbs.Kinds {
		fmt.Fprintf(b, "| %s |", k.Name)
		for _, s := range r.Systems {
			fmt.Fprintf(b, " %s |", s.cell(k.Name, clients))
		}
		b.WriteByte('\n')
	}
	if first := r.aegis().cell(tsbs.Kinds[0].Name, clients); clients == 1 && first != nil {
		median, _, _ := first.Median()
		fmt.Fprintf(b, "\nAim: %s in at most %v ms over HTTP: %s.\n", first.Kind, aimFirst, met(median <= aimFirst))
	}
	b.WriteString("\nA peer's median by that of Aegis, asked by SQL over HTTP:\n\n")
	heading(b, r.peers(), "query", "best peer ÷ Aegis", "which", "aim")
	for _, c := range r.ratios(clients) {
		fmt.Fprintf(b, "| %s |", c.Kind)
		for _, times := range c.Times {
			fmt.Fprintf(b, " %s |", measure.Ratio(times))
		}
		judgement := "–"
		if !math.IsNaN(c.Best) {
			judgement = met(c.Best >= aim(c.Kind))
		}
		fmt.Fprintf(b, " **%s** | %s | ≥ %v %s |\n", measure.Ratio(c.Best), c.Name, aim(c.Kind), judgement)
	}
	b.WriteByte('\n')
	r.inPromQL(b, clients)
}

// inPromQL compares PromQL with PromQL.
func (r *report) inPromQL(b *strings.Builder, clients int) {
	aegis := r.named(promQL)
	if aegis == nil {
		return
	}
	var peers []*System
	var aims []float64
	for _, one := range []struct {
		name string
		aim  float64
	}{{"Prometheus", aimPrometheus}, {"VictoriaMetrics", aimVictoria}} {
		if s := r.named(one.name); s != nil {
			peers, aims = append(peers, s), append(aims, one.aim)
		}
	}
	if len(peers) == 0 {
		return
	}
	b.WriteString("A peer's median by that of Aegis, all asked in PromQL:\n\n")
	heading(b, peers, "query")
	for _, cell := range aegis.Cells {
		if cell.Clients != clients {
			continue
		}
		fmt.Fprintf(b, "| %s |", cell.Kind)
		for i, times := range compareCells(cell.Kind, clients, aegis, peers).Times {
			fmt.Fprintf(b, " %s (≥ %v %s) |", measure.Ratio(times), aims[i], met(times >= aims[i]))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// losses says in which queries a peer is faster.
func (r *report) losses(b *strings.Builder) {
	b.WriteString("## Where Aegis loses\n\n")
	lost, compared := 0, 0
	for _, clients := range r.clients() {
		for _, c := range r.ratios(clients) {
			if !math.IsNaN(c.Best) {
				compared++
			}
			if !(c.Best < 1) {
				continue
			}
			lost++
			fmt.Fprintf(b, "- %s, clients %d: takes %s times as long as %s", c.Kind, clients, measure.Ratio(1/c.Best), c.Name)
			if !c.Sure {
				b.WriteString(", within the spread of the rounds")
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(b, "\nIn %d of %d comparisons.\n\n", lost, compared)
}

// profiles shows those of the queries in which a peer is faster.
func (r *report) profiles(b *strings.Builder) {
	b.WriteString(profile.Markdown("Profiles: SQL in which a peer is ahead", r.aegis().Profiles, func(kind string) bool {
		return slices.ContainsFunc(r.clients(), func(clients int) bool { return compareCells(kind, clients, r.aegis(), r.peers()).Best < 1 })
	}))
	own := r.named(promQL)
	if own == nil {
		return
	}
	var peers []*System
	for _, name := range []string{"Prometheus", "VictoriaMetrics"} {
		if s := r.named(name); s != nil {
			peers = append(peers, s)
		}
	}
	b.WriteString(profile.Markdown("Profiles: PromQL in which a peer is ahead", own.Profiles, func(kind string) bool {
		return slices.ContainsFunc(r.clients(), func(clients int) bool { return compareCells(kind, clients, own, peers).Best < 1 })
	}))
}

// problems says which queries a system did not answer.
func (r *report) problems(b *strings.Builder) {
	var list []string
	for _, s := range r.Systems {
		for _, c := range s.Cells {
			if c.Problem != "" {
				list = append(list, fmt.Sprintf("- %s, %s, clients %d: %s\n", s.Name, c.Kind, c.Clients, strings.ReplaceAll(c.Problem, "\n", " ")))
			}
		}
	}
	if len(list) > 0 {
		b.WriteString("## What was not answered\n\n" + strings.Join(list, "") + "\n")
	}
}

func (r *report) settings(b *strings.Builder) {
	b.WriteString("## Systems\n\n")
	for _, s := range r.Systems {
		if s.Missing != "" {
			fmt.Fprintf(b, "- %s\n", strings.Join(strings.Fields(s.Missing), " ")) // what a program printed has lines
			continue
		}
		if s.Of != "" {
			fmt.Fprintf(b, "- **%s.** Asked: %s.\n", s.Name, s.Asked)
			continue
		}
		fmt.Fprintf(b, "- %s\n", s.About)
	}
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "**missed**"
}

// String is the median with its spread, and the 99th percentile.
func (c *Cell) String() string {
	if c == nil || len(c.Rounds) == 0 {
		return "–"
	}
	median, low, high := c.Median()
	return fmt.Sprintf("%s (%s–%s) · %s", measure.Digits(median), measure.Digits(low), measure.Digits(high), measure.Digits(c.P99()))
}
