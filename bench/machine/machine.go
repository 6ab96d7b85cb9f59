// Package machine says what a report was measured on: a figure without its machine and its commit means nothing. It must not
// know what is measured.
package machine

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Machine is where and of what something was measured.
type Machine struct {
	Date   string `json:"date"`
	Commit string `json:"commit"`
	Go     string `json:"go"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	// Load is how many processes wanted to run in the minute before. Figures of a busy machine are too slow, and not by the
	// same for everybody.
	Load string `json:"load"`
}

// Describe describes this machine, today, and the commit of the working directory.
func Describe() Machine {
	return Machine{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: commit(), Go: runtime.Version(),
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: field("/proc/meminfo", "MemTotal"),
		Kernel: output("uname", "-r"), Load: load(),
	}
}

// sources are all files but the reports, which change when something is measured.
var sources = []string{"--", ":(top)", ":(top,exclude)bench/results"}

// commit is the commit of the working directory, and whether a source differs from it.
func commit() string {
	text := output("git", "describe", "--always")
	if changed := output("git", append([]string{"status", "--porcelain", "--untracked-files=no"}, sources...)...); changed != "" && changed != "unknown" {
		text += "-dirty"
	}
	return text
}

// Source is the last commit that changed more than reports: what was measured at the same one was measured of the same program.
func Source() string {
	return output("git", append([]string{"log", "-1", "--format=%h"}, sources...)...)
}

// String is one line for people.
func (m Machine) String() string {
	return fmt.Sprintf("%s · commit %s · %s · %s, %d cores, %s · Linux %s · load %s before", m.Date, m.Commit, m.Go, m.CPU, m.Cores, m.Memory, m.Kernel, m.Load)
}

// load is the first figure of /proc/loadavg.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
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
