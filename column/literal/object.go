package literal

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// nameBytes is the longest name of PostgreSQL.
const nameBytes = 63

// CutName shortens a text to what a value of type name can hold, at the end of a character.
func CutName(text string) string {
	if len(text) <= nameBytes {
		return text
	}
	n := nameBytes
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// parseChar reads a "char": the first byte of the text, or \ and three octal digits.
func parseChar(text string) string {
	if len(text) == 4 && text[0] == '\\' {
		if v, err := strconv.ParseUint(text[1:], 8, 9); err == nil {
			return string([]byte{byte(v)})
		}
	}
	return text[:min(1, len(text))]
}

// appendChar appends a "char"; a byte that is no ASCII character as \ and three octal digits.
func appendChar(dst, v []byte) []byte {
	if len(v) == 0 || v[0] < utf8.RuneSelf {
		return append(dst, v...)
	}
	return append(dst, '\\', '0'+v[0]>>6, '0'+v[0]>>3&7, '0'+v[0]&7)
}

// ParseOID reads an object's number. As in PostgreSQL a negative one counts from the end.
func ParseOID(text string) (int64, error) {
	s := trim(text)
	v, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil && strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") != "" || s == "":
		return 0, syntaxError(column.T(column.OID), text)
	case err != nil || v > math.MaxUint32 || v < math.MinInt32:
		return 0, errorf(outOfRange, "value \"%s\" is out of range for type oid", text)
	}
	return int64(uint32(v)), nil
}

// appendObject appends the name that an object's number prints as: the number itself where nobody knows a name.
func appendObject(dst []byte, t column.Type, oid int64, opt Options) []byte {
	if oid == 0 {
		return append(dst, '-')
	}
	if t.Kind == column.RegType {
		if known, ok := column.TypeOfOID(uint32(oid)); ok {
			return append(dst, known.String()...)
		}
		if uint32(oid) == (column.Type{}).OID() {
			return append(dst, "unknown"...)
		}
	}
	if opt.Names != nil {
		if name, ok := opt.Names.NameOf(t, oid); ok {
			return append(dst, name...)
		}
	}
	return strconv.AppendInt(dst, oid, 10)
}

// parseObject reads a name of the kind that t is, or a number.
func parseObject(t column.Type, text string, opt Options) (int64, error) {
	switch {
	case text == "-":
		return 0, nil
	case text != "" && strings.Trim(text, "0123456789") == "":
		return ParseOID(text)
	case t.Kind == column.RegType:
		if known, ok := typeNamed(text); ok {
			return int64(known.OID()), nil
		}
		if opt.Names == nil {
			return 0, errorf("42704", "type \"%s\" does not exist", text)
		}
		fallthrough
	case opt.Names != nil:
		return opt.Names.NumberOf(t, text)
	}
	return 0, column.SQLErrorf(column.Unsupported, "0A000", "names of type %s are not known here", t)
}

// typeAliases are spellings of types beside their names and internal names.
var typeAliases = map[string]column.Kind{
	"int": column.Int32, "decimal": column.Numeric, "dec": column.Numeric, "float": column.Float64, "timestamp": column.Timestamp,
	"time": column.Time, "character": column.BpChar, "char": column.BpChar, `"char"`: column.InternalChar,
}

// typeNamed finds a type by its name or its internal name, in any case, with brackets behind it for an array.
func typeNamed(text string) (column.Type, bool) {
	name := strings.ToLower(strings.Join(strings.Fields(text), " "))
	name = strings.TrimPrefix(name, "pg_catalog.")
	element := strings.TrimSuffix(name, "[]")
	if open := strings.IndexByte(element, '('); open > 0 { // a modifier means nothing to regtype
		if end := strings.IndexByte(element, ')'); end > open {
			element = element[:open] + element[end+1:]
		}
	}
	t, ok := column.TypeOfWord(element)
	if k, is := typeAliases[element]; is {
		t, ok = column.T(k), true
	}
	for k := column.Bool; k < column.Array && !ok; k++ {
		if column.T(k).String() == element {
			t, ok = column.T(k), true
		}
	}
	if ok && element != name && strings.HasSuffix(name, "[]") {
		if t.IsArray() {
			return t, false
		}
		t = column.ArrayOf(t)
	}
	return t, ok
}
