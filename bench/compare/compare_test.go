package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadTable(t *testing.T) {
	const table = `pkg: a
,base,,head,,,
,sec/op,CI,sec/op,CI,vs base,P
Slower,1.02e-07,1%,1.22e-07,2%,+19.61%,p=0.008 n=5
ALittle,1.02e-07,1%,1.03e-07,2%,+0.98%,p=0.008 n=5
Faster,1.02e-07,1%,0.22e-07,2%,-78.43%,p=0.008 n=5
Chance,1.04e-07,∞,1.24e-07,∞,~,p=1.000 n=1
Gone,1.04e-07,∞
New,,,1.24e-07,∞
geomean,1.0e-07,,1.2e-07,,+19.42%,

,base,,head,,,
,B/s,CI,B/s,CI,vs base,P
Slower,5,∞,4,∞,-20.00%,p=0.008 n=5
Faster,5,∞,6,∞,+20.00%,p=0.008 n=5

,base,,head,,,
,B/op,CI,B/op,CI,vs base,P
Memory,5,∞,50,∞,+900.00%,p=0.008 n=5

,base,,head,,,
,stored-B,CI,stored-B,CI,vs base,P
Disk,5,∞,50,∞,+900.00%,p=0.008 n=5
`
	worse, compared, err := readTable([]byte(table), 10)
	if err != nil || compared != 7 {
		t.Errorf("%d compared, %v", compared, err)
	}
	want := "[Slower, sec/op: +19.61 % (p=0.008 n=5) Slower, B/s: -20.00 % (p=0.008 n=5) Disk, stored-B: +900.00 % (p=0.008 n=5)]"
	if fmt.Sprint(worse) != want {
		t.Errorf("worse: %v", worse)
	}
	if _, _, err := readTable([]byte(",sec/op,CI,sec/op,CI,vs base,P\nX,1,2,3,4,much,p\n"), 10); err == nil {
		t.Error("a change that is no number was read")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, s := range []settings{{count: 5}, {base: "HEAD", count: 4}} {
		if _, err := s.compare(context.Background(), io.Discard, io.Discard); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
}

// TestTwoCommits compares the commits of a repository made for it: one benchmark takes ten times as long in the second.
func TestTwoCommits(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs for some seconds")
	}
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		c.Dir = root
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, text)
		}
	}
	const suite = `package x

import ("testing"; "time")

func BenchmarkChanged(b *testing.B) { for b.Loop() { time.Sleep(%d * time.Millisecond) } }
func BenchmarkSame(b *testing.B) { for b.Loop() { time.Sleep(2 * time.Millisecond) } }
`
	git("init", "-q")
	write("go.mod", "module example.com/x\n\ngo 1.26\n")
	write("x/x_test.go", fmt.Sprintf(suite, 1))
	write("nested/go.mod", "module example.com/nested\n\ngo 1.26\n")
	write("nested/x_test.go", "package broken: not built, because it is a module of its own\n\nfunc BenchmarkX(")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	write("x/x_test.go", fmt.Sprintf(suite, 10))
	git("commit", "-q", "-a", "-m", "two")

	s := settings{root: root, base: "HEAD~1", head: "HEAD", limit: 50, count: 5, bench: ".", benchTime: "10ms"}
	var out strings.Builder
	worse, err := s.compare(context.Background(), &out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(worse) != 1 || !strings.HasPrefix(worse[0].figure, "Changed") || worse[0].percent < 100 {
		t.Errorf("worse: %v\n%s", worse, &out)
	}
	s.base, s.head = s.head, s.base
	if worse, err := s.compare(context.Background(), io.Discard, io.Discard); err != nil || len(worse) != 0 {
		t.Errorf("the other way round: %v, %v", worse, err)
	}
	s.base = "none"
	if _, err := s.compare(context.Background(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a commit that is not there: %v", err)
	}
}
