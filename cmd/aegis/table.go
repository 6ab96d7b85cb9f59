package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/arrowio"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// table collects a result to print it in columns, as psql does. It is for people: scripts take csv or ndjson, which stream.
type table struct {
	names []string
	right []bool
	cells [][]string
}

// tableRows bounds what is collected: more than anybody reads, and below what would fill a small machine.
const tableRows = 1_000_000

// readTable reads an Arrow stream.
func readTable(r io.Reader) (*table, error) {
	t := &table{}
	err := arrowio.ReadStream(r, func(fields []arrowio.Field, b *scan.Batch) error {
		t.head(fields)
		for i := range b.Len {
			if len(t.cells) == tableRows {
				return column.Errorf(column.Limit, "more than %d rows are no table; use --format csv or ndjson", tableRows)
			}
			row := make([]string, len(b.Columns))
			for k, v := range b.Columns {
				row[k] = string(literal.Append(nil, v, i, literal.Options{}))
			}
			t.cells = append(t.cells, row)
		}
		return nil
	})
	return t, err
}

func (t *table) head(fields []arrowio.Field) {
	if t.names != nil {
		return
	}
	for _, f := range fields {
		t.names = append(t.names, f.Name)
		t.right = append(t.right, f.Type.IsNumber())
	}
}

// print writes the table: names centered, numbers to the right.
func (t *table) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	widths := make([]int, len(t.names))
	for k, n := range t.names {
		widths[k] = width(n)
		for _, row := range t.cells {
			for line := range strings.SplitSeq(row[k], "\n") {
				widths[k] = max(widths[k], width(line))
			}
		}
	}
	for k, n := range t.names {
		if k > 0 {
			w.WriteByte('|')
		}
		left := (widths[k] - width(n)) / 2
		w.WriteString(pad(" "+strings.Repeat(" ", left)+n, widths[k]+2))
	}
	w.WriteByte('\n')
	for k := range t.names {
		if k > 0 {
			w.WriteByte('+')
		}
		w.WriteString(strings.Repeat("-", widths[k]+2))
	}
	w.WriteByte('\n')
	for _, row := range t.cells {
		t.printRow(w, row, widths)
	}
	if len(t.cells) == 1 {
		w.WriteString("(1 row)\n")
	} else {
		w.WriteString("(" + itoa(len(t.cells)) + " rows)\n")
	}
	return w.Flush()
}

// printRow writes a row; a value of several lines makes several, marked as psql marks them.
func (t *table) printRow(w *bufio.Writer, row []string, widths []int) {
	lines := 1
	for _, c := range row {
		lines = max(lines, 1+strings.Count(c, "\n"))
	}
	for l := range lines {
		for k, c := range row {
			parts := strings.Split(c, "\n")
			text, mark := "", " "
			if l < len(parts) {
				text = parts[l]
			}
			if l+1 < len(parts) {
				mark = "+"
			}
			if k > 0 {
				w.WriteByte('|')
			}
			gap := strings.Repeat(" ", widths[k]-width(text))
			switch {
			case t.right[k]:
				text = gap + text
			case k < len(row)-1 || mark != " ":
				text += gap
			}
			w.WriteString(" " + text)
			if k < len(row)-1 || mark != " " {
				w.WriteString(mark)
			}
		}
		w.WriteByte('\n')
	}
}

// width is the number of places a text takes in a terminal.
func width(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(s)
		}
	}
	return len(s)
}

func pad(s string, to int) string { return s + strings.Repeat(" ", max(0, to-width(s))) }
