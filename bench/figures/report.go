package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/bench/machine"
)

// report is the figures and what they were measured on.
type report struct {
	machine.Machine
	Figures []Figure `json:"figures"`
}

func newReport(figures []Figure) *report {
	return &report{machine.Describe(), figures}
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
	fmt.Fprintf(&b, "Written by `make figures`; what each figure means is in [bench/README.md](../README.md).\n\n")
	fmt.Fprintf(&b, "%s\n\n", r.Machine)
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
