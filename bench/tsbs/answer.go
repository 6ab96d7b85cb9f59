package tsbs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Row is one row of an answer.
type Row struct {
	Time   int64 // Unix seconds: the start of the bucket, or the time of the row
	Tags   []string
	Values []float64
}

// Answer is the rows of an answer, in the order they came in.
type Answer []Row

// tolerance is how far an average may be from the exact one, relative to it: systems add and divide in other orders, and one of
// them rounds to fifteen digits.
const tolerance = 1e-9

// Equal says where an answer differs from the right one; nil says that it does not. Order counts where the query asks for one.
func (q Query) Equal(got, want Answer) error {
	if !q.Ordered() {
		got, want = slices.Clone(got), slices.Clone(want)
		slices.SortFunc(got, compareRows)
		slices.SortFunc(want, compareRows)
	}
	for i := range min(len(got), len(want)) {
		if err := got[i].equal(want[i]); err != nil {
			return fmt.Errorf("row %d of %d: %w", i, len(want), err)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d rows, expected %d", len(got), len(want))
	}
	return nil
}

func compareRows(a, b Row) int {
	if c := cmp.Compare(a.Time, b.Time); c != 0 { // answers have millions of rows
		return c
	}
	return slices.Compare(a.Tags, b.Tags)
}

func (r Row) equal(want Row) error {
	same := r.Time == want.Time && slices.Equal(r.Tags, want.Tags) && len(r.Values) == len(want.Values)
	for i := 0; same && i < len(r.Values); i++ {
		// Written so that a NaN differs.
		same = math.Abs(r.Values[i]-want.Values[i]) <= tolerance*math.Abs(want.Values[i])
	}
	if !same {
		return fmt.Errorf("%v, expected %v", r, want)
	}
	return nil
}

// tagCount is how many tags a row of the answer has.
func (q Query) tagCount() int {
	switch q.shape {
	case highRows:
		return len(Tags)
	case avgByHost, lastRows:
		return 1
	}
	return 0
}

// timeLayouts are the ways a time may be written, beside RFC 3339; without a zone it is UTC.
var timeLayouts = []string{"2006-01-02 15:04:05", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00"}

// ReadRow reads a row that the query's SQL gave: strings, and numbers as json.Number or as text.
func (q Query) ReadRow(columns []any) (Row, error) {
	tags := q.tagCount()
	if len(columns) != 1+tags+q.Fields {
		return Row{}, fmt.Errorf("%d columns, expected the time, %d tags and %d fields", len(columns), tags, q.Fields)
	}
	text := make([]string, len(columns))
	for i, v := range columns {
		switch v := v.(type) {
		case string:
			text[i] = v
		case json.Number:
			text[i] = v.String()
		default:
			return Row{}, fmt.Errorf("column %d is %v (%T), neither text nor a number", i, v, v)
		}
	}
	at, err := readTime(text[0])
	if err != nil {
		return Row{}, err
	}
	row := Row{Time: at.Unix(), Tags: slices.Clip(text[1 : 1+tags]), Values: make([]float64, 0, q.Fields)}
	for _, t := range text[1+tags:] {
		v, err := strconv.ParseFloat(t, 64)
		if err != nil {
			return Row{}, err
		}
		row.Values = append(row.Values, v)
	}
	return row, nil
}

func readTime(text string) (time.Time, error) {
	if len(text) > 10 && text[10] == 'T' { // each layout that does not fit costs an error
		return time.Parse(time.RFC3339, text)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", text)
}

// Series is one series of a range query's answer. Times are Unix seconds.
type Series struct {
	Labels map[string]string
	Times  []int64
	Values []float64
}

// fieldName is the field that a series belongs to: the name of its metric, or what PromQL says in its place.
func (q Query) fieldName(s Series) string {
	if name, named := strings.CutPrefix(s.Labels["__name__"], "cpu_"); named {
		return name
	}
	if name, named := s.Labels["field"]; named || q.Fields > 1 {
		return name
	}
	return Fields[0]
}

// ReadSeries puts the series of the query's PromQL or MetricsQL into rows: one per time and host, with a value per field.
func (q Query) ReadSeries(list []Series) (Answer, error) {
	field := map[string]int{}
	for i, name := range Fields[:q.Fields] {
		field[name] = i
	}
	type place struct {
		time int64
		host string
	}
	rows := map[place]Row{}
	for _, s := range list {
		at, known := field[q.fieldName(s)]
		if !known {
			return nil, fmt.Errorf("series %v is of no field that was asked for", s.Labels)
		}
		for i, t := range s.Times {
			p := place{t - int64(q.Bucket/time.Second), s.Labels["hostname"]}
			row, known := rows[p]
			if !known {
				row = Row{Time: p.time, Values: make([]float64, q.Fields)}
				if q.tagCount() > 0 {
					row.Tags = []string{p.host}
				}
				for f := range row.Values {
					row.Values[f] = math.NaN() // equals nothing, should no series fill it
				}
				rows[p] = row
			}
			row.Values[at] = s.Values[i]
		}
	}
	var answer Answer
	for _, row := range rows {
		answer = append(answer, row)
	}
	slices.SortFunc(answer, compareRows)
	return answer, nil
}
