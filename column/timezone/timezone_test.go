package timezone

import (
	"testing"
	"time"
)

func TestNamed(t *testing.T) {
	second := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]struct {
		name, abbreviation string
		east               int
	}{
		"europe/berlin":              {"Europe/Berlin", "CEST", 7200},
		"utc":                        {"UTC", "UTC", 0},
		"+3":                         {"+3", "", -10800},
		"gmt+5":                      {"GMT+5", "GMT", -18000},
		"<ab>-4:30":                  {"<AB>-4:30", "AB", 16200},
		"cet-1cest,m3.5.0,m10.5.0/3": {"CET-1CEST,M3.5.0,M10.5.0/3", "CEST", 7200},
		"abc5def":                    {"ABC5DEF", "DEF", -14400},
	} {
		l, ok := Named(text)
		if !ok {
			t.Errorf("%s is not known", text)
			continue
		}
		if abbreviation, east := second.In(l).Zone(); l.String() != want.name || abbreviation != want.abbreviation || east != want.east {
			t.Errorf("%s: %s, %s, %d, want %v", text, l, abbreviation, east, want)
		}
	}
	for _, text := range []string{"", "abc", "Mars/Base", "abc5def,m13.1.0,m10.1.0", "abc5def,j60", "abc200", "abc5,m3.1.0,m10.1.0", "<abc5"} {
		if l, ok := Named(text); ok {
			t.Errorf("%q is the zone %s", text, l)
		}
	}
}

func TestAbbreviationsFollowTheirZone(t *testing.T) {
	msk, _ := Abbreviated("msk")
	location := msk.Location()
	for year, hours := range map[int]int{2010: 3, 2012: 4, 2016: 3} {
		at := time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC)
		east, summer := msk.At(at.Unix())
		if _, shown := at.In(location).Zone(); east != hours*3600 || summer || shown != east {
			t.Errorf("in %d: %d and %d, summer time %t", year, east, shown, summer)
		}
	}
	for _, a := range Abbreviations() {
		if a.history != "" && a.Zone() == nil {
			t.Errorf("%s: the zone %s is unknown", a.Name, a.history)
		}
	}
}
