package literal

import "github.com/automatanexus/aegis-db/column/record"

// AppendRecord appends an encoded row as PostgreSQL's text: (1,,"a b").
func AppendRecord(dst, encoded []byte, opt Options) []byte {
	fields, err := record.Decode(encoded)
	if err != nil { // cannot be: rows do not come from outside
		return append(dst, "()"...)
	}
	dst = append(dst, '(')
	var text []byte
	for i := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if fields[i].IsNull() {
			continue
		}
		text = Append(text[:0], fields[i].Value, 0, opt)
		dst = appendField(dst, text)
	}
	return append(dst, ')')
}

func appendField(dst, text []byte) []byte {
	quoted := len(text) == 0
	for _, c := range text {
		quoted = quoted || c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || isSpace(c)
	}
	if !quoted {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
