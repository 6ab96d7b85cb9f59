package tsbs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNotExpressible is what PromQL answers to the queries that ask for rows or for the newest groups; the suite leaves them out
// for VictoriaMetrics, too.
var ErrNotExpressible = errors.New("not expressible in PromQL")

// Range is a range query. Its buckets [t − step, t) are those that end at each t: a row never stands on a border (Offset).
type Range struct {
	Expr       string
	Start, End time.Time
	Step       time.Duration
}

// PromQL is the query as the suite writes it for VictoriaMetrics. Names of metrics are "cpu_" and the field.
func (q Query) PromQL() (Range, error) {
	var function, by string
	switch q.shape {
	case maxByBucket:
		function, by = "max", "__name__"
	case avgByHost:
		function, by = "avg", "__name__, hostname"
	default:
		return Range{}, ErrNotExpressible
	}
	window := "1m"
	if q.Bucket == time.Hour {
		window = "1h"
	}
	return Range{
		Expr:  fmt.Sprintf("%s(%s_over_time(%s[%s])) by (%s)", function, function, q.selector(), window, by),
		Start: q.From.Add(q.Bucket), End: q.To, Step: q.Bucket,
	}, nil
}

// CountPromQL counts all values, at the moment End.
func (w *Workload) CountPromQL() Range {
	return Range{
		Expr: fmt.Sprintf("sum(count_over_time({__name__=~'cpu_(%s)'}[%ds]))", strings.Join(Fields[:], "|"), int(w.Span/time.Second)),
		End:  w.Start.Add(w.Span),
	}
}

func (q Query) selector() string {
	var matchers []string
	name := "cpu_" + Fields[0]
	if q.Fields > 1 {
		name = ""
		matchers = append(matchers, "__name__=~'cpu_("+strings.Join(Fields[:q.Fields], "|")+")'")
	}
	switch len(q.Names) {
	case 0:
	case 1:
		matchers = append(matchers, "hostname='"+q.Names[0]+"'")
	default:
		matchers = append(matchers, "hostname=~'"+strings.Join(q.Names, "|")+"'")
	}
	return name + "{" + strings.Join(matchers, ", ") + "}"
}
