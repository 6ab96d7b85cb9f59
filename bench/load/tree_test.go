package load

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestReadTree: a process's children count, those that have ended, too.
func TestReadTree(t *testing.T) {
	// The shell waits for the first child, which works, and has a second one, which holds memory.
	c := exec.Command("sh", "-c", `i=0; sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; sh -c 'x=$(head -c 30000000 /dev/zero | tr "\0" x); echo ready; read y; : "$x"'; true`)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = c.Wait()
	}()
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	alone, err := ReadUsage(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := ReadTree(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if tree.CPU < alone.CPU+30*time.Millisecond || tree.RSS < 30_000_000 || alone.RSS > 20_000_000 {
		t.Errorf("alone %+v, with children %+v", alone, tree)
	}
	if own, err := ReadTree(os.Getpid()); err != nil || own.RSS < 1<<20 {
		t.Errorf("%+v, %v", own, err)
	}
}
