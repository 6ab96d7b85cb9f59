package compact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/automatanexus/aegis-db/meta"
)

// TestPick runs testdata/pick. Its input has a segment per line: id, level, rows, and optionally deleted=rows, bytes=n, seq=n.
func TestPick(t *testing.T) {
	o := New(Options{FullRows: 1000, FullBytes: 1 << 20, CheapRows: 50}).options
	datadriven.RunTest(t, "testdata/pick", func(t *testing.T, d *datadriven.TestData) string {
		var list []*meta.Segment
		for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
			if line == "" {
				continue
			}
			s := &meta.Segment{}
			if _, err := fmt.Sscanf(line, "%d %d %d", &s.ID, &s.Level, &s.Rows); err != nil {
				d.Fatalf(t, "%q: %v", line, err)
			}
			s.MinSeq = meta.Seq(s.ID)
			for _, f := range strings.Fields(line)[3:] {
				name, value, _ := strings.Cut(f, "=")
				var n int64
				if _, err := fmt.Sscan(value, &n); err != nil {
					d.Fatalf(t, "%q: %v", f, err)
				}
				switch name {
				case "deleted":
					s.Deleted = &meta.DeletionVector{Version: 1, Rows: n}
				case "bytes":
					s.DataBytes = n
				case "seq":
					s.MinSeq = meta.Seq(n)
				}
			}
			list = append(list, s)
		}
		j, ok := o.pick(7, 3, list, d.Cmd == "all", func(*meta.Segment) bool { return d.Cmd != "busy" })
		if !ok {
			return "nothing"
		}
		if j.table != 7 || j.partition != 3 {
			d.Fatalf(t, "the job is for table %d, partition %d", j.table, j.partition)
		}
		out := j.why + ":"
		for _, s := range j.inputs {
			out += fmt.Sprint(" ", s.ID)
		}
		return fmt.Sprintf("%s -> level %d", out, j.level)
	})
}
