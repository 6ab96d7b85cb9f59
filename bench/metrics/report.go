package main

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
	"github.com/automatanexus/aegis-db/bench/profile"
)

// write prints a report and puts it into a folder, as Markdown and as JSON.
func write(dir, name string, report any, markdown string) error {
	fmt.Print(markdown)
	if dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, name+".md"), []byte(markdown), 0o644))
}

type loadingReport struct {
	machine.Machine
	Aims     []measure.Aim `json:"aims"`
	Fleet    fleet         `json:"fleet"`
	Budget   string        `json:"budget"` // of sending, per system
	Distinct int           `json:"distinct_series"`
	Systems  []*loaded     `json:"systems"`
}

func newLoadingReport(about machine.Machine, l loading, list []*loaded) *loadingReport {
	f := l.fleet
	r := &loadingReport{Machine: about, Fleet: f, Budget: l.budget.String(), Distinct: f.distinct(), Systems: list}
	for _, s := range list[min(1, len(list)):] {
		if ours := list[0]; ours.Name == "Aegis" && s.Missing == "" {
			times := float64(ours.Samples) / ours.CPU / (float64(s.Samples) / s.CPU)
			r.Aims = append(r.Aims, measure.Aim{
				What: fmt.Sprintf("remote write, %s series, samples per CPU-second, against %s", grouped(f.Series), s.Name), Aim: fmt.Sprintf("≥ %d", aimLoading),
				Figure: measure.Ratio(times), Met: times >= aimLoading,
			})
		}
	}
	return r
}

const aimLoading = 2

func (r *loadingReport) markdown() string {
	var b strings.Builder
	f := r.Fleet
	b.WriteString("# Metrics: loading through remote write\n\nWritten by `go run ./bench/metrics`; what each figure means is in [bench/README.md](../README.md#metrics).\n\n")
	fmt.Fprintf(&b, "%s\n\n%s active series of %s pods, a sample every %d s, %d scrapes: %s samples. Every %d scrapes one of ten pods is replaced: %s series in all. "+
		"Counts and sums were those that were sent.\n\n", r.Machine, grouped(f.Series), grouped(f.targets()), f.Interval/1000, f.Rounds, measure.Grouped(float64(f.samples())),
		f.ReplaceRounds, grouped(r.Distinct))
	for _, s := range r.Systems {
		if s.Missing == "" && s.Rounds < f.Rounds {
			fmt.Fprintf(&b, "%s did not finish within %s: it had taken %d of %d scrapes, and its figures are of these.\n\n", s.Name, r.Budget, s.Rounds, f.Rounds)
		}
	}
	b.WriteString("| figure |")
	for _, s := range r.Systems {
		fmt.Fprintf(&b, " %s |", title(s.Name, s.Missing))
	}
	fmt.Fprintf(&b, "\n|---%s|\n", strings.Repeat("|---:", len(r.Systems)))
	for _, row := range []struct {
		name string
		of   func(*loaded) string
	}{
		{"samples", func(s *loaded) string { return measure.Grouped(float64(s.Samples)) }},
		{"samples / second, until acknowledged", func(s *loaded) string { return measure.Rate(float64(s.Samples), s.Seconds) }},
		{"samples / server CPU-second, until acknowledged", func(s *loaded) string { return measure.Rate(float64(s.Samples), s.CPU) }},
		{"the same, first scrape: all series new", func(s *loaded) string { return measure.Rate(float64(f.Series), s.First) }},
		{"samples / server CPU-second, until settled", func(s *loaded) string { return measure.Rate(float64(s.Samples), s.Settled) }},
		{"peak RSS, MiB", func(s *loaded) string { return measure.Grouped(float64(s.PeakRSS) / (1 << 20)) }},
		{"RSS at rest, bytes / active series", func(s *loaded) string { return measure.Grouped(float64(s.RSS-s.EmptyRSS) / float64(f.Series)) }},
		{"bytes / sample on disk", func(s *loaded) string { return fmt.Sprintf("%.3f", float64(s.Stored)/float64(s.Samples)) }},
		{"bytes / sample on the wire", func(s *loaded) string { return fmt.Sprintf("%.1f", float64(s.Wire)/float64(s.Samples)) }},
		{"bodies sent again", func(s *loaded) string { return grouped(s.Pushbacks) }},
	} {
		fmt.Fprintf(&b, "| %s |", row.name)
		for _, s := range r.Systems {
			text := "–"
			if s.Missing == "" {
				text = row.of(s)
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteByte('\n')
	}
	if ours := r.Systems[0]; ours.Name == "Aegis" {
		for _, s := range r.Systems[1:] {
			if s.Missing == "" {
				times := float64(ours.Samples) / ours.CPU / (float64(s.Samples) / s.CPU)
				fmt.Fprintf(&b, "\nAim: %d times %s's samples / server CPU-second: %s with %s.\n", aimLoading, s.Name, met(times >= aimLoading), measure.Ratio(times))
			}
		}
	}
	b.WriteString("\n## Systems\n\n")
	for _, s := range r.Systems {
		describe(&b, s.Missing, s.About.String())
	}
	return b.String()
}

func describe(b *strings.Builder, missing, about string) {
	if missing != "" {
		about = missing
	}
	fmt.Fprintf(b, "- %s\n", about)
}

func title(name, missing string) string {
	switch {
	case missing == "":
		return name
	case name == "":
		return "(missing)"
	}
	return name + " (failed)"
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "**missed**"
}

func grouped(n int) string { return measure.Grouped(float64(n)) }

type dashboardsReport struct {
	machine.Machine
	Aims     []measure.Aim `json:"aims"`
	Services services      `json:"services"`
	PerCell  string        `json:"time_per_query"`
	Rounds   int           `json:"rounds"`
	Limit    string        `json:"limit,omitempty"` // the time after which a system's queries were not measured again
	Systems  []*asked      `json:"systems"`
	measured dashboards
	compared bool // whether there were answers of Prometheus
}

func newDashboardsReport(about machine.Machine, d dashboards, list []*asked) *dashboardsReport {
	r := &dashboardsReport{Machine: about, Services: d.services, PerCell: d.perCell.String(), Rounds: d.rounds, Systems: list, measured: d}
	if d.limit > 0 {
		r.Limit = d.limit.String()
	}
	for _, s := range list[min(1, len(list)):] {
		if s.Missing == "" {
			r.Aims = append(r.Aims, r.aim(s))
		}
	}
	return r
}

// The aims of a query: so many times faster than each.
var aims = map[string]float64{"Prometheus": 5, "VictoriaMetrics": 2}

func (r *dashboardsReport) markdown() string {
	var b strings.Builder
	b.WriteString("# Metrics: the queries of dashboards\n\nWritten by `go run ./bench/metrics`; what each figure means is in [bench/README.md](../README.md#metrics).\n\n")
	fmt.Fprintf(&b, "%s\n\n%s series, %s scrapes a minute apart. %d rounds of %s per query, window and number of clients.",
		r.Machine, grouped(r.Services.Series), grouped(r.Services.Scrapes), r.Rounds, r.PerCell)
	if r.Limit != "" {
		fmt.Fprintf(&b, " Once a system had been asked for %s, no query was begun that had been measured before, so that slow systems have fewer rounds.", r.Limit)
	}
	if r.compared {
		b.WriteString(" Aegis' answers were those of Prometheus.")
	}
	b.WriteString("\n\n")
	r.summary(&b)
	for _, clients := range r.measured.clients {
		for _, w := range r.measured.windows {
			r.table(&b, w, clients)
		}
	}
	r.deviations(&b)
	b.WriteString(profile.Markdown("Profiles of what a peer is ahead in", r.Systems[0].Profiles, r.behind))
	b.WriteString("## Systems\n\n")
	for _, s := range r.Systems {
		describe(&b, s.Missing, s.About.String())
	}
	b.WriteString("\n## Queries\n\nR is the step, and no less than five minutes.\n\n")
	for _, p := range panels {
		fmt.Fprintf(&b, "- %s: `%s`\n", p.Name, p.Expr)
	}
	return b.String()
}

func (s *asked) cell(panel, window string, clients int) *cell {
	for _, c := range s.Cells {
		if c.Panel == panel && c.Window == window && c.Clients == clients {
			return c
		}
	}
	return nil
}

// ratio is a peer's median by Aegis'; NaN where one is missing.
func (r *dashboardsReport) ratio(peer *asked, panel, window string, clients int) float64 {
	ours, theirs := r.Systems[0].cell(panel, window, clients), peer.cell(panel, window, clients)
	if r.Systems[0].Name != "Aegis" || ours == nil || theirs == nil {
		return math.NaN()
	}
	a, _, _ := ours.median()
	b, _, _ := theirs.median()
	return b / a
}

// aim is the aim of all queries against a peer.
func (r *dashboardsReport) aim(s *asked) measure.Aim {
	a := measure.Aim{What: fmt.Sprintf("PromQL dashboards, %s series, against %s", grouped(r.Services.Series), s.Name), Aim: fmt.Sprintf("≥ %v", aims[s.Name])}
	type missed struct {
		text  string
		times float64
	}
	var short []missed
	logs, n, reached, least, worst := 0.0, 0, 0, math.Inf(1), ""
	for _, w := range r.measured.windows {
		for _, p := range panels {
			for _, clients := range r.measured.clients {
				times := r.ratio(s, p.Name, w.Name, clients)
				if math.IsNaN(times) {
					continue
				}
				name := fmt.Sprintf("%s, %s, %d clients", p.Name, w.Name, clients)
				logs, n = logs+math.Log(times), n+1
				if times < least {
					least, worst = times, name
				}
				switch text := name + ": " + measure.Ratio(times); {
				case times >= aims[s.Name]:
					reached++
				case times < 1:
					short = append(short, missed{text + " (**behind**)", times})
				default:
					short = append(short, missed{text, times})
				}
			}
		}
	}
	if n == 0 {
		a.Figure = "no figures"
		return a
	}
	a.Figure = fmt.Sprintf("geometric mean %s; %d of %d meet the aim of %v; the least is %s (%s)", measure.Ratio(math.Exp(logs/float64(n))), reached, n, aims[s.Name], measure.Ratio(least), worst)
	a.Met = reached == n
	slices.SortStableFunc(short, func(a, b missed) int { return cmp.Compare(a.times, b.times) })
	for _, one := range short {
		a.Behind = append(a.Behind, one.text)
	}
	return a
}

// behind says that a peer is faster in a query, named as a profile is.
func (r *dashboardsReport) behind(name string) bool {
	return slices.ContainsFunc(r.Systems[0].Cells, func(c *cell) bool {
		return profileName(c.Panel, c.Window) == name && slices.ContainsFunc(r.Systems[1:], func(s *asked) bool { return r.ratio(s, c.Panel, c.Window, c.Clients) < 1 })
	})
}

// summary writes the geometric means of all ratios, and how many meet the aim.
func (r *dashboardsReport) summary(b *strings.Builder) {
	for _, s := range r.Systems[min(1, len(r.Systems)):] {
		if s.Missing != "" {
			continue
		}
		fmt.Fprintf(b, "- %s ÷ Aegis: %s.\n", s.Name, r.aim(s).Figure)
		fmt.Fprintf(b, "- %s: loaded in %.0f s, %.3f bytes / sample, %s MiB RSS after the queries.\n", s.Name, s.Loading, float64(s.Stored)/float64(s.Samples), measure.Grouped(float64(s.QueriedRSS)/(1<<20)))
	}
	if s := r.Systems[0]; s.Missing == "" {
		fmt.Fprintf(b, "- %s: loaded in %.0f s, %.3f bytes / sample, %s MiB RSS after the queries.\n", s.Name, s.Loading, float64(s.Stored)/float64(s.Samples), measure.Grouped(float64(s.QueriedRSS)/(1<<20)))
	}
	b.WriteByte('\n')
}

func (r *dashboardsReport) table(b *strings.Builder, w window, clients int) {
	fmt.Fprintf(b, "## %s, %d client(s)\n\nMedian (least–greatest of the rounds) · 99th percentile, in ms; ratios are a peer's median by Aegis'.\n\n| query |", w.Name, clients)
	for _, s := range r.Systems {
		fmt.Fprintf(b, " %s |", title(s.Name, s.Missing))
	}
	for _, s := range r.Systems[1:] {
		fmt.Fprintf(b, " %s ÷ Aegis |", title(s.Name, s.Missing))
	}
	fmt.Fprintf(b, "\n|---%s|\n", strings.Repeat("|---:", 2*len(r.Systems)-1))
	for _, p := range panels {
		fmt.Fprintf(b, "| %s |", p.Name)
		for _, s := range r.Systems {
			text := "–"
			if c := s.cell(p.Name, w.Name, clients); c != nil {
				median, low, high := c.median()
				text = fmt.Sprintf("%s (%s–%s) · %s", measure.Digits(median), measure.Digits(low), measure.Digits(high), measure.Digits(c.p99()))
			}
			fmt.Fprintf(b, " %s |", text)
		}
		for _, s := range r.Systems[1:] {
			fmt.Fprintf(b, " %s |", measure.Ratio(r.ratio(s, p.Name, w.Name, clients)))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// deviations says where VictoriaMetrics answers something else than Prometheus, which is by its definitions.
func (r *dashboardsReport) deviations(b *strings.Builder) {
	for _, s := range r.Systems {
		if s.Name == "Aegis" || len(s.Deviations) == 0 {
			continue
		}
		fmt.Fprintf(b, "## Where %s answers differently\n\nOf the points that Prometheus has: how many are missing, too many, or differ by more than %v of their size; and by how much in the median.\n\n"+
			"| query | window | points | missing | too many | unequal | median | why |\n|---|---|---:|---:|---:|---:|---:|---|\n", s.Name, tolerance)
		for _, p := range panels {
			for _, w := range r.measured.windows {
				d := s.Deviations[answerKey(p, w, 0)]
				if d == nil || d.equal() {
					continue
				}
				fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %.2g %% | %s |\n", p.Name, w.Name, grouped(d.Points), grouped(d.Missing), grouped(d.TooMany), grouped(d.Unequal), 100*d.Median, p.Differs)
			}
		}
		b.WriteByte('\n')
	}
}
