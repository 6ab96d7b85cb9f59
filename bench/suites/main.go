// Command suites measures the suites of analytic queries, ClickBench and TPC-H, beside DuckDB and others, and writes a report. An answer of Aegis'
// that differs ends it with an error, after the report is written.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/clickbench"
	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/suite"
	"github.com/automatanexus/aegis-db/bench/tpch"
)

func main() {
	o := suite.Options{Progress: os.Stderr}
	name := flag.String("suite", "", "`name` of the suite: clickbench or tpch")
	systems := flag.String("systems", "", "`list` of peers, of "+strings.Join(suite.Peers, ", ")+"; empty: those that the suite has")
	out := flag.String("out", filepath.Join("bench", "results"), "`folder` of the report; empty: print only")
	flag.StringVar(&o.Scale, "scale", "", "`scale`: rows of ClickBench, the scale factor of TPC-H; empty: that of the tests")
	flag.StringVar(&o.Work, "work", "", "`folder` for all data; what was measured of a run that ended too early is taken from there; empty: a temporary one")
	flag.IntVar(&o.Hot, "hot", 5, "`times` that a query is asked after it was asked once")
	flag.DurationVar(&o.PerQuery, "time", 15*time.Second, "`time` after which a query is not asked again")
	flag.IntVar(&o.Cold, "cold", 0, "`times` that each query is asked cold; needs root")
	flag.DurationVar(&o.Limit, "limit", 2*time.Minute, "`time` after which a query has no answer")
	flag.IntVar(&o.Profiled, "profile", 0, "`seconds` for the profiles of each query of Aegis'; 0: none are taken")
	flag.StringVar(&o.Only, "query", "", "`name` of the only query; empty: all")
	flag.BoolVar(&o.Keep, "keep", false, "keep what is loaded, and use it if it is there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := measure(ctx, *name, *systems, *out, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, name, systems, out string, o suite.Options) error {
	s, known := map[string]suite.Suite{"clickbench": clickbench.Suite, "tpch": tpch.Suite}[name]
	if !known {
		return fmt.Errorf("-suite: %q is neither clickbench nor tpch", name)
	}
	if o.Cold > 0 {
		if err := suite.CanDropCaches(); err != nil {
			fmt.Fprintln(os.Stderr, "nothing is asked cold, because the kernel's caches cannot be dropped:", err)
			o.Cold = 0
		}
	}
	if o.Systems = s.Systems; systems != "" {
		o.Systems = strings.Split(systems, ",")
	}
	if o.Scale == "" {
		o.Scale = s.Scale
	}
	var err error
	if o.Work == "" {
		if o.Work, err = os.MkdirTemp("", "aegis-suites"); err != nil {
			return err
		}
		defer os.RemoveAll(o.Work)
	}
	if err := os.MkdirAll(o.Work, 0o755); err != nil {
		return err
	}
	if o.Binary, err = server.Binary(o.Work); err != nil {
		return err
	}
	r, err := s.Measure(ctx, o)
	if err != nil {
		return err
	}
	fmt.Print(r.Markdown())
	if out != "" {
		err = r.Write(out)
	}
	if list := r.Problems(); len(list) > 0 {
		err = errors.Join(err, errors.New("Aegis has no answer, or a wrong one: "+strings.Join(list, "; ")))
	}
	return errors.Join(append(r.Failed, err)...)
}
