//go:build linux

package oracletest

// More shapes for the generator: the library of functions, whose arguments are whatever comes.
var functionShapes = map[kind][]string{
	int4: {
		"num_nulls({a}, {a}, {a})", "num_nonnulls({a}, {a})", "regexp_count({text}, '[a-c]')", "regexp_count({text}, 'b', 2)", "regexp_instr({text}, '[A-Z]', 1, 1, 1)", "position('b' in {text})",
		"octet_length(convert_to({text}, 'UTF8'))", "bit_length({text})", "length(normalize({text}, NFD))", "get_byte(sha256(convert_to({text}, 'UTF8')), 3)", "width_bucket({numeric}, -10, 100.5, 7)", "width_bucket({double precision}, 0, 10, 5)",
		"json_array_length(json_build_array({a}, {a}, {a}))", "scale({numeric})", "min_scale({numeric})", "length(to_char({integer}, '9,999,999,999S'))", "gcd({smallint}, 36::smallint)",
	},
	int8:    {"bit_count(convert_to({text}, 'UTF8'))", "lcm({smallint}, 12)::bigint", "gcd({bigint} / 2, 360)"},
	float8:  {"date_part('epoch', {interval})", "date_part('isodow', {timestamp})"},
	numeric: {"gcd({numeric}, 4.5)", "round({numeric}, 1)", "factorial(abs({smallint} % 20))", "to_number(to_char({integer}, '99999999999S'), '99999999999S')", "to_number({text}, '999')", "extract(julian from {date})", "extract(epoch from {timestamptz})"},
	text: {
		"quote_literal({a})", "quote_nullable({a})", "quote_ident({text})", "format('%s|%L|%I', {a}, {a}, {text} || 'x')", "format('%2$s-%1$10s', {a}, {a})", "normalize({text}, NFKC)", "encode(convert_to({text}, 'UTF8'), 'base64')", "encode(convert_to({text}, 'UTF8'), 'escape')",
		"convert_from(decode(encode(convert_to({text}, 'UTF8'), 'hex'), 'hex'), 'UTF8')", "encode(sha224(convert_to({text}, 'UTF8')), 'hex')", "regexp_replace({text}, '([a-z])', '<\\1>', 2, 1)", "regexp_substr({text}, '[a-zA-Z]+', 1, 2)", "regexp_substr({text}, '(.)(.)', 1, 1, '', 2)", "substring({text} similar '%#\"[a-z]+#\"%' escape '#')",
		"to_char({timestamp}, 'FMMonth DDth YYYY HH12:MI:SS AM')", "to_char({timestamptz}, 'YYYY-IW-ID DDD Q CC J US TZ')", "to_char({date}, 'Day, DD Mon YYYY BC')", "to_char({interval}, 'YYYY-MM-DD HH24:MI:SS.MS')", "to_char({integer}, '9,999,999,999PR')", "to_char({bigint}, 'FM9999999999999999999MI')",
		"to_char({numeric}, '99990.099')", "to_char({numeric}, 'FM9990.0099')", "to_char({double precision}, '99999.999S')", "to_char({real}, '9.99EEEE')", "to_char({smallint}, 'RN')", "to_json({a})::text", "json_build_object('a', {a}, 'b', {a})::text", "json_build_array({a}, {a})::text", "json_build_object('k', {text}) ->> 'k'", "translate({text}, 'aeiou', 'AEIO')",
	},
	boolean: {
		"({text} IS NORMALIZED)", "regexp_like({text}, '^[A-Z]', 'i')", "({text} SIMILAR TO '[a-z]*')", "({text} ~ '\\w\\s\\w')", "({text} ^@ 'a')", "(({date}, {interval}) OVERLAPS ({timestamp}, {interval}))", "(({timestamp}, {timestamp}) OVERLAPS ({timestamp}, {timestamp}))", "isfinite({timestamp})", "({text} LIKE 'a#%%' ESCAPE '#')",
	},
	date:      {"to_date(to_char({date}, 'YYYY-MM-DD'), 'YYYY-MM-DD')", "make_date(2000 + abs({smallint} % 50), 1 + abs({smallint} % 12), 1 + abs({smallint} % 28))", "date({timestamp})"},
	timestamp: {"date_bin('15 minutes', {timestamp}, '2001-01-01')", "date_trunc('quarter', {timestamp})", "make_timestamp(2026, 1 + abs({smallint} % 12), 1, abs({smallint} % 24), 5, 6.5)"},
	timezone:  {"to_timestamp(to_char({timestamptz}, 'YYYY-MM-DD HH24:MI:SS.US'), 'YYYY-MM-DD HH24:MI:SS.US')", "to_timestamp({integer}::float8)", "date_trunc('month', {timestamptz}, 'Europe/Berlin')"},
	interval:  {"make_interval(days => {smallint}, secs => 1.5)", "justify_interval({interval})", "age({timestamp}, {timestamp})", "date_trunc('hour', {interval})"},
}

func init() {
	for k, list := range functionShapes {
		shapes[k] = append(shapes[k], list...)
	}
}
