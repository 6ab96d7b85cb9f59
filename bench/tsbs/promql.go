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

// MetricsQL is the query as the suite writes it for VictoriaMetrics, whose functions over time keep the name of the metric. Names of metrics are
// "cpu_" and the field.
func (q Query) MetricsQL() (Range, error) {
	function, _, err := q.function()
	if err != nil {
		return Range{}, err
	}
	by := "__name__"
	if q.shape == avgByHost {
		by += ", hostname"
	}
	return q.over(fmt.Sprintf("%s(%s_over_time(%s[%s])) by (%s)", function, function, q.selector(), q.window(), by)), nil
}

// PromQL is the query for Prometheus' own language, in which a function over time drops the name: fields are asked for one by one, and a label
// tells them apart.
func (q Query) PromQL() (Range, error) {
	function, by, err := q.function()
	if err != nil {
		return Range{}, err
	}
	var list []string
	for _, name := range Fields[:q.Fields] {
		expr := fmt.Sprintf("%s(%s_over_time(cpu_%s{%s}[%s]))%s", function, function, name, strings.Join(q.matchers(), ", "), q.window(), by)
		if q.Fields > 1 {
			expr = fmt.Sprintf("label_replace(%s, 'field', '%s', '', '')", expr, name)
		}
		list = append(list, expr)
	}
	return q.over(strings.Join(list, " or ")), nil
}

// function is what both aggregate with, and the clause that says by what.
func (q Query) function() (name, by string, err error) {
	switch q.shape {
	case maxByBucket:
		return "max", "", nil
	case avgByHost:
		return "avg", " by (hostname)", nil
	}
	return "", "", ErrNotExpressible
}

func (q Query) over(expr string) Range {
	return Range{Expr: expr, Start: q.From.Add(q.Bucket), End: q.To, Step: q.Bucket}
}

func (q Query) window() string {
	if q.Bucket == time.Hour {
		return "1h"
	}
	return "1m"
}

// CountPromQL counts all values, at the moment End.
func (w *Workload) CountPromQL() Range {
	var list []string
	for _, name := range Fields {
		list = append(list, fmt.Sprintf("sum(count_over_time(cpu_%s[%ds]))", name, int(w.Span/time.Second)))
	}
	return Range{Expr: strings.Join(list, " + "), End: w.Start.Add(w.Span)}
}

func (q Query) selector() string {
	matchers, name := q.matchers(), "cpu_"+Fields[0]
	if q.Fields > 1 {
		name = ""
		matchers = append([]string{"__name__=~'cpu_(" + strings.Join(Fields[:q.Fields], "|") + ")'"}, matchers...)
	}
	return name + "{" + strings.Join(matchers, ", ") + "}"
}

// matchers say which hosts.
func (q Query) matchers() []string {
	switch len(q.Names) {
	case 0:
		return nil
	case 1:
		return []string{"hostname='" + q.Names[0] + "'"}
	}
	return []string{"hostname=~'" + strings.Join(q.Names, "|") + "'"}
}
