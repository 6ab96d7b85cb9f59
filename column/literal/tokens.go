package literal

import "strings"

// tokenKind is what the shape of a stretch of text suggests that it is.
type tokenKind uint8

const (
	numberToken  tokenKind = iota // digits, perhaps with a fraction
	dateToken                     // digits and letters joined by - / or .
	timeToken                     // digits with colons
	signedToken                   // + or -, then digits, perhaps with colons
	wordToken                     // letters, in lower case
	specialToken                  // + or -, then letters
)

type token struct {
	kind tokenKind
	text string
}

// maxTokens is more than any valid text has; PostgreSQL stops at the same number.
const maxTokens = 25

// tokenize cuts a date, time or interval text the way PostgreSQL does, so that what is glued together there is
// glued together here.
func tokenize(s string) ([]token, error) {
	tokens := make([]token, 0, 8)
	for i := 0; i < len(s); {
		start := i
		c := s[i]
		kind := numberToken
		switch {
		case isSpace(c):
			i++
			continue
		case isDigit(c):
			kind, i = scanNumeric(s, i)
		case isLetter(c):
			kind, i = scanWord(s, i)
			tokens = append(tokens, token{kind, strings.ToLower(s[start:i])})
			if len(tokens) > maxTokens {
				return nil, errFormat
			}
			continue
		case c == '.':
			i = skip(s, i+1, isDigit)
			if i == start+1 {
				return nil, errFormat
			}
		case c == '+' || c == '-':
			i = skip(s, i+1, isSpace)
			body := i
			switch {
			case i < len(s) && isDigit(s[i]):
				kind = signedToken
				i = skip(s, i+1, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
			case i < len(s) && isLetter(s[i]):
				kind = specialToken
				i = skip(s, i, isLetter)
			default:
				return nil, errFormat
			}
			tokens = append(tokens, token{kind, s[start:start+1] + strings.ToLower(s[body:i])})
			continue
		case c > ' ' && c < 0x7f:
			i++ // other punctuation separates
			continue
		default:
			return nil, errFormat
		}
		tokens = append(tokens, token{kind, s[start:i]})
		if len(tokens) > maxTokens {
			return nil, errFormat
		}
	}
	return tokens, nil
}

func skip(s string, i int, in func(byte) bool) int {
	for i < len(s) && in(s[i]) {
		i++
	}
	return i
}

// scanNumeric finds the end of a token that starts with a digit.
func scanNumeric(s string, i int) (tokenKind, int) {
	i = skip(s, i, isDigit)
	if i == len(s) {
		return numberToken, i
	}
	switch delim := s[i]; delim {
	case ':':
		return timeToken, skip(s, i, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
	case '-', '/', '.':
		i++
		if i < len(s) && isDigit(s[i]) {
			kind := dateToken
			if delim == '.' {
				kind = numberToken
			}
			i = skip(s, i, isDigit)
			if i < len(s) && s[i] == delim {
				return dateToken, skip(s, i, func(c byte) bool { return isDigit(c) || c == delim })
			}
			return kind, i
		}
		i = skip(s, i, func(c byte) bool { return isDigit(c) || isLetter(c) || c == delim })
		return dateToken, i
	}
	return numberToken, i
}

// scanWord finds the end of a token that starts with a letter: a word, a date such as Jan-08-1999, or a zone's name.
func scanWord(s string, i int) (tokenKind, int) {
	start := i
	i = skip(s, i, isLetter)
	if i == len(s) {
		return wordToken, i
	}
	c := s[i]
	if c == '-' || c == '/' || c == '.' || (c == '+' || isDigit(c)) && !isDateWord(strings.ToLower(s[start:i])) {
		return dateToken, skip(s, i, func(c byte) bool {
			return isLetter(c) || isDigit(c) || c == '_' || c == '/' || c == '+' || c == '-' || c == '.' || c == ':'
		})
	}
	return wordToken, i
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// monthOf gives the number of a month's name or its first three letters; 0 for other words.
func monthOf(word string) int {
	if word == "sept" {
		return 9
	}
	for i, name := range monthNames {
		if word == name || word == name[:3] {
			return i + 1
		}
	}
	return 0
}

func isDayOfWeek(word string) bool {
	switch word {
	case "sunday", "sun", "monday", "mon", "tuesday", "tues", "tue", "wednesday", "weds", "wed", "thursday", "thurs", "thur", "thu",
		"friday", "fri", "saturday", "sat":
		return true
	}
	return false
}
