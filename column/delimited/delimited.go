// Package delimited takes rows of PostgreSQL's text form and of CSV apart: what COPY reads.
//
// It must not know types or tables.
package delimited

import (
	"bytes"
	"errors"
)

// Field is one value as it came; Null says that it is NULL.
type Field struct {
	Value []byte
	Null  bool
}

// Splitter cuts rows into fields.
type Splitter struct {
	CSV       bool // else PostgreSQL's text form
	Delimiter byte
	Quote     byte   // of CSV
	Escape    byte   // in quotes
	Null      string // how NULL is written
	// By column of CSV: what is never NULL unless it is quoted, and what is NULL although it is.
	NotNull, AsNull []bool

	fields []Field
}

// ErrMore says that the data ends within a row.
var ErrMore = errors.New("delimited: more data is needed")

// Split cuts the first row of the data into its fields, which are good as long as the data and until the next call, and says how long it is.
// It gives nil for the line that ends the data. last says that no data follows.
func (s *Splitter) Split(data []byte, last bool) (fields []Field, n int, err error) {
	if end := `\.`; bytes.HasPrefix(data, []byte(end)) {
		rest := data[len(end):]
		switch {
		case len(rest) == 0 && !last:
			return nil, 0, ErrMore
		case len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r':
			return nil, len(data), nil
		}
	}
	if s.CSV {
		return s.splitCSV(data, last)
	}
	return s.splitText(data, last)
}

// splitText reads PostgreSQL's text format: a backslash takes the meaning of what follows it.
func (s *Splitter) splitText(data []byte, last bool) ([]Field, int, error) {
	end := -1
	for i := 0; i < len(data) && end < 0; i++ {
		switch data[i] {
		case '\\':
			i++
		case '\n':
			end = i
		}
	}
	n := end + 1
	if end < 0 {
		if !last {
			return nil, 0, ErrMore
		}
		end, n = len(data), len(data)
	}
	line := data[:end]
	if k := len(line); k > 0 && line[k-1] == '\r' {
		line = line[:k-1]
	}
	s.fields = s.fields[:0]
	for {
		i := 0
		for i < len(line) && line[i] != s.Delimiter {
			if line[i] == '\\' {
				i++
			}
			i++
		}
		i = min(i, len(line))
		raw := line[:i]
		if string(raw) == s.Null {
			s.fields = append(s.fields, Field{Null: true})
		} else {
			s.fields = append(s.fields, Field{Value: unescape(raw)})
		}
		if i == len(line) {
			return s.fields, n, nil
		}
		line = line[i+1:]
	}
}

// unescape resolves backslashes.
func unescape(raw []byte) []byte {
	at := bytes.IndexByte(raw, '\\')
	if at < 0 {
		if raw == nil {
			return []byte{}
		}
		return raw
	}
	out := append(make([]byte, 0, len(raw)), raw[:at]...)
	for i := at; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'v':
			out = append(out, '\v')
		case 'x':
			v, k := digits(raw[i+1:], 16, 2)
			if k == 0 {
				out = append(out, c)
				continue
			}
			out, i = append(out, v), i+k
		case '0', '1', '2', '3', '4', '5', '6', '7':
			v, k := digits(raw[i:], 8, 3)
			out, i = append(out, v), i+k-1
		default:
			out = append(out, c)
		}
	}
	return out
}

// digits reads up to most digits of a base.
func digits(b []byte, base, most int) (v byte, n int) {
	sum := 0
	for n < len(b) && n < most {
		d := int(b[n]) - '0'
		if c := b[n] | 0x20; c >= 'a' && c <= 'f' {
			d = int(c-'a') + 10
		}
		if d < 0 || d >= base {
			break
		}
		sum = sum*base + d
		n++
	}
	return byte(sum), n
}
