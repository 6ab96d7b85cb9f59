package profile

import (
	"context"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/bench/server"
)

// start runs a real server until the test ends.
func start(t *testing.T) *server.Server {
	if testing.Short() {
		t.Skip("builds a server: not with -short")
	}
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(context.Background(), server.Options{Binary: binary, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// TestTake takes profiles of a real server, which counts and sorts.
func TestTake(t *testing.T) {
	ctx, s := context.Background(), start(t)
	p, err := Take(ctx, s.ProfilesAt(), "sorted", 1, func(ctx context.Context) (int, error) {
		_, err := s.Query(ctx, "SELECT sum(x) FROM (SELECT a * 7919 % 1000003 AS x FROM generate_series(1, 200000) AS a ORDER BY 1 OFFSET 10) AS s")
		return 1, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Answers == 0 || p.CPU <= 0 || p.Bytes <= 0 || p.Objects <= 0 {
		t.Errorf("%+v", p)
	}
	for name, list := range map[string][]Share{"CPU": p.Runs, "allocation": p.Allocs} {
		if len(list) == 0 || len(list) > kept {
			t.Errorf("%s: %v", name, list)
		}
		sum, own := 0.0, false
		for i, share := range list {
			sum += share.Part
			own = own || strings.HasPrefix(share.Function, "query/")
			if strings.HasPrefix(share.Function, "api.allocated") {
				t.Errorf("%s has what the profile itself takes: %v", name, list)
			}
			if i > 0 && share.Part > list[i-1].Part {
				t.Errorf("%s is not sorted: %v", name, list)
			}
		}
		if !own || sum > 1.0001 {
			t.Errorf("%s: nothing of the statement is in %v", name, list)
		}
	}
	text := Markdown("Slow", []*Profile{p}, func(query string) bool { return query == "sorted" })
	if !strings.HasPrefix(text, "## Slow\n") || !strings.Contains(text, "**sorted**") || !strings.Contains(text, "CPU: ") || !strings.Contains(text, "Allocation: ") {
		t.Error(text)
	}
	if text := Markdown("Slow", []*Profile{p}, func(string) bool { return false }); text != "" {
		t.Error(text)
	}
}

// TestTakeOfAnError ends with the first question that fails, and leaves nothing running.
func TestTakeOfAnError(t *testing.T) {
	ctx, s := context.Background(), start(t)
	p, err := Take(ctx, s.ProfilesAt(), "nothing", 1, func(ctx context.Context) (int, error) {
		_, err := s.Query(ctx, "SELECT * FROM nothing_of_the_kind")
		return 0, err
	})
	if p != nil || err == nil || !strings.Contains(err.Error(), "nothing_of_the_kind") {
		t.Errorf("%v, %v", p, err)
	}
}

func TestOwner(t *testing.T) {
	const m = module
	for _, c := range []struct {
		stack []string // the innermost first
		want  string
	}{
		{[]string{m + "/query/exec.(*hash).probe", m + "/query.(*Session).Run"}, "query/exec.(*hash).probe"},
		{[]string{"runtime.memmove", m + "/column.gather[go.shape.int64]", "main.main"}, "column.gather"},
		{[]string{"runtime.mallocgc", "runtime.makeslice", m + "/column.grow.func1", "x"}, "column.grow (allocating)"},
		{[]string{"runtime.memclrNoHeapPointers", "runtime.mallocgc", m + "/query/fn.sums.func2.1"}, "query/fn.sums (allocating)"},
		{[]string{m + ".(*DB).Open.gowrap1"}, "aegis.(*DB).Open"},
		{[]string{m + "/query/exec.each.func1-range3"}, "query/exec.each"},
		{[]string{"runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker.func2", "runtime.systemstack", "runtime.gcBgMarkWorker"}, "garbage collection"},
		{[]string{"runtime.futex", "runtime.findRunnable", "runtime.schedule", "runtime.park_m", "runtime.mcall"}, "scheduling"},
		{[]string{"internal/poll.(*FD).Read", "net/http.(*conn).serve"}, "net/http"},
		{[]string{"os.read", "main.strange"}, "main.strange"},
		{nil, "unknown"},
	} {
		if got := owner(c.stack); got != c.want {
			t.Errorf("%v: %q, not %q", c.stack, got, c.want)
		}
	}
}
