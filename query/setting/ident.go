package setting

import "strings"

// QuoteIdent writes a name so that it is read as that name: in quotes, unless it is a plain word in lower case. Words that SQL reserves are
// left to those who know them; a schema may be called so here.
func QuoteIdent(name string) string {
	plain := name != ""
	for i, c := range name {
		if !(c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9') {
			plain = false
		}
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func splitIdents(text string) []string {
	list, _ := idents(text)
	return list
}

// idents reads names with commas between; those that are not quoted are in lower case.
func idents(text string) (list []string, ok bool) {
	s := strings.TrimSpace(text)
	if s == "" {
		return nil, true
	}
	for {
		var name string
		if strings.HasPrefix(s, `"`) {
			var b strings.Builder
			i := 1
			for {
				k := strings.IndexByte(s[i:], '"')
				if k < 0 {
					return list, false
				}
				b.WriteString(s[i : i+k])
				i += k + 1
				if i >= len(s) || s[i] != '"' {
					break
				}
				b.WriteByte('"')
				i++
			}
			name, s = b.String(), s[i:]
		} else {
			k := strings.IndexAny(s, ", \t\r\n")
			if k < 0 {
				k = len(s)
			}
			if k == 0 {
				return list, false
			}
			name, s = strings.ToLower(s[:k]), s[k:]
		}
		list = append(list, name)
		s = strings.TrimSpace(s)
		if s == "" {
			return list, true
		}
		if s[0] != ',' {
			return list, false
		}
		s = strings.TrimSpace(s[1:])
	}
}

// NameParts reads a name with dots between its parts; those that are not quoted are in lower case.
func NameParts(text string) (parts []string, ok bool) {
	s := strings.TrimSpace(text)
	for {
		var name string
		if strings.HasPrefix(s, `"`) {
			end := 1
			for {
				k := strings.IndexByte(s[end:], '"')
				if k < 0 {
					return nil, false
				}
				end += k + 1
				if end >= len(s) || s[end] != '"' {
					break
				}
				end++
			}
			name, s = strings.ReplaceAll(s[1:end-1], `""`, `"`), s[end:]
		} else {
			k := strings.IndexAny(s, ". \t\r\n\"")
			if k < 0 {
				k = len(s)
			}
			name, s = strings.ToLower(s[:k]), s[k:]
		}
		if name == "" {
			return nil, false
		}
		parts = append(parts, name)
		s = strings.TrimSpace(s)
		if s == "" {
			return parts, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = strings.TrimSpace(s[1:])
	}
}
