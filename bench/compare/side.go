package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// side is one of the two commits, built.
type side struct {
	settings
	tree    string // the commit's files
	binary  string // its aegis
	suites  []suite
	harness string // the scoreboard; empty to leave it out
	results string // the file that all figures are added to
}

// suite is the benchmarks of one package, compiled once, and the package's folder, in which they run.
type suite struct{ binary, folder string }

// newSide lays a commit's files out in a folder and builds what is measured. They come from git archive, which writes nothing to
// the repository: a work tree would stay registered there if this process were killed. Binaries know nothing of their folder
// (-trimpath), so that what the commits have in common is compiled once.
func newSide(ctx context.Context, s settings, ref, dir string) (*side, error) {
	d := &side{settings: s, tree: filepath.Join(dir, "tree"), binary: filepath.Join(dir, "aegis"), results: filepath.Join(dir, "results.txt")}
	if err := os.MkdirAll(d.tree, 0o755); err != nil {
		return nil, err
	}
	archive := exec.CommandContext(ctx, "git", "archive", "--format=tar", ref)
	archive.Dir = s.root
	files, err := output(archive)
	if err != nil {
		return nil, err
	}
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", d.tree)
	unpack.Stdin = bytes.NewReader(files)
	if _, err := output(unpack); err != nil {
		return nil, err
	}
	if s.board {
		if err := goCommand(ctx, d.tree, "build", "-trimpath", "-o", d.binary, "./cmd/aegis"); err != nil {
			return nil, err
		}
	}
	if s.bench == "" {
		return d, nil
	}
	folders, err := withBenchmarks(d.tree)
	if err != nil {
		return nil, err
	}
	for i, folder := range folders {
		binary := filepath.Join(dir, "suite-"+strconv.Itoa(i))
		if err := goCommand(ctx, folder, "test", "-c", "-trimpath", "-o", binary, "."); err != nil {
			return nil, err
		}
		d.suites = append(d.suites, suite{binary, folder})
	}
	return d, nil
}

var benchmarkPattern = regexp.MustCompile(`(?m)^func Benchmark`)

// withBenchmarks finds the packages of a module that have benchmarks. Modules below it are left out: they hold oracles.
func withBenchmarks(tree string) (folders []string, err error) {
	err = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != tree {
				return filepath.SkipDir
			}
			return nil
		}
		folder := filepath.Dir(path)
		if !strings.HasSuffix(path, "_test.go") || len(folders) > 0 && folders[len(folders)-1] == folder {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && benchmarkPattern.Match(text) {
			folders = append(folders, folder)
		}
		return err
	})
	return folders, err
}

// runOnce runs everything once for a side and adds the figures to its file.
func (s settings) runOnce(ctx context.Context, d *side) error {
	f, err := os.OpenFile(d.results, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, suite := range d.suites {
		c := exec.CommandContext(ctx, suite.binary, "-test.run=^$", "-test.bench="+s.bench, "-test.benchtime="+s.benchTime, "-test.benchmem")
		c.Dir = suite.folder
		text, err := output(c)
		if err != nil {
			return err
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
	}
	if d.harness == "" {
		return nil
	}
	// What the scoreboard measures is of no package.
	if _, err := fmt.Fprintln(f, "pkg: scoreboard"); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, d.harness, "-systems", "aegis", "-rounds", "1", "-hosts", strconv.Itoa(s.hosts), "-out", "", "-bench", d.results)
	c.Dir = s.root
	c.Env = append(os.Environ(), "AEGIS_BIN="+d.binary)
	_, err = output(c)
	return err
}

// goCommand runs the go tool in a folder.
func goCommand(ctx context.Context, dir string, args ...string) error {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = dir
	_, err := output(c)
	return err
}

// output runs a program and returns what it printed; an error says what it printed to standard error.
func output(c *exec.Cmd) ([]byte, error) {
	var text, complaint bytes.Buffer
	c.Stdout, c.Stderr = &text, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(c.Args, " "), err, bytes.TrimSpace(complaint.Bytes()), tail(text.Bytes()))
	}
	return text.Bytes(), nil
}

// tailBytes is how much of a failed program's standard output an error repeats: tests print their failures there.
const tailBytes = 4 << 10

func tail(text []byte) []byte { return text[max(len(text)-tailBytes, 0):] }
