package pgwire

import (
	"bytes"
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
)

// split cuts the first line of the data into its fields, which are good until the next call, and says how long it is. It gives nil for
// the line that ends the data. last says that no data follows.
func (in *copyIn) split(data []byte, last bool) (fields []field, n int, err error) {
	if end := `\.`; bytes.HasPrefix(data, []byte(end)) {
		rest := data[len(end):]
		switch {
		case len(rest) == 0 && !last:
			return nil, 0, errMore
		case len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r':
			return nil, len(data), nil
		}
	}
	if in.options.format == copyCSV {
		return in.splitCSV(data, last)
	}
	return in.splitText(data, last)
}

// splitText reads PostgreSQL's text format: a backslash takes the meaning of what follows it.
func (in *copyIn) splitText(data []byte, last bool) ([]field, int, error) {
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
			return nil, 0, errMore
		}
		end, n = len(data), len(data)
	}
	line := data[:end]
	if k := len(line); k > 0 && line[k-1] == '\r' {
		line = line[:k-1]
	}
	in.values = in.values[:0]
	for {
		i := 0
		for i < len(line) && line[i] != in.options.delimiter {
			if line[i] == '\\' {
				i++
			}
			i++
		}
		i = min(i, len(line))
		raw := line[:i]
		if string(raw) == in.options.null {
			in.values = append(in.values, field{null: true})
		} else {
			in.values = append(in.values, field{value: unescape(raw)})
		}
		if i == len(line) {
			return in.values, n, nil
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

// splitCSV reads CSV: a quoted value may have line ends in it.
func (in *copyIn) splitCSV(data []byte, last bool) ([]field, int, error) {
	o := in.options
	in.values = in.values[:0]
	var value []byte
	quoted, inQuotes := false, false
	finish := func() {
		k := len(in.values)
		null := string(value) == o.null && (!quoted && (k >= len(in.notNull) || !in.notNull[k]) || quoted && k < len(in.asNull) && in.asNull[k])
		in.values = append(in.values, field{value: append([]byte{}, value...), null: null})
		value, quoted = value[:0], false
	}
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inQuotes && c == o.escape && i+1 == len(data) && !last:
			return nil, 0, errMore // what follows decides
		case inQuotes && c == o.escape && i+1 < len(data) && (data[i+1] == o.quote || data[i+1] == o.escape):
			i++
			value = append(value, data[i])
		case c == o.quote:
			inQuotes, quoted = !inQuotes, true
		case inQuotes:
			value = append(value, c)
		case c == o.delimiter:
			finish()
		case c == '\n':
			finish()
			return in.values, i + 1, nil
		case c == '\r' && i+1 == len(data) && !last:
			return nil, 0, errMore
		case c == '\r' && (i+1 == len(data) || data[i+1] == '\n'):
		default:
			value = append(value, c)
		}
	}
	if !last || inQuotes {
		return nil, 0, errMore
	}
	finish()
	return in.values, len(data), nil
}

// nextBinary reads the header of binary data, or one row.
func (in *copyIn) nextBinary(data []byte) (int, error) {
	be := binary.BigEndian
	if !in.begun {
		n := len(copySignature) + 8
		if len(data) < n {
			return 0, errMore
		}
		if string(data[:len(copySignature)]) != copySignature {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "COPY file signature not recognized")
		}
		if flags := be.Uint32(data[len(copySignature):]); flags != 0 {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "unrecognized critical flags in COPY file header")
		}
		extension := int64(be.Uint32(data[n-4:]))
		if extension > 1<<20 {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "invalid COPY file header (wrong length)")
		}
		if n += int(extension); len(data) < n {
			return 0, errMore
		}
		in.begun = true
		return n, nil
	}
	if len(data) < 2 {
		return 0, errMore
	}
	count, n := int(int16(be.Uint16(data))), 2
	if count == -1 {
		in.ended = true
		return n, nil
	}
	if count != len(in.builders) {
		return 0, column.SQLErrorf(column.Invalid, "22P04", "row field count is %d, expected %d", count, len(in.builders))
	}
	in.values = in.values[:0]
	for range count {
		if len(data) < n+4 {
			return 0, errMore
		}
		size := int64(int32(be.Uint32(data[n:])))
		n += 4
		switch {
		case size == -1:
			in.values = append(in.values, field{null: true})
			continue
		case size < 0:
			return 0, column.SQLErrorf(column.Invalid, "22P04", "invalid field size")
		case int64(len(data)) < int64(n)+size:
			return 0, errMore
		}
		in.values = append(in.values, field{value: data[n : n+int(size)]})
		n += int(size)
	}
	in.line++
	return n, in.add(in.values)
}
