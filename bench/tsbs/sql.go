package tsbs

import (
	"fmt"
	"strings"
	"time"
)

// Dialect is where the SQL of two systems differs.
type Dialect struct {
	// Bucket is the start of the unit that the column time falls into: of its "minute" or its "hour".
	Bucket func(unit string) string
	// LastRows is the query for the last row of each host: its time, its hostname and all Fields.
	LastRows string
}

// SQL is the query as text. Its columns are the time (of the bucket, or of the row), then tags, then fields.
func (q Query) SQL(d Dialect) string {
	if q.shape == lastRows {
		return d.LastRows
	}
	var b strings.Builder
	b.WriteString("SELECT ")
	switch q.shape {
	case maxByBucket, newestMaxima:
		b.WriteString(d.Bucket(q.unit()) + " AS bucket")
		q.fields(&b, func(name string) string { return "max(" + name + ")" })
	case avgByHost:
		b.WriteString(d.Bucket(q.unit()) + " AS bucket, hostname")
		q.fields(&b, func(name string) string { return "avg(" + name + ")" })
	case highRows:
		b.WriteString("time, " + strings.Join(Tags[:], ", "))
		q.fields(&b, func(name string) string { return name })
	}
	b.WriteString(" FROM cpu")
	b.WriteString(" WHERE " + strings.Join(q.conditions(), " AND "))
	switch q.shape {
	case maxByBucket:
		b.WriteString(" GROUP BY bucket ORDER BY bucket")
	case newestMaxima:
		fmt.Fprintf(&b, " GROUP BY bucket ORDER BY bucket DESC LIMIT %d", newestMinutes)
	case avgByHost:
		b.WriteString(" GROUP BY bucket, hostname ORDER BY bucket, hostname")
	}
	return b.String()
}

// CountSQL counts all values.
var CountSQL = "SELECT count(" + strings.Join(Fields[:], ") + count(") + ") FROM cpu"

func (q Query) unit() string {
	if q.Bucket == time.Hour {
		return "hour"
	}
	return "minute"
}

func (q Query) fields(b *strings.Builder, f func(name string) string) {
	for _, name := range Fields[:q.Fields] {
		b.WriteString(", " + f(name))
	}
}

func (q Query) conditions() []string {
	var list []string
	if q.shape == highRows {
		list = append(list, fmt.Sprintf("usage_user > %d.0", Threshold))
	}
	switch len(q.Names) {
	case 0:
	case 1:
		list = append(list, "hostname = '"+q.Names[0]+"'")
	default:
		list = append(list, "hostname IN ('"+strings.Join(q.Names, "', '")+"')")
	}
	literal := func(t time.Time) string { return t.Format("'2006-01-02 15:04:05'") }
	if q.Window > 0 {
		list = append(list, "time >= "+literal(q.From))
	}
	return append(list, "time < "+literal(q.To))
}
