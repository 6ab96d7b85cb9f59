package main

import "strings"

// splitSQL cuts a script at its semicolons; those in strings, names, comments and dollar quotes do not count. rest is what comes
// after the last one, "" if that is blank.
func splitSQL(text string) (statements []string, rest string) {
	from := 0
	for i := 0; i < len(text); {
		if text[i] == ';' {
			if s := strings.TrimSpace(text[from:i]); s != "" {
				statements = append(statements, s)
			}
			i++
			from = i
			continue
		}
		n := skip(text[i:])
		if n < 0 {
			break // open to the end
		}
		i += n
	}
	rest = strings.TrimSpace(text[from:])
	if onlyComments(rest) {
		rest = ""
	}
	return statements, rest
}

// skip gives the length of the string, name, comment or other byte that text begins with; -1 if it has no end.
func skip(text string) int {
	end := func(start int, closing string) int {
		n := strings.Index(text[start:], closing)
		if n < 0 {
			return -1
		}
		return start + n + len(closing)
	}
	switch {
	case text[0] == '\'' || text[0] == '"':
		return end(1, text[:1]) // a doubled quote begins the next one
	case (text[0] == 'e' || text[0] == 'E') && len(text) > 1 && text[1] == '\'':
		return escapedString(text)
	case strings.HasPrefix(text, "--"):
		if n := end(2, "\n"); n >= 0 {
			return n
		}
		return -1
	case strings.HasPrefix(text, "/*"):
		return blockComment(text)
	case text[0] == '$':
		if n := strings.IndexByte(text[1:], '$'); n >= 0 && isTag(text[1:1+n]) {
			return end(n+2, text[:n+2])
		}
	case isWord(text[0]): // as a whole, so that the e of done'…' begins no string
		n := 1
		for n < len(text) && isWord(text[n]) {
			n++
		}
		return n
	}
	return 1
}

func escapedString(text string) int {
	for i := 2; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return -1
}

// blockComment measures a comment; comments nest.
func blockComment(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); {
		switch text[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isTag(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return s == "" || s[0] < '0' || s[0] > '9'
}

func onlyComments(text string) bool {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if !strings.HasPrefix(text, "--") && !strings.HasPrefix(text, "/*") {
			return false
		}
		n := skip(text)
		if n < 0 {
			return strings.HasPrefix(text, "--")
		}
		text = text[n:]
	}
	return true
}
