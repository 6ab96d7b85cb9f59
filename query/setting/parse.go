package setting

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// parseBool reads a boolean as PostgreSQL's configuration does: any prefix of a word that is unambiguous.
func parseBool(text string) (on, ok bool) {
	s := strings.ToLower(text)
	switch {
	case s == "":
		return false, false
	case s == "1", s == "on", strings.HasPrefix("true", s), strings.HasPrefix("yes", s):
		return true, true
	case s == "0", s == "of", s == "off", strings.HasPrefix("false", s), strings.HasPrefix("no", s):
		return false, true
	}
	return false, false
}

// parseEnum finds one of the values, in any case. Booleans may stand for on and off.
func parseEnum(d *Definition, text string) (string, error) {
	for _, v := range d.Values {
		if strings.EqualFold(v, text) {
			return v, nil
		}
	}
	if on, ok := parseBool(text); ok {
		if word := map[bool]string{true: "on", false: "off"}[on]; slices.Contains(d.Values, word) {
			return word, nil
		}
	}
	return "", invalid(strings.ToLower(d.Name), text, "", "Available values: "+strings.Join(d.Values, ", ")+".")
}

// units are how many of the base unit a unit is.
type unit struct {
	name string
	size float64
}

var (
	memoryUnits = []unit{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	timeUnits   = []unit{{"d", 86_400e6}, {"h", 3_600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
	baseUnits   = map[string]float64{"B": 1, "kB": 1 << 10, "8kB": 8 << 10, "ms": 1e3, "s": 1e6, "min": 60e6}
)

// unitsOf lists the units that values of a base unit can be given in.
func unitsOf(base string) ([]unit, string) {
	switch base {
	case "ms", "s", "min":
		return timeUnits, `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
	case "B", "kB", "8kB":
		return memoryUnits, `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	}
	return nil, ""
}

// parseNumber reads an integer or real, with a unit or in the setting's own, and gives it in the latter.
func parseNumber(d *Definition, text string) (string, error) {
	name := strings.ToLower(d.Name)
	units, hint := unitsOf(d.Unit)
	body := strings.TrimSpace(text)
	end := numberEnd(body)
	v, err := strconv.ParseFloat(body[:end], 64)
	if err != nil {
		if n, intErr := strconv.ParseInt(body[:end], 0, 64); intErr == nil {
			v, err = float64(n), nil
		}
	}
	if err != nil || math.IsNaN(v) {
		return "", invalid(name, text, "", "")
	}
	if word := strings.TrimSpace(body[end:]); word != "" {
		i := slices.IndexFunc(units, func(u unit) bool { return u.name == word })
		if i < 0 {
			return "", invalid(name, text, "", hint)
		}
		v = v * units[i].size / baseUnits[d.Unit]
	}
	if d.Kind == Integer {
		v = math.RoundToEven(v)
		if v > maxInt || v < -maxInt-1 {
			return "", invalid(name, text, "", "Value exceeds integer range.")
		}
	}
	if v < d.Min || v > d.Max {
		shown := number(v)
		if d.Unit != "" {
			shown += " " + d.Unit
		}
		return "", column.SQLErrorf(column.Invalid, "22023", "%s is outside the valid range for parameter \"%s\" (%s .. %s)", shown, name, number(d.Min), number(d.Max))
	}
	return number(v), nil
}

// numberEnd finds where a number ends: digits, a point, an exponent.
func numberEnd(s string) int {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if strings.HasPrefix(s[i:], "0x") {
		i += 2
		for i < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0 {
			i++
		}
		return i
	}
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		k := i + 1
		if k < len(s) && (s[k] == '+' || s[k] == '-') {
			k++
		}
		if k < len(s) && s[k] >= '0' && s[k] <= '9' {
			for k < len(s) && s[k] >= '0' && s[k] <= '9' {
				k++
			}
			return k
		}
	}
	return i
}

// Number writes a value of an integer or real setting.
func Number(v float64) string { return number(v) }

func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// kept reads a number that is kept.
func kept(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64)
	return v
}

// withUnit writes a number that is kept with the largest unit that it is a whole number of.
func withUnit(text, base string) string {
	v := kept(text)
	if v <= 0 {
		return text // 0 and -1 mean something else than an amount
	}
	units, _ := unitsOf(base)
	total := v * baseUnits[base]
	for _, u := range units {
		if math.Mod(total, u.size) == 0 {
			return number(total/u.size) + u.name
		}
	}
	return text + base
}

// isCustom reports whether a name is one of those that mean nothing to Aegis, and that anybody may make: two or more words with dots between.
func isCustom(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		for i, c := range p {
			if !(c == '_' || c >= 'a' && c <= 'z' || c >= 0x80 || i > 0 && (c >= '0' && c <= '9' || c == '$')) {
				return false
			}
		}
		if p == "" {
			return false
		}
	}
	return true
}
