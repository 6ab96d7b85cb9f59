package setting

import (
	"maps"
	"strings"
)

// transaction is what SET changed in one, so that it can be undone; nil values stand for the default.
type transaction struct {
	before map[string]*string // at its start
	stays  map[string]*string // of what SET LOCAL changed: as the transaction leaves it if it commits
}

// BeginTransaction starts to remember what SET changes.
func (v *Values) BeginTransaction() {
	v.changed = &transaction{map[string]*string{}, map[string]*string{}}
}

// InTransaction reports whether changes are remembered.
func (v *Values) InTransaction() bool { return v.changed != nil }

// EndTransaction undoes what SET LOCAL changed and, unless the transaction is committed, what SET did.
func (v *Values) EndTransaction(committed bool) error {
	if v.changed == nil {
		return nil
	}
	undo := v.changed.before
	if committed {
		undo = v.changed.stays
	}
	v.changed = nil
	for name, value := range undo {
		v.put(name, value)
	}
	maps.DeleteFunc(v.set, func(name, _ string) bool { return isMode(name) })
	return v.derive()
}

// remember keeps the value that a setting has before it is changed.
func (v *Values) remember(name string, local bool) {
	c := v.changed
	if c == nil {
		return
	}
	var now *string
	if text, ok := v.set[name]; ok {
		now = &text
	}
	if _, known := c.before[name]; !known {
		c.before[name] = now
	}
	if _, known := c.stays[name]; local && !known {
		c.stays[name] = now
	} else if !local {
		delete(c.stays, name)
	}
}

// TransactionModes gives the settings of the transaction by name, as far as it has any of its own.
func (v *Values) TransactionModes() map[string]string {
	out := map[string]string{}
	for name, value := range v.set {
		if isMode(name) {
			out[name] = value
		}
	}
	return out
}

// isMode reports the settings of one transaction, whose defaults are the settings of the same names with default_ in front.
func isMode(name string) bool {
	return strings.HasPrefix(name, "transaction_") && name != "transaction_timeout"
}

// State is what settings were at a savepoint.
type State struct {
	set     map[string]string
	changed *transaction
}

// State remembers the settings of now.
func (v *Values) State() State {
	s := State{set: maps.Clone(v.set)}
	if c := v.changed; c != nil {
		s.changed = &transaction{maps.Clone(c.before), maps.Clone(c.stays)}
	}
	return s
}

// Restore goes back to a state of this transaction, which can be gone back to again.
func (v *Values) Restore(s State) error {
	v.set, v.changed = s.set, s.changed
	again := v.State()
	v.set, v.changed = again.set, again.changed
	return v.derive()
}
