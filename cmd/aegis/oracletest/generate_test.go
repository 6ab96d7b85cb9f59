//go:build linux

package oracletest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// kind is a type the generator makes expressions of, by the name a cast spells it with.
type kind string

const (
	int2, int4, int8    kind = "smallint", "integer", "bigint"
	float4, float8      kind = "real", "double precision"
	numeric             kind = "numeric"
	text, boolean       kind = "text", "boolean"
	date, interval      kind = "date", "interval"
	timestamp, timezone kind = "timestamp", "timestamptz"
)

var kinds = []kind{int2, int4, int8, float4, float8, numeric, text, boolean, date, interval, timestamp, timezone}

// exact kinds have one text for equal values, so that any of several equal ones may stand for a group.
var exact = map[kind]bool{int2: true, int4: true, int8: true, text: true, boolean: true, date: true, timestamp: true, timezone: true}

var columnsOf = map[kind][]string{
	int2: {"i2"}, int4: {"i4", "id", "slot"}, int8: {"i8"}, float4: {"f4"}, float8: {"f8", "q"}, numeric: {"nu"},
	text: {"tx", "host", "region"}, boolean: {"b"}, date: {"d"}, interval: {"iv"}, timestamp: {"tm"}, timezone: {"tz", "ts"},
}

var literals = map[kind][]string{
	int2:      {"'7'::smallint", "2::smallint", "'-3'::int2"},
	int4:      {"0", "1", "2", "-1", "10", "1000000", "2147483647"},
	int8:      {"3000000000", "'5'::bigint", "-9223372036854775807", "1::bigint"},
	float4:    {"1.5::real", "'-0.25'::real", "'NaN'::real", "1e10::real"},
	float8:    {"0.5::float8", "'Infinity'::float8", "-2::float8", "1e-3::float8", "float8 '1e15'"},
	numeric:   {"1.5", "0.00", "-12.345", "1e3", "100000000000000000000", "0.1"},
	text:      {"'abc'", "''", "'A b'", "'12'", "'ä€'", "'%a_'", "text 'x'"},
	boolean:   {"true", "false", "'yes'::boolean"},
	date:      {"date '2026-01-02'", "'1999-12-31'::date", "date '2024-02-29'"},
	interval:  {"interval '1 day'", "interval '1 month'", "interval '90 minutes'", "interval '-1 year 2 days 03:00'"},
	timestamp: {"timestamp '2026-01-02 03:04:05.5'", "'1999-12-31'::timestamp"},
	timezone:  {"timestamptz '2026-01-02 03:04:05+02'", "'2026-01-03'::timestamptz"},
}

// generator writes statements at random, mostly ones that both sides answer.
type generator struct {
	*rand.Rand
	columns bool // whether there is a table to take columns from
}

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

func (g *generator) expr(k kind, depth int) string {
	if depth <= 0 || g.IntN(6) == 0 {
		return g.leaf(k)
	}
	switch g.IntN(12) {
	case 0:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", g.expr(boolean, depth-1), g.expr(k, depth-1), g.expr(k, depth-1))
	case 1:
		return fmt.Sprintf("COALESCE(%s, %s)", g.expr(k, depth-1), g.expr(k, depth-1))
	case 2:
		return fmt.Sprintf("NULLIF(%s, %s)", g.expr(k, depth-1), g.expr(k, depth-1))
	case 3:
		return fmt.Sprintf("%s(%s, %s)", pick(g, []string{"GREATEST", "LEAST"}), g.expr(k, depth-1), g.expr(k, depth-1))
	case 4:
		if from := castsTo[k]; len(from) > 0 {
			return fmt.Sprintf("(%s)::%s", g.expr(pick(g, from), depth-1), k)
		}
	}
	return g.fill(pick(g, shapes[k]), depth-1)
}

func (g *generator) leaf(k kind) string {
	switch n := g.IntN(20); {
	case n == 0:
		return "NULL::" + string(k)
	case n < 13 && g.columns:
		return pick(g, columnsOf[k])
	}
	return pick(g, literals[k])
}

// castsTo are the casts whose failures do not drown everything else.
var castsTo = map[kind][]kind{
	int4: {int2, boolean}, int8: {int2, int4}, float4: {int2, int4}, float8: {int2, int4, int8, float4, numeric}, numeric: {int2, int4, int8},
	text: {int2, int4, int8, numeric, boolean, date, timestamp, timezone, interval, float8, float4}, boolean: {int4},
	date: {timestamp, timezone}, timestamp: {timezone}, timezone: {timestamp},
}

// shapes are what makes a value of a kind; {kind} stands for an expression, {n} for one of the same number kind everywhere,
// {a} for one of the same kind of any sort.
var shapes = map[kind][]string{
	int2:   {"({smallint} / 3::smallint)", "({smallint} % 7::smallint)", "({smallint} & {smallint})", "({smallint} | {smallint})", "(~{smallint})", "sign({smallint})::smallint"},
	int4:   {"({integer} % 1000 + {smallint})", "({integer} / 3)", "({integer} % 7)", "({integer} # {integer})", "length({text})", "({smallint} * {smallint}::integer)", "strpos({text}, {text})", "({integer} >> 2)", "ascii({text})", "octet_length({text})", "({date} - {date})", "mod({integer}, 13)", "(-({integer} / 2))", "abs({integer} / 2)", "char_length({text})", "bit_length({text})", "({bigint} % 1000)::integer", "gcd({integer} / 2, 12)", "position({text} in {text})", "div({smallint}, 7)::integer", "(extract(doy from {timestamp}) % 100)::integer", "CASE {text} WHEN 'abc' THEN {integer} WHEN {text} THEN 2 END"},
	int8:   {"({integer}::bigint + {integer})", "({bigint} / 1000 - {integer})", "({bigint} % 1000)", "({integer}::bigint * {smallint})", "({bigint} & {bigint})", "round({numeric} % 1000)::bigint", "abs({bigint} / 2)"},
	float4: {"({real} / 2::real)", "(-{real})", "abs({real})", "({smallint}::real + {smallint})"},
	float8: {"({integer} + {double precision} / 2)", "({double precision} / 2)", "(-{double precision})", "abs({double precision})", "floor({double precision})", "round({double precision})", "ceil({double precision})", "trunc({double precision})", "sqrt(abs({double precision}))", "({real} / {smallint}::float8)", "sign({double precision})", "date_part('hour', {timestamptz})", "({smallint} * 0.25::float8)"},
	numeric: {
		"({numeric} + {integer})", "({numeric} - {numeric})", "({smallint} * {numeric})", "({integer} / 7.0)", "({numeric} / 3)", "round({numeric}, 2)", "abs({numeric})", "(-{numeric})", "trunc({numeric}, 1)", "ceil({numeric})", "floor({numeric})",
		"extract(year from {timestamp})", "extract(epoch from {interval})", "extract(dow from {timestamptz})", "extract(month from {date})", "mod({integer}, 2.5)", "({numeric} % 10)", "sign({numeric})", "extract(second from {timestamp})", "extract(week from {timestamp})", "extract(isoyear from {date})", "extract(quarter from {timestamptz})", "extract(hour from {interval})", "extract(month from {interval})", "({numeric} * {numeric})", "round({numeric}, {smallint} % 3)", "trim_scale({numeric})", "div({numeric}, 7)", "trunc({numeric})", "sqrt(abs({numeric} / 1000))", "({integer}::numeric / 8)",
	},
	text: {"({text} || {text})", "upper({text})", "lower({text})", "substr({text}, 2, 3)", "left({text}, 2)", "right({text}, -1)", "replace({text}, 'a', {text})", "btrim({text})", "reverse({text})", "concat({text}, {integer})", "({text} || {integer})", "lpad({text}, 6, '*')", "split_part({text}, ' ', 1)", "md5({text})", "translate({text}, 'abc', 'xy')", "repeat({text}, 2)", "initcap({text})", "concat_ws('-', {text}, {boolean}, {date})", "regexp_replace({text}, '[a-c]+', '<&>')", "regexp_replace({text}, '(.)(.)', '\\2\\1', 'g')", "substring({text} from '[a-z]+')", "overlay({text} placing {text} from 2)", "to_char(ts, 'YYYY-MM-DD HH24:MI')", "rpad({text}, 3, {text})", "ltrim({text}, 'a ')", "split_part({text}, {text}, -1)", "({text} || {numeric})"},
	boolean: {
		"({n} = {n})", "({n} < {n})", "({n} >= {n})", "({n} <> {n})", "({text} = {text})", "({text} < {text})", "({date} < {timestamp})", "({timestamptz} >= {timestamptz})", "({date} <= {date})", "({interval} > {interval})", "({boolean} AND {boolean})", "({boolean} OR {boolean})", "(NOT {boolean})",
		"({a} IS NULL)", "({a} IS NOT NULL)", "({text} LIKE {text})", "({text} LIKE '%a%')", "({text} ILIKE 'A%')", "({boolean} IS TRUE)", "({boolean} IS NOT FALSE)", "({boolean} IS UNKNOWN)", "({integer} IN (1, 3, {integer}))", "({text} IN ('abc', {text}))", "({n} BETWEEN {n} AND {n})", "({n} IS DISTINCT FROM {n})", "({text} ~ '^[a-z]')", "({integer} NOT IN (1, 2))", "starts_with({text}, 'a')",
		"({timestamptz} BETWEEN '2026-01-01' AND '2026-01-03')", "(ts >= '2026-01-02')", "(host = 'a')", "(region IN ('eu', 'us'))", "(slot > 1)", "(host <> {text})", "({text} || {text} LIKE '%' || {text} || '%')", "({integer} IN (1, NULL, 2))", "({date} IN ('2026-12-31', {date}))", "({numeric} IN (0, 1.5, {numeric}))", "(NULLIF({boolean}, {boolean}) IS DISTINCT FROM {boolean})", "({timestamp} < {timestamptz})", "(ts > {timestamptz} AND host = 'b')", "(host = 'a' OR slot = 2 OR {boolean})", "(NOT (region = 'eu' AND {boolean}))", "(region IS NULL)", "(slot IN (1, 3) AND ts BETWEEN '2026-01-01 06:00' AND '2026-01-04')", "(host LIKE '%e%')", "(host || region = 'aeu')", "(COALESCE(slot, 0) > {smallint})", "(ts <> {timestamptz})", "(ts IN ('2026-01-01 20:58:45+00', {timestamptz}))", "({text} SIMILAR TO '(a|b)%')", "({text} ~* {text} IS NULL)", "({double precision} > 'NaN')", "({double precision} IN (0, 'NaN', 1.5))",
	},
	date:      {"date_trunc('month', {timestamp})::date", "({timestamptz})::date", "make_date(2026, 1, 1 + abs({integer} % 28))", "(date '2026-01-01' + {integer} % 1000)"},
	interval:  {"({interval} + {interval})", "({interval} * 2)", "(-{interval})", "({interval} / 2)", "justify_interval({interval})", "(ts - '2026-01-01')", "date_trunc('day', {interval})", "({timestamptz} - ts)", "make_interval(0, {integer} % 12, 0, {smallint} % 30)", "justify_hours({interval})", "justify_days({interval})", "({interval} * 1.5::float8)", "age(ts, '2025-03-31')"},
	timestamp: {"date_trunc('day', {timestamp})", "(date '2026-01-01' + {interval})", "(timestamp '2026-01-31' - {interval})", "({timestamptz} AT TIME ZONE 'Europe/Berlin')", "(ts AT TIME ZONE 'America/New_York')"},
	timezone:  {"date_trunc('hour', {timestamptz})", "(ts + {interval})", "(ts - interval '1 day')", "date_trunc('week', ts)", "to_timestamp({integer})", "date_bin('15 minutes', ts, '2000-01-01')", "date_trunc('month', ts, 'Asia/Tokyo')", "({timestamp} AT TIME ZONE 'Europe/Berlin')"},
}

// fill puts expressions in the places of a shape.
func (g *generator) fill(shape string, depth int) string {
	if !g.columns {
		shape = strings.NewReplacer("(ts ", "(timestamptz '2026-01-02 12:34:56' ", " ts)", " timestamptz '2026-01-01')", "(host ", "('a' ", "(region ", "('eu' ", "(slot ", "(2 ", ", ts,", ", timestamptz '2026-01-01 01:02:03',").Replace(shape)
	}
	number := pick(g, []kind{int2, int4, int8, float8, numeric, float4})
	any := pick(g, kinds)
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(shape, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		k := kind(name)
		switch name {
		case "n":
			k = number
			if g.IntN(3) == 0 { // other kinds of numbers compare, too
				k = pick(g, []kind{int2, int4, int8, float8, numeric})
			}
		case "a":
			k = any
		}
		b.WriteString(g.expr(k, depth))
		shape = after
	}
}

// statement writes a query, and says how to compare its answers.
func (g *generator) statement() (string, comparison) {
	c := comparison{loose: true}
	g.columns = g.IntN(10) > 0
	if !g.columns {
		return "SELECT " + g.list(1+g.IntN(3), kinds, 3), c
	}
	where := ""
	if g.IntN(3) > 0 {
		where = " WHERE " + g.expr(boolean, 3)
	}
	switch g.IntN(8) {
	case 0, 1, 2:
		return "SELECT " + g.list(1+g.IntN(3), kinds, 3) + " FROM t" + where, c
	case 3:
		n := 1 + g.IntN(2)
		s := "SELECT " + g.list(n, exactKinds(), 2) + ", id FROM t" + where + " ORDER BY "
		for i := range n {
			s += fmt.Sprintf("%d%s, ", i+1, pick(g, []string{"", " DESC", " NULLS FIRST", " DESC NULLS LAST"}))
		}
		s += "id"
		if g.IntN(2) == 0 {
			s += fmt.Sprintf(" LIMIT %d OFFSET %d", g.IntN(20), g.IntN(5))
		}
		c.ordered = true
		return s, c
	case 4:
		return "SELECT DISTINCT " + g.list(1+g.IntN(2), exactKinds(), 2) + " FROM t" + where, c
	}
	return g.grouped(where), comparison{loose: true, near: true}
}

func exactKinds() []kind {
	var out []kind
	for _, k := range kinds {
		if exact[k] {
			out = append(out, k)
		}
	}
	return out
}

func (g *generator) list(n int, of []kind, depth int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = g.expr(pick(g, of), depth)
	}
	return strings.Join(out, ", ")
}

func (g *generator) grouped(where string) string {
	var keys, items []string
	for range g.IntN(3) {
		k := g.expr(pick(g, exactKinds()), 1+g.IntN(2))
		if g.IntN(2) == 0 {
			k = pick(g, []string{"host", "region", "slot", "date_trunc('day', ts)", "date_trunc('hour', ts)", "i2", "tx"})
		}
		keys = append(keys, k)
		items = append(items, k)
	}
	for range 1 + g.IntN(3) {
		items = append(items, g.aggregate())
	}
	s := "SELECT " + strings.Join(items, ", ") + " FROM t" + where
	if len(keys) > 0 {
		s += " GROUP BY "
		for i := range keys {
			if i > 0 {
				s += ", "
			}
			s += fmt.Sprint(i + 1) // by number: a constant would be one
		}
	}
	if g.IntN(4) == 0 {
		s += " HAVING " + pick(g, []string{"count(*) > 1", "sum(i2) > 0", "min(id) < 100", "count(DISTINCT host) > 1 AND max(q) IS NOT NULL"})
	}
	return s
}

// aggregate writes one whose answer does not depend on the order of rows.
func (g *generator) aggregate() string {
	a := pick(g, []string{
		"count(*)", "count({a})", "count(DISTINCT {text})", "count(DISTINCT {integer})", "count(DISTINCT {numeric})", "count(DISTINCT {double precision})",
		"sum({smallint})", "sum({integer})", "sum({bigint})", "sum(nu)", "sum(q)", "avg({integer})", "avg({smallint})", "avg(q)", "sum(DISTINCT {integer})",
		"min({integer})", "max({bigint})", "min({text})", "max({text})", "min({date})", "max({timestamptz})", "min({timestamp})", "max({double precision})",
		"min({real})", "bool_and({boolean})", "bool_or({boolean})", "stddev(i2)", "var_pop(q)", "sum(q * 2)", "min({smallint})", "sum(length({text}))", "bit_or({smallint})", "max({interval} - {interval}) IS NULL", "count(NULLIF({text}, {text}))", "sum(CASE WHEN {boolean} THEN 1 ELSE 0 END)", "avg({numeric} % 100)", "sum({numeric} % 10)", "sum({bigint} / 1000)", "avg({bigint} % 100000)", "every({boolean})", "max({text} || host)", "min(ts)", "max(ts) - min(ts)", "sum({smallint}) + count(*)", "count(DISTINCT ({text} || {text}))", "count(DISTINCT {date})", "count(DISTINCT {interval})", "sum(DISTINCT {smallint})", "variance({smallint})",
	})
	a = g.fill(a, 2)
	if g.IntN(4) == 0 {
		a += " FILTER (WHERE " + g.expr(boolean, 1) + ")"
	}
	return a
}
