package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/automatanexus/aegis-db/bench/machine"
	"github.com/automatanexus/aegis-db/bench/measure"
)

// result is what the page needs of a part's report.
type result struct {
	machine.Machine
	Aims    []measure.Aim `json:"aims"`
	Systems []struct {
		Missing string `json:"missing"` // why nothing was measured of it
	} `json:"systems"`
}

// writePage writes README.md into the folder of reports from those that are there.
func writePage(out string) error {
	results := map[string]*result{}
	for _, p := range parts {
		text, err := os.ReadFile(filepath.Join(out, p.name+".json"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		r := new(result)
		if err := json.Unmarshal(text, r); err != nil {
			return fmt.Errorf("%s.json: %w", p.name, err)
		}
		results[p.name] = r
	}
	gaps, err := readGaps(filepath.Join(out, "..", "gaps"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "README.md"), []byte(page(results, gaps)), 0o644)
}

// gap is a file about places where Aegis is short of an aim: where the time goes, what was tried, what comes next.
type gap struct{ file, title string }

// readGaps lists the files of a folder by their first lines.
func readGaps(dir string) (gaps []gap, _ error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		title, is := strings.CutPrefix(first, "# ")
		if !is {
			return nil, fmt.Errorf("%s: the first line is %q, not a title", file, first)
		}
		gaps = append(gaps, gap{filepath.Base(file), title})
	}
	return gaps, nil
}

func page(results map[string]*result, gaps []gap) string {
	var b strings.Builder
	b.WriteString("# The scoreboard\n\nWritten by `make bench-full` from the reports beside it. A ratio is a peer's time by Aegis', hot, in the same run; what each figure means is in " +
		"[bench/README.md](../README.md). Every answer that was measured was held against the right one, or against the peers'.\n\n")
	b.WriteString("## What is aimed at\n\n| part | what | aim | measured | |\n|---|---|---|---|---|\n")
	reached, all := 0, 0
	for _, p := range parts {
		r := results[p.name]
		if r == nil {
			fmt.Fprintf(&b, "| %s | %s | | not measured yet: `make bench-full PART=%s` | |\n", p.name, p.about, p.name)
			continue
		}
		for _, a := range r.Aims {
			if all++; a.Met {
				reached++
			}
			fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s | %s |\n", p.name, p.name, a.What, a.Aim, a.Figure, a.Judgement())
		}
	}
	fmt.Fprintf(&b, "\n%d of %d are met.\n\n", reached, all)
	for _, p := range parts {
		if r := results[p.name]; r != nil {
			for _, s := range r.Systems {
				if s.Missing != "" {
					fmt.Fprintf(&b, "Not in %s: %s\n\n", p.name, strings.Join(strings.Fields(s.Missing), " "))
				}
			}
		}
	}
	b.WriteString("## Where Aegis is short of an aim\n\n")
	if len(gaps) > 0 {
		b.WriteString("Where the time and the bytes go, what was tried and what comes next:\n\n")
		for _, g := range gaps {
			fmt.Fprintf(&b, "- [%s](../gaps/%s)\n", g.title, g.file)
		}
		b.WriteString("\nThe places, those first in which a peer is ahead:\n\n")
	}
	for _, p := range parts {
		if r := results[p.name]; r != nil {
			for _, a := range r.Aims {
				short(&b, p.name, a)
			}
		}
	}
	b.WriteString("\n## Pictures\n\n")
	for _, p := range parts {
		if results[p.name] != nil && p.picture {
			fmt.Fprintf(&b, "![%s](%s.svg)\n\n", p.about, p.name)
		}
	}
	b.WriteString("## What it was measured on\n\n")
	for _, p := range parts {
		if r := results[p.name]; r != nil {
			fmt.Fprintf(&b, "- %s: %s\n", p.name, r.Machine)
		}
	}
	return b.String()
}

// most is how many places one aim lists; the part's report has all.
const most = 12

// short lists where an aim is missed, those places first in which a peer is ahead.
func short(b *strings.Builder, name string, a measure.Aim) {
	if a.Met && len(a.Behind) == 0 {
		return
	}
	fmt.Fprintf(b, "- %s: %s (%s): %s\n", name, a.What, a.Aim, a.Figure)
	var ahead, rest []string
	for _, text := range a.Behind {
		if strings.Contains(text, "**behind**") {
			ahead = append(ahead, text)
		} else {
			rest = append(rest, text)
		}
	}
	list := append(ahead, rest...)
	for _, text := range list[:min(len(list), max(most, len(ahead)))] {
		fmt.Fprintf(b, "  - %s\n", text)
	}
	if left := len(list) - max(most, len(ahead)); left > 0 {
		fmt.Fprintf(b, "  - and %d more in [%s.md](%s.md)\n", left, name, name)
	}
}
