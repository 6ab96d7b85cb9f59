package bind

import (
	"strconv"
	"unicode/utf8"
)

// objectName makes PostgreSQL's name of something that belongs to a table: the longer of both names is shortened until all fit into 63 bytes.
func objectName(table, columns, suffix string) string {
	const most = 63
	over := len(table) + len(columns) + len(suffix) + 1 - most
	if columns != "" {
		over++
	}
	for ; over > 0; over-- {
		if len(table) > len(columns) {
			table = table[:len(table)-1]
		} else {
			columns = columns[:len(columns)-1]
		}
	}
	name := whole(table)
	if columns != "" {
		name += "_" + whole(columns)
	}
	return name + "_" + suffix
}

// whole cuts half a character off the end.
func whole(s string) string {
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// numberedLabel puts a number behind a label, but for the first.
func numberedLabel(label string, n int) string {
	if n == 0 {
		return label
	}
	return label + strconv.Itoa(n)
}
