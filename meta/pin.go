package meta

import (
	"maps"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Pin keeps a version for good, under a name.
type Pin struct {
	Name    string  `json:"name"`
	Version Version `json:"version"`
	// At is when the version was made, Created when the pin was, in microseconds since 1970.
	At      int64 `json:"at"`
	Created int64 `json:"created"`
}

// CreatePin pins a version that can be read.
type CreatePin struct {
	Name        string  `json:"name"`
	Version     Version `json:"version,omitempty"` // 0 = the newest
	IfNotExists bool    `json:"if_not_exists,omitempty"`
}

// DropPin lets a version go, if history does not keep it.
type DropPin struct {
	Name string `json:"name"`
}

// SQLSTATEs of what is wrong with versions and pins.
const (
	stateDuplicatePin = "42710"
	stateNoPin        = "42704"
	stateTooOld       = "72000" // snapshot_too_old
	stateNoVersion    = "22023"
)

// Pin finds a pin, nil if there is none of the name.
func (s *Snapshot) Pin(name string) *Pin { return s.history.pins[name] }

// Pins lists the pins by name.
func (s *Snapshot) Pins() []*Pin {
	out := make([]*Pin, 0, len(s.history.pins))
	for _, name := range slices.Sorted(maps.Keys(s.history.pins)) {
		out = append(out, s.history.pins[name])
	}
	return out
}

func (c *change) createPin(cmd *CreatePin) (Result, bool, error) {
	if err := checkName("pin", cmd.Name); err != nil {
		return Result{}, false, err
	}
	h := &c.history
	if old := h.pins[cmd.Name]; old != nil {
		if cmd.IfNotExists {
			return Result{ID: uint64(old.Version), Existed: true}, false, nil
		}
		return Result{}, false, column.SQLErrorf(column.Conflict, stateDuplicatePin, "pin \"%s\" already exists", cmd.Name)
	}
	v := cmd.Version
	if v == 0 {
		v = c.before.Version
	}
	if err := c.before.checkVersion(v); err != nil {
		return Result{}, false, err
	}
	if !h.pinned(v, v+1) {
		// A table whose past is kept for less could not be read there.
		for t, mark := range h.marks {
			if v < mark && (c.tables[t] == nil || c.tables[t].Created <= v) {
				return Result{}, false, errTooOld(v)
			}
		}
		if v < h.before && v != c.before.Version {
			return Result{}, false, errTooOld(v)
		}
	}
	pins := h.withPins()
	pins[cmd.Name] = &Pin{Name: cmd.Name, Version: v, At: c.before.TimeOf(v), Created: c.at}
	h.pins = pins
	return Result{ID: uint64(v)}, true, nil
}

func (c *change) dropPin(cmd *DropPin) (Result, bool, error) {
	h := &c.history
	if h.pins[cmd.Name] == nil {
		return Result{}, false, ErrNoPin(cmd.Name)
	}
	pins := h.withPins()
	delete(pins, cmd.Name)
	if h.pins = pins; len(pins) == 0 {
		h.pins = nil
	}
	return Result{}, true, nil
}

// ErrNoPin says that there is no pin of a name.
func ErrNoPin(name string) error {
	return column.SQLErrorf(column.NotFound, stateNoPin, "pin \"%s\" does not exist", name)
}

func errTooOld(v Version) error {
	e := column.SQLErrorf(column.NotFound, stateTooOld, "version %d is not kept any more", v)
	e.Hint = "aegis.versions lists what is kept. Longer history is kept with the option history, single versions with CREATE PIN."
	return e
}
