package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// report is the figures and what they were measured on.
type report struct {
	Date    string   `json:"date"`
	Commit  string   `json:"commit"`
	Go      string   `json:"go"`
	CPU     string   `json:"cpu"`
	Cores   int      `json:"cores"`
	Memory  string   `json:"memory"`
	Kernel  string   `json:"kernel"`
	Figures []Figure `json:"figures"`
}

func newReport(figures []Figure) *report {
	return &report{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: output("git", "describe", "--always", "--dirty"), Go: runtime.Version(),
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: field("/proc/meminfo", "MemTotal"),
		Kernel: output("uname", "-r"), Figures: figures,
	}
}

// output is what a program prints; "unknown" if it cannot be run.
func output(name string, args ...string) string {
	text, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// field reads the first "name: value" line of a file in /proc.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// number writes three significant digits, and whole numbers with separators.
func number(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The store, measured\n\n")
	fmt.Fprintf(&b, "Written by `make bench`; what each figure means is in [bench/README.md](../README.md).\n\n")
	fmt.Fprintf(&b, "%s · commit %s · %s · %s, %d cores, %s · Linux %s\n\n", r.Date, r.Commit, r.Go, r.CPU, r.Cores, r.Memory, r.Kernel)
	b.WriteString("| figure | measured | unit | aim | |\n|---|---:|---|---|---|\n")
	for _, f := range r.Figures {
		met := ""
		if f.Met != nil {
			met = map[bool]string{true: "met", false: "**missed**"}[*f.Met]
		}
		if f.Note != "" && met != "" {
			met += "; "
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Name, number(f.Value), f.Unit, f.Aim, met+f.Note)
	}
	return b.String()
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
	if err := os.WriteFile(filepath.Join(dir, "store.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "store.md"), []byte(markdown), 0o644)
}
