package timezone

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"time"
)

// abbreviationList is PostgreSQL's default set, one a line: the abbreviation, and the seconds east of Greenwich, with a D for summer time, or the zone whose
// history says what it means.
//
//go:embed abbreviations.txt
var abbreviationList string

// Abbreviation is a short name of a zone.
type Abbreviation struct {
	Name    string // in lower case
	East    int    // seconds east of Greenwich
	Summer  bool
	history string // the zone that knows, if the meaning changed
}

var abbreviations = sync.OnceValue(func() map[string]*Abbreviation {
	m := map[string]*Abbreviation{}
	for line := range strings.Lines(abbreviationList) {
		parts := strings.Fields(line)
		a := &Abbreviation{Name: parts[0], Summer: len(parts) > 2}
		var err error
		if a.East, err = strconv.Atoi(parts[1]); err != nil {
			a.history = parts[1]
		}
		m[a.Name] = a
	}
	return m
})

// Abbreviated finds an abbreviation, in lower case.
func Abbreviated(name string) (*Abbreviation, bool) {
	a, ok := abbreviations()[name]
	return a, ok
}

// Abbreviations lists the short names in no order.
func Abbreviations() []*Abbreviation {
	var out []*Abbreviation
	for _, a := range abbreviations() {
		out = append(out, a)
	}
	return out
}

// Zone gives the zone whose history an abbreviation's meaning follows, nil if it always meant the same.
func (a *Abbreviation) Zone() *time.Location {
	if a.history == "" {
		return nil
	}
	l, _ := inDatabase(a.history)
	return l
}

// At gives what an abbreviation means at an instant, a second since 1970: the last meaning it had in its zone until then, else the first one after;
// if the zone never went by it, the zone's own distance and whether that is summer time.
func (a *Abbreviation) At(second int64) (east int, summer bool) {
	zone := a.Zone()
	if zone == nil {
		return a.East, a.Summer
	}
	name := strings.ToUpper(a.Name)
	for at := time.Unix(second, 0).In(zone); ; {
		if n, offset := at.Zone(); n == name {
			return offset, at.IsDST()
		}
		start, _ := at.ZoneBounds()
		if start.IsZero() {
			break
		}
		at = start.Add(-time.Second)
	}
	// A zone's rule for the years to come never ends, and changes within a year.
	for at := time.Unix(second, 0).In(zone); at.Year() < 2040; {
		if n, offset := at.Zone(); n == name {
			return offset, at.IsDST()
		}
		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		at = end
	}
	at := time.Unix(second, 0).In(zone)
	_, offset := at.Zone()
	return offset, at.IsDST()
}

// Location gives a zone that has only the abbreviation's meanings, at each instant the one it has then.
func (a *Abbreviation) Location() *time.Location {
	name := strings.ToUpper(a.Name)
	zone := a.Zone()
	if zone == nil {
		return time.FixedZone(name, a.East)
	}
	at := time.Unix(-1<<33, 0).In(zone)
	east, _ := a.At(at.Unix())
	periods := []period{{name: name, east: east}}
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Year() >= 2040 {
			break
		}
		at = end
		if e, _ := a.At(at.Unix()); e != east {
			east = e
			periods = append(periods, period{from: at.Unix(), name: name, east: east})
		}
	}
	l, err := time.LoadLocationFromTZData(name, database(periods, ""))
	if err != nil {
		return zone // not reached: database writes what package time reads
	}
	return l
}
