package jsonvalue

import (
	"strings"

	"github.com/automatanexus/aegis-db/column/jsontext"
)

// printer appends texts of values. It looks now and then, and once that fails it does nothing more.
type printer struct {
	colon, comma string
	look         func(bytes int) error
	made         int // values since the last look
	err          error
}

// Append appends the text of a value as jsonb prints it.
func Append(dst []byte, v *Value) []byte { return (&printer{colon: ": ", comma: ", "}).append(dst, v) }

// AppendCompact appends the text of a value without blanks.
func AppendCompact(dst []byte, v *Value) []byte {
	return (&printer{colon: ":", comma: ","}).append(dst, v)
}

// AppendLooking is Append that calls look now and then, with a number of bytes about as large as what it has written since, and ends with its
// error.
func AppendLooking(dst []byte, v *Value, look func(bytes int) error) ([]byte, error) {
	p := printer{colon: ": ", comma: ", ", look: look}
	dst = p.append(dst, v)
	return dst, p.err
}

// AppendPretty appends the text of a value over several lines, as jsonb_pretty does; look as in AppendLooking.
func AppendPretty(dst []byte, v *Value, look func(bytes int) error) ([]byte, error) {
	p := printer{colon: ": ", comma: ", ", look: look}
	dst = p.pretty(dst, v, 0)
	return dst, p.err
}

// ended counts a value, and reports that nothing more is wanted.
func (p *printer) ended() bool {
	if p.made++; p.made >= lookValues && p.look != nil && p.err == nil {
		p.err = p.look(16 * p.made)
		p.made = 0
	}
	return p.err != nil
}

func (p *printer) append(dst []byte, v *Value) []byte {
	if p.ended() {
		return dst
	}
	switch v.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		if v.Truth {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return append(dst, v.Text...)
	case Array:
		dst = append(dst, '[')
		for i := 0; i < len(v.Items) && p.err == nil; i++ {
			if i > 0 {
				dst = append(dst, p.comma...)
			}
			dst = p.append(dst, &v.Items[i])
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := 0; i < len(v.Members) && p.err == nil; i++ {
			if i > 0 {
				dst = append(dst, p.comma...)
			}
			dst = jsontext.AppendQuoted(dst, v.Members[i].Key)
			dst = append(dst, p.colon...)
			dst = p.append(dst, &v.Members[i].Value)
		}
		return append(dst, '}')
	}
	return jsontext.AppendQuoted(dst, v.Text)
}

func (p *printer) pretty(dst []byte, v *Value, depth int) []byte {
	line := func(depth int) {
		dst = append(dst, '\n')
		dst = append(dst, strings.Repeat("    ", depth)...)
	}
	switch v.Kind {
	case Array:
		dst = append(dst, '[')
		for i := 0; i < len(v.Items) && p.err == nil; i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			dst = p.pretty(dst, &v.Items[i], depth+1)
		}
		line(depth)
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := 0; i < len(v.Members) && p.err == nil; i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			dst = append(jsontext.AppendQuoted(dst, v.Members[i].Key), ": "...)
			dst = p.pretty(dst, &v.Members[i].Value, depth+1)
		}
		line(depth)
		return append(dst, '}')
	}
	return p.append(dst, v)
}
