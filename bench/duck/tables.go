package duck

import (
	"fmt"
	"strings"
)

// aggregate is one figure of a table, in the words of both programs.
type aggregate struct{ ours, theirs string }

// same is an aggregate that both write alike.
func same(text string) aggregate { return aggregate{text, text} }

// table is a table of the workload and what is asked of it.
type table struct {
	name   string // in SQL
	create string
	insert func(step int) string // the statement of one step; "" ends
	asks   []aggregate
	group  string // a column by which the first four aggregates are asked, too
	rows   int64  // that must be there at last
}

const steps, rowsPerStep = 40, 300

// tables cover the kinds of table and most types, NULLs included.
var tables = []*table{
	{
		name: "prometheus.samples", group: "metric", rows: 2000 * steps,
		asks: []aggregate{
			same("count(*)"), same("sum(value)"), same("min(value)"), same("max(value)"),
			{"count(DISTINCT CAST(labels AS text))", "count(DISTINCT CAST(labels AS text))"},
			{"min(ts)", "strftime(min(ts), '%Y-%m-%d %H:%M:%S.%f')"},
			{"max(ts)", "strftime(max(ts), '%Y-%m-%d %H:%M:%S.%f')"},
		},
	},
	{
		name: "duck_plain", create: `CREATE TABLE duck_plain (n bigint, s integer, f double precision, t text, b boolean)`,
		rows: steps * rowsPerStep,
		insert: func(step int) string {
			return rows("duck_plain", step, func(i int) string {
				if i%11 == 0 {
					return fmt.Sprintf("(%d,NULL,NULL,NULL,NULL)", i)
				}
				return fmt.Sprintf("(%d,%d,%d.25,'text %d ü',%v)", i*i-1000, i%300-150, i%77, i%500, i%3 == 0)
			})
		},
		asks: []aggregate{
			same("count(*)"), same("sum(n)"), same("sum(s)"), same("sum(f)"), same("min(t)"), same("max(t)"), same("count(t)"),
			same("sum(length(t))"),
			{"count(*) FILTER (WHERE b)", "count(*) FILTER (WHERE b)"},
			same("count(f)"),
		},
	},
	{
		name: "duck_tagged", group: "host", rows: steps * rowsPerStep,
		create: `CREATE TABLE duck_tagged (ts timestamptz, host text, region text, a bigint, b double precision) WITH (time_column = ts, tags = (region, host))`,
		insert: func(step int) string {
			return rows("duck_tagged", step, func(i int) string {
				region := fmt.Sprintf("'r%d'", i%3)
				if i%5 == 0 {
					region = "NULL"
				}
				return fmt.Sprintf("('2024-02-%02d %02d:%02d:00.%06dZ','h%d',%s,%d,%d.5)", 1+i%4, i%24, step, i%1_000_000, i%40, region, i%1000, i%9)
			})
		},
		asks: []aggregate{
			same("count(*)"), same("sum(a)"), same("sum(b)"), same("max(a)"), same("count(region)"), same("count(DISTINCT host)"),
			{"min(ts)", "strftime(min(ts), '%Y-%m-%d %H:%M:%S.%f')"},
			{"max(ts)", "strftime(max(ts), '%Y-%m-%d %H:%M:%S.%f')"},
		},
	},
	{
		// Each key is written three times: what is superseded must be gone from the files.
		name: "duck_unique", group: "host", rows: steps * rowsPerStep / 3,
		create: `CREATE TABLE duck_unique (ts timestamptz, host text, v bigint) WITH (time_column = ts, tags = (host), unique_key = (host, ts))`,
		insert: func(step int) string {
			const keys = steps * rowsPerStep / 3
			return rows("duck_unique", step, func(i int) string {
				k := i % keys
				return fmt.Sprintf("('2024-03-%02d 00:00:00.%06dZ','h%d',%d)", 1+k%3, k, k%17, i)
			})
		},
		asks: []aggregate{same("count(*)"), same("sum(v)"), same("min(v)"), same("max(v)"), same("count(DISTINCT host)")},
	},
}

// rows is an INSERT of the rows of one step; i counts over all steps.
func rows(table string, step int, tuple func(i int) string) string {
	list := make([]string, rowsPerStep)
	for k := range list {
		list[k] = tuple(step*rowsPerStep + k)
	}
	return "INSERT INTO " + table + " VALUES " + strings.Join(list, ",")
}

// queries are the table's questions in our words.
func (t *table) queries() []string { return t.text(t.name, func(a aggregate) string { return a.ours }) }

// duckQueries are the same over Parquet files.
func (t *table) duckQueries(files []string) []string {
	from := "read_parquet(['" + strings.Join(files, "','") + "'])"
	return t.text(from, func(a aggregate) string { return a.theirs })
}

func (t *table) text(from string, words func(aggregate) string) []string {
	list := make([]string, len(t.asks))
	for i, a := range t.asks {
		list[i] = words(a)
	}
	out := []string{"SELECT " + strings.Join(list, ", ") + " FROM " + from}
	if t.group != "" {
		out = append(out, fmt.Sprintf("SELECT %s, %s FROM %s GROUP BY %s ORDER BY %s", t.group, strings.Join(list[:4], ", "), from, t.group, t.group))
	}
	return out
}
