package setting

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

var dateStyles = []string{"ISO", "SQL", "Postgres", "German"}

var dateOrders = []string{"MDY", "DMY", "YMD"}

// checkDateStyle reads a style, an order or both.
func checkDateStyle(v *Values, text string) (string, error) {
	now, _ := v.get("datestyle")
	style, order, _ := strings.Cut(now, ", ")
	styles, orders := map[string]bool{}, map[string]bool{}
	for _, word := range splitIdents(text) {
		word = strings.ToUpper(word)
		switch {
		case word == "ISO", word == "SQL":
			styles[word] = true
		case strings.HasPrefix(word, "POSTGRES"):
			styles["Postgres"] = true
		case word == "GERMAN":
			styles["German"] = true
			if len(orders) == 0 {
				order = "DMY"
			}
		case word == "YMD":
			orders["YMD"] = true
		case word == "DMY", strings.HasPrefix(word, "EURO"):
			orders["DMY"] = true
		case word == "MDY", word == "US", strings.HasPrefix(word, "NONEURO"):
			orders["MDY"] = true
		case word == "DEFAULT":
			def, _ := v.Default("datestyle")
			s, o, _ := strings.Cut(def, ", ")
			if len(styles) == 0 {
				style = s
			}
			if len(orders) == 0 {
				order = o
			}
		default:
			return "", invalid("DateStyle", text, "Unrecognized key word: \""+strings.ToLower(word)+"\".", "")
		}
	}
	if len(styles) > 1 || len(orders) > 1 {
		return "", invalid("DateStyle", text, "Conflicting \"datestyle\" specifications.", "")
	}
	for s := range styles {
		style = s
	}
	for o := range orders {
		order = o
	}
	return style + ", " + order, nil
}

// styleOf reads the four settings that say how values are written.
func styleOf(dates, intervals, digits, bytea string) literal.Style {
	style, order, _ := strings.Cut(dates, ", ")
	s := literal.Style{
		Date:        literal.DateStyle(max(0, slices.Index(dateStyles, style))),
		Order:       literal.DateOrder(max(0, slices.Index(dateOrders, order))),
		Interval:    literal.IntervalStyle(max(0, slices.Index(byName["intervalstyle"].Values, intervals))),
		EscapeBytea: bytea == "escape",
	}
	if n, err := strconv.Atoi(digits); err == nil && n <= 0 {
		s.FewerDigits = int8(1 - n)
	}
	return s
}

// checkEncoding takes UTF8, by any of its names.
func checkEncoding(_ *Values, text string) (string, error) {
	name := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, text))
	if name != "utf8" && name != "unicode" {
		return "", invalid("client_encoding", text, "", "Aegis speaks UTF8 only.")
	}
	return "UTF8", nil
}

func checkPath(_ *Values, text string) (string, error) {
	if _, ok := idents(text); !ok {
		return "", invalid("search_path", text, "List syntax is invalid.", "")
	}
	return text, nil
}

// checkMemory keeps a statement within what the server allows one.
func checkMemory(v *Values, text string) (string, error) {
	if kept(text) > float64(v.maxWork) {
		return "", column.SQLErrorf(column.Invalid, "22023", "%s kB is outside the valid range for parameter \"work_mem\" (64 .. %d)", text, v.maxWork)
	}
	return text, nil
}

// checkPrintable replaces what is no printable ASCII, as PostgreSQL does in names of programs.
func checkPrintable(_ *Values, text string) (string, error) {
	out := []byte(text)
	for i, c := range out {
		if c < 0x20 || c > 0x7e {
			out[i] = '?'
		}
	}
	return string(out), nil
}

func ruleNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func checkRules(v *Values, text string) (string, error) {
	for _, name := range ruleNames(text) {
		if !slices.Contains(v.rules, name) {
			return "", column.SQLErrorf(column.Invalid, "22023", "there is no optimizer rule %q", name)
		}
	}
	return text, nil
}
