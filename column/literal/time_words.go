package literal

import (
	"time"

	"github.com/automatanexus/aegis-db/column/timezone"
)

// unitWords label the number after them; what they mean where two words mean the same, "" for those that no number can follow.
var unitWords = map[string]string{
	"d": "d", "h": "h", "j": "j", "jd": "j", "julian": "j", "m": "m", "mm": "mm", "s": "s", "y": "y",
	"dow": "-", "doy": "-", "isodow": "-", "isoyear": "-",
}

// isDateWord reports whether a word is one of those that dates and times are made of, zones aside.
func isDateWord(word string) bool {
	switch word {
	case "ad", "bc", "am", "pm", "at", "on", "dst", "t", "allballs", "epoch", "infinity", "now", "today", "tomorrow", "yesterday":
		return true
	}
	return unitWords[word] != "" || monthOf(word) > 0 || isDayOfWeek(word)
}

// addWord takes a word: abbreviations of zones come before everything else.
func (f *fields) addWord(tokens []token, i int) (parts, error) {
	word := tokens[i].text
	if a, ok := timezone.Abbreviated(word); ok {
		return f.addAbbreviation(a)
	}
	if month := monthOf(word); month > 0 && !f.m.timeOnly {
		return f.addMonth(int64(month)), nil
	}
	if isDayOfWeek(word) && !f.m.timeOnly {
		return dayOfWeekPart, nil
	}
	if label := unitWords[word]; label != "" {
		f.label = label
		return 0, nil
	}
	switch word {
	case "at", "on":
		return 0, nil
	case "t":
		if !f.m.timeOnly && !f.all(dateParts) || i+1 == len(tokens) {
			return 0, errFormat
		}
		if next := tokens[i+1].kind; next != numberToken && next != timeToken && next != dateToken {
			return 0, errFormat
		}
		f.label = "t"
		return 0, nil
	case "bc", "ad":
		f.bc = word == "bc"
		return eraPart, nil
	case "am", "pm":
		f.meridian = word[0]
		return meridianPart, nil
	case "dst":
		f.m.fixed = true
		f.m.displace += 3600
		return summerPart | summerZonePart, nil
	case "infinity", "-infinity", "epoch", "now", "today", "tomorrow", "yesterday", "allballs":
		return f.addSpecial(word)
	}
	if monthOf(word) > 0 || isDayOfWeek(word) || tokens[i].kind == specialToken {
		return 0, errFormat
	}
	zone, ok := timezone.Named(word)
	if !ok {
		return 0, errFormat
	}
	f.m.zone = zone
	return zonePart, nil
}

func (f *fields) addMonth(month int64) parts {
	given := monthPart
	if f.all(monthPart) && !f.textMonth && !f.all(dayPart) && f.month >= 1 && f.month <= 31 {
		// The number that came first was the day: 8 Jan 1999.
		f.day, given = f.month, dayPart
	}
	f.month, f.textMonth = month, true
	return given
}

func (f *fields) addAbbreviation(a *timezone.Abbreviation) (parts, error) {
	if a.Zone() != nil {
		f.m.abbreviation = a
		return zonePart, nil
	}
	f.m.fixed, f.m.displace = true, a.East
	if a.Summer {
		return zonePart | summerZonePart, nil
	}
	return zonePart, nil
}

func (f *fields) addSpecial(word string) (parts, error) {
	if f.m.timeOnly && word != "now" && word != "allballs" {
		return 0, errFormat
	}
	switch word {
	case "infinity":
		f.ordinary()
		f.m.infinite = 1
		return specialPart, nil
	case "-infinity":
		f.ordinary()
		f.m.infinite = -1
		return specialPart, nil
	case "epoch":
		f.ordinary()
		f.epoch = true
		return specialPart, nil
	}
	f.ordinary()
	if word == "allballs" {
		f.hour, f.minute, f.second, f.fraction = 0, 0, 0, 0
		f.m.fixed, f.m.displace = true, 0
		return timeParts | zonePart, nil
	}
	if f.opt.Now.IsZero() {
		return 0, errorf(invalidParameter, "\"%s\" needs a clock, and there is none here", word)
	}
	zone := f.opt.Location
	if zone == nil {
		zone = time.UTC
	}
	now := f.opt.Now.In(zone)
	days := map[string]int{"yesterday": -1, "tomorrow": 1}[word]
	if word == "now" {
		f.setClock(now)
		if f.m.timeOnly {
			return timeParts, nil
		}
		_, f.m.displace = now.Zone()
		f.m.fixed = true
	}
	year, month, day := now.AddDate(0, 0, days).Date()
	f.year, f.month, f.day = int64(year), int64(month), int64(day)
	if word == "now" {
		return dateParts | timeParts | zonePart, nil
	}
	return dateParts, nil
}

func (f *fields) setClock(now time.Time) {
	hour, minute, second := now.Clock()
	f.hour, f.minute, f.second, f.fraction = int64(hour), int64(minute), int64(second), int64(now.Nanosecond())
	if f.m.digits == 6 {
		f.fraction /= 1000
	}
}
