package timezone

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must be known where the system has no files of them
)

// zoneNames are the names of the zone database that comes with Go, one a line: the database itself cannot be listed.
//
//go:embed zones.txt
var zoneNames string

// Names lists the names of time zones, ascending.
func Names() []string { return strings.Fields(zoneNames) }

// spelled gives a zone's name as the database spells it, by its name in lower case.
var spelled = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, n := range Names() {
		m[strings.ToLower(n)] = n
	}
	return m
})

// Named finds the zone of a name of the database, in any case, or of POSIX' form. Its String is the name as the database spells it, or POSIX' form in
// capital letters.
func Named(text string) (*time.Location, bool) {
	if name, ok := spelled()[strings.ToLower(text)]; ok {
		return inDatabase(name)
	}
	return posix(strings.ToUpper(text))
}

var loaded sync.Map // of the names in the database that were asked for

func inDatabase(name string) (*time.Location, bool) {
	if name == "UTC" {
		return time.UTC, true
	}
	if l, ok := loaded.Load(name); ok {
		return l.(*time.Location), true
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	loaded.Store(name, l)
	return l, true
}
