package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/profile"
)

// Suite is what is asked of whom.
type Suite struct {
	Name     string // of its environment variables, too: AEGIS_NAME_SCALE, AEGIS_NAME_KEEP, AEGIS_NAME_QUERY
	Title    string
	Scale    string   // unless another is asked for
	Programs []string // that generate it
	Tables   []Table
	Systems  []string // the peers that answer it, the first being the one that answers are held against
	// Generate writes a CSV file with a line of names for each table into a folder.
	Generate func(dir, scale string) error
	// Queries gives the texts, by the names they have in the report, in order.
	Queries func(scale string) (names, texts []string, err error)
	// Dialects say what is replaced in the texts of a system.
	Dialects map[string]*strings.Replacer
}

// Options say what is measured.
type Options struct {
	Scale    string
	Systems  []string      // of these peers
	Work     string        // a folder for all data
	Binary   string        // of Aegis
	Hot      int           // how often each query is asked after it was asked once
	PerQuery time.Duration // after which it is not asked again
	Cold     int           // how often each is asked by a system that has just been started, with nothing of its files in memory; 0 = never
	Limit    time.Duration // of one query, after which a peer is said not to answer it
	Profiled int           // seconds for the profiles of each query of a system that has them
	Only     string        // the name of the only query; empty: all
	Keep     bool          // what was generated and loaded stays, and is used if it is there
	Progress io.Writer
}

// Answer is what was measured of one query.
type Answer struct {
	Rows    [][]any   `json:"-"`
	Hot     []float64 `json:"hot_ms,omitempty"`
	Cold    []float64 `json:"cold_ms,omitempty"`
	Problem string    `json:"problem,omitempty"` // why there is no figure, or why it does not count
}

// Measured is a system and its answers, in the order of the queries.
type Measured struct {
	peer.About
	Missing  string             `json:"missing,omitempty"`
	Rows     int64              `json:"rows"`
	Seconds  float64            `json:"load_seconds"`
	Stored   int64              `json:"stored_bytes"`
	Answers  []*Answer          `json:"answers"`
	Profiles []*profile.Profile `json:"profiles,omitempty"`
}

// Measure loads Aegis and its peers, one after the other, asks all queries, and compares the answers.
func (s Suite) Measure(ctx context.Context, o Options) (*Report, error) {
	names, texts, err := s.Queries(o.Scale)
	if err != nil {
		return nil, err
	}
	for i := len(names) - 1; i >= 0; i-- {
		if o.Only != "" && names[i] != o.Only {
			names, texts = slices.Delete(names, i, i+1), slices.Delete(texts, i, i+1)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no query %s", s.Name, o.Only)
	}
	r := &Report{Machine: machine.Describe(), Suite: s.Name, Title: s.Title, Scale: o.Scale, Queries: names, Tables: s.Tables, Cores: runtime.NumCPU()}
	csv := filepath.Join(o.Work, "csv")
	if err := s.generate(csv, o); err != nil {
		return nil, err
	}
	// The peers first: the answers of the first one are the right ones. Aegis is asked like any other.
	for i, name := range append(slices.Clone(o.Systems), "aegis") {
		measured, err := s.measureOne(ctx, o, name, csv, names, texts, r.right())
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			if i == 0 || name == "aegis" || ctx.Err() != nil {
				return nil, err
			}
			fmt.Fprintln(o.Progress, err)
			r.Failed = append(r.Failed, err)
			measured = &Measured{Missing: fmt.Sprintf("%.300v", err)}
		}
		r.Systems = append(r.Systems, measured)
	}
	slices.SortStableFunc(r.Systems, func(a, b *Measured) int { return rank(a) - rank(b) })
	if !o.Keep && len(r.Failed) == 0 {
		err = os.RemoveAll(csv)
	}
	r.Aims = r.aims()
	return r, err
}

// rank puts Aegis first.
func rank(m *Measured) int {
	if m.Name == "Aegis" {
		return 0
	}
	return 1
}

// generate writes the files unless they are there.
func (s Suite) generate(dir string, o Options) error {
	done := filepath.Join(dir, "done-"+o.Scale)
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	fmt.Fprintf(o.Progress, "%s: generating scale %s\n", s.Name, o.Scale)
	return errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755), s.Generate(dir, o.Scale), os.WriteFile(done, nil, 0o644))
}

// measureOne measures a system, or gives what was measured of it before a run ended too early.
func (s Suite) measureOne(ctx context.Context, o Options, name, csv string, names, texts []string, right *Measured) (*Measured, error) {
	keep := kept{file: filepath.Join(o.Work, "measured-"+name), settings: fmt.Sprint(machine.Source(), o.Scale, o.Hot, o.PerQuery, o.Cold, o.Limit, o.Only, o.Profiled)}
	if m := keep.read(); m != nil && !o.Keep {
		fmt.Fprintf(o.Progress, "%s, %s: measured before\n", s.Name, name)
		return m, nil
	}
	dir := filepath.Join(o.Work, name+"-"+o.Scale)
	if _, err := os.Stat(filepath.Join(dir, loadedFile)); err != nil {
		if err := os.RemoveAll(dir); err != nil { // of a run that ended while it loaded
			return nil, err
		}
	}
	d, err := open(ctx, name, o, dir)
	if errors.Is(err, peer.ErrMissing) {
		fmt.Fprintln(o.Progress, err)
		return &Measured{Missing: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.close()
	m := &Measured{About: d.about()}
	if err := s.load(ctx, o, d, m, csv, dir); err != nil {
		return nil, err
	}
	if dialect := s.Dialects[name]; dialect != nil {
		texts = slices.Clone(texts)
		for i := range texts {
			texts[i] = dialect.Replace(texts[i])
		}
	}
	if err := s.askAll(ctx, o, d, m, names, texts, right); err != nil {
		return nil, err
	}
	if o.Keep {
		return m, nil
	}
	d.close()
	return m, errors.Join(keep.write(m), os.RemoveAll(dir))
}

// loadedFile is in the folder of a system that has all rows.
const loadedFile = "loaded"

// load brings the rows of the files into a system that does not have them.
func (s Suite) load(ctx context.Context, o Options, d database, m *Measured, csv, dir string) error {
	loaded := filepath.Join(dir, loadedFile)
	if _, err := os.Stat(loaded); err == nil {
		return nil
	}
	fmt.Fprintf(o.Progress, "%s, %s %s: loading\n", s.Name, m.Name, m.Version)
	for _, t := range s.Tables {
		started := time.Now()
		n, err := d.load(ctx, t, filepath.Join(csv, t.Name+".csv"))
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		m.Rows, m.Seconds = m.Rows+n, m.Seconds+time.Since(started).Seconds()
	}
	var err error
	if m.Stored, err = d.settle(ctx, s.Tables); err != nil {
		return err
	}
	fmt.Fprintf(o.Progress, "%s, %s: %d rows in %.1f s, %.0f rows/s\n", s.Name, m.Name, m.Rows, m.Seconds, float64(m.Rows)/m.Seconds)
	return os.WriteFile(loaded, nil, 0o644)
}

// askAll asks all queries hot, then all cold.
func (s Suite) askAll(ctx context.Context, o Options, d database, m *Measured, names, texts []string, right *Measured) error {
	fmt.Fprintf(o.Progress, "%s, %s: asking\n", s.Name, m.Name)
	for i, text := range texts {
		a := hot(ctx, o, d, text)
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case a.Problem != "":
			// A system that is lost in a query is started again.
			if err := d.restart(ctx); err != nil {
				return fmt.Errorf("%s: %s; and then: %w", names[i], a.Problem, err)
			}
		case right != nil && right.Answers[i].Problem == "":
			if difference := compare(a.Rows, right.Answers[i].Rows, right.Name, d.exact()); difference != "" {
				a.Problem = "another answer: " + difference
			}
		}
		if a.Problem != "" {
			fmt.Fprintf(o.Progress, "%s, %s, %s: %.300s\n", s.Name, m.Name, names[i], a.Problem)
		}
		m.Answers = append(m.Answers, a)
	}
	if err := s.profile(ctx, o, d, m, names, texts); err != nil {
		return err
	}
	for round := range o.Cold {
		fmt.Fprintf(o.Progress, "%s, %s: asking cold, %d of %d\n", s.Name, m.Name, round+1, o.Cold)
		for i, text := range texts {
			if m.Answers[i].Problem != "" {
				continue
			}
			if err := cold(ctx, o, d, m.Answers[i], text); err != nil {
				return fmt.Errorf("%s, cold: %w", names[i], err)
			}
			if len(m.Answers[i].Cold) <= round {
				fmt.Fprintf(o.Progress, "%s, %s, %s: no cold answer\n", s.Name, m.Name, names[i])
			}
		}
	}
	return nil
}

// profile takes profiles of the queries that have an answer, of a system that has them.
func (s Suite) profile(ctx context.Context, o Options, d database, m *Measured, names, texts []string) error {
	p, has := d.(peer.Profiled)
	if !has || o.Profiled == 0 {
		return nil
	}
	fmt.Fprintf(o.Progress, "%s, %s: taking profiles\n", s.Name, m.Name)
	for i, text := range texts {
		if m.Answers[i].Problem != "" {
			continue
		}
		taken, err := profile.Take(ctx, p.ProfilesAt(), names[i], o.Profiled, func(ctx context.Context) (int, error) {
			_, _, err := d.ask(ctx, text)
			return 1, err
		})
		if err != nil {
			return err
		}
		m.Profiles = append(m.Profiles, taken)
	}
	return nil
}

// hot asks a query once, and then as often as it is to be.
func hot(ctx context.Context, o Options, d database, text string) *Answer {
	a := &Answer{}
	limited, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	begun := time.Now()
	for i := range o.Hot + 1 {
		rows, took, err := d.ask(limited, text)
		if err != nil {
			a.Problem = strings.TrimSpace(err.Error())
			if limited.Err() != nil {
				a.Problem = fmt.Sprintf("no answer within %v", o.Limit)
			}
			return a
		}
		if i == 0 {
			a.Rows = rows
			if time.Since(begun) < o.PerQuery && o.Hot > 0 {
				continue // it counts only where there is no time for another one
			}
		}
		a.Hot = append(a.Hot, took.Seconds()*1e3)
		if time.Since(begun) > o.PerQuery {
			break
		}
	}
	return a
}

// cold asks a query, of which it is known that it has an answer, of a system that has been started anew, after the kernel was told to forget what it holds of files.
func cold(ctx context.Context, o Options, d database, a *Answer, text string) error {
	if err := dropCaches(); err != nil {
		return err
	}
	if err := d.restart(ctx); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	if _, took, err := d.ask(limited, text); err == nil {
		a.Cold = append(a.Cold, took.Seconds()*1e3)
	}
	return ctx.Err()
}
