package jsonvalue

import (
	"strings"

	"github.com/automatanexus/aegis-db/column/jsontext"
)

// Append appends the text of a value as jsonb prints it.
func Append(dst []byte, v *Value) []byte { return appendValue(dst, v, ": ", ", ") }

// AppendCompact appends the text of a value without blanks.
func AppendCompact(dst []byte, v *Value) []byte { return appendValue(dst, v, ":", ",") }

func appendValue(dst []byte, v *Value, colon, comma string) []byte {
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
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, comma...)
			}
			dst = appendValue(dst, &v.Items[i], colon, comma)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range v.Members {
			if i > 0 {
				dst = append(dst, comma...)
			}
			dst = jsontext.AppendQuoted(dst, v.Members[i].Key)
			dst = append(dst, colon...)
			dst = appendValue(dst, &v.Members[i].Value, colon, comma)
		}
		return append(dst, '}')
	}
	return jsontext.AppendQuoted(dst, v.Text)
}

// AppendPretty appends the text of a value over several lines, as jsonb_pretty does.
func AppendPretty(dst []byte, v *Value) []byte { return appendPretty(dst, v, 0) }

func appendPretty(dst []byte, v *Value, depth int) []byte {
	line := func(depth int) {
		dst = append(dst, '\n')
		dst = append(dst, strings.Repeat("    ", depth)...)
	}
	switch v.Kind {
	case Array:
		dst = append(dst, '[')
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			dst = appendPretty(dst, &v.Items[i], depth+1)
		}
		line(depth)
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range v.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			line(depth + 1)
			dst = append(jsontext.AppendQuoted(dst, v.Members[i].Key), ": "...)
			dst = appendPretty(dst, &v.Members[i].Value, depth+1)
		}
		line(depth)
		return append(dst, '}')
	}
	return Append(dst, v)
}
