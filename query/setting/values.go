package setting

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// Values are the settings of one session, and what they mean. Not safe for concurrent use.
type Values struct {
	// What acts, made of the values each time one changes.
	Location  *time.Location
	Style     literal.Style
	Path      []string // as search_path lists it; "$user" stands for the user's schema
	Timeout   time.Duration
	WorkBytes int64
	ReadOnly  bool // the transaction may not write
	// AsOf, if not "", is the state of the past that statements read: a version, a time or the name of a pin. Nothing is written then.
	AsOf string
	// IdleInBlock and Idle are how long the session may wait for its next statement, in a transaction and outside of one; 0 = as long as the
	// server allows. Transaction is how long a transaction may take; 0 = no limit.
	IdleInBlock, Idle, Transaction time.Duration
	// Repeatable says that all statements of a transaction read one snapshot.
	Repeatable bool
	RulesOff   map[string]bool // optimizer rules by name

	User string // the session's user

	rules    []string          // of the optimizer
	maxWork  int64             // kB that work_mem may be
	defaults map[string]string // where they are not those of the definitions
	set      map[string]string // by lower-case name, what is not the default
	key      string            // see PlanKey

	changed *transaction // nil = no block is open
}

// Options are what a new session starts with.
type Options struct {
	User    string
	Plain   bool          // the user may not do everything
	Timeout time.Duration // of statements, unless the session says otherwise
	// Transaction bounds transactions, unless the session says otherwise.
	Transaction time.Duration
	WorkBytes   int64    // what a statement may hold
	Rules       []string // the names of the optimizer's rules
	// Defaults take the place of those of the definitions: what a client asks for at its start.
	Defaults map[string]string
}

// New makes the settings of a new session.
func New(o Options) (*Values, error) {
	v := &Values{User: o.User, rules: o.Rules, defaults: map[string]string{}, set: map[string]string{}, maxWork: min(max(o.WorkBytes>>10, 64), maxInt)}
	v.defaults["statement_timeout"] = number(float64(o.Timeout.Milliseconds()))
	v.defaults["transaction_timeout"] = number(float64(o.Transaction.Milliseconds()))
	v.defaults["work_mem"] = number(float64(v.maxWork))
	v.defaults["session_authorization"] = o.User
	if o.Plain {
		v.defaults["is_superuser"] = "off"
	}
	if err := v.derive(); err != nil {
		return nil, err
	}
	for name, text := range o.Defaults {
		if err := v.SetText(name, text, false); err != nil {
			return nil, err
		}
	}
	maps.Copy(v.defaults, v.set)
	v.set = map[string]string{}
	return v, v.derive()
}

// Copy gives the settings of another new session that starts alike. v has not been changed since New.
func (v *Values) Copy() *Values {
	c := *v
	c.set = map[string]string{}
	return &c
}

// Set gives a setting a value, as SET name TO values does; no values mean the default. Local changes last until EndTransaction.
func (v *Values) Set(name string, values []string, local bool) error {
	d := Find(name)
	if len(values) == 0 {
		return v.change(name, nil, local)
	}
	if len(values) > 1 && (d == nil || !d.List) {
		return column.SQLErrorf(column.Invalid, "22023", "SET %s takes only one argument", strings.ToLower(name))
	}
	if d != nil && d.Name == "search_path" { // each value is one name, whatever it looks like
		values = slices.Clone(values)
		for i, s := range values {
			values[i] = QuoteIdent(s)
		}
	}
	return v.SetText(name, strings.Join(values, ", "), local)
}

// SetText gives a setting a value as one text, as set_config() and the start of a connection do.
func (v *Values) SetText(name, text string, local bool) error { return v.change(name, &text, local) }

func (v *Values) change(name string, text *string, local bool) error {
	key := strings.ToLower(name)
	d := byName[key]
	if d == nil && !strings.Contains(key, ".") {
		return unknown(key)
	}
	if d == nil && !isCustom(key) {
		e := column.SQLErrorf(column.Invalid, "42602", "invalid configuration parameter name \"%s\"", key)
		e.Detail = "Custom parameter names must be two or more simple identifiers separated by dots."
		return e
	}
	if d == nil {
		d = &Definition{Name: key, Kind: String, Context: User, Category: custom}
	}
	switch d.Context {
	case Internal:
		return column.SQLErrorf(column.Invalid, "55P02", "parameter \"%s\" cannot be changed", key)
	case Postmaster:
		return column.SQLErrorf(column.Invalid, "55P02", "parameter \"%s\" cannot be changed without restarting the server", key)
	}
	if text != nil {
		kept, err := v.read(d, *text)
		if err != nil {
			return err
		}
		text = &kept
	}
	v.remember(key, local)
	v.put(key, text)
	return v.derive()
}

func (v *Values) put(key string, value *string) {
	switch {
	case value == nil && byName[key] == nil:
		v.set[key] = "" // a name that somebody made stays, as in PostgreSQL
	case value == nil:
		delete(v.set, key)
	default:
		v.set[key] = *value
	}
}

// read checks a value and gives the text that is kept.
func (v *Values) read(d *Definition, text string) (string, error) {
	var err error
	switch d.Kind {
	case Bool:
		on, ok := parseBool(text)
		if !ok {
			return "", column.SQLErrorf(column.Invalid, "22023", "parameter \"%s\" requires a Boolean value", strings.ToLower(d.Name))
		}
		text = map[bool]string{true: "on", false: "off"}[on]
	case Integer, Real:
		text, err = parseNumber(d, text)
	case Enum:
		text, err = parseEnum(d, text)
	case String:
		err = literal.CheckText(text)
	}
	if err == nil && d.check != nil {
		text, err = d.check(v, text)
	}
	return text, err
}

// Reset gives a setting its default.
func (v *Values) Reset(name string) error { return v.Set(name, nil, false) }

// ResetAll gives every setting its default.
func (v *Values) ResetAll() error {
	for name := range maps.Clone(v.set) {
		if d := byName[name]; d != nil && (d.Name == "role" || d.Name == "session_authorization" || isMode(d.Name)) {
			continue
		}
		v.remember(name, false)
		v.put(name, nil)
	}
	return v.derive()
}

// get gives the text that is kept.
func (v *Values) get(name string) (string, bool) {
	if text, ok := v.set[name]; ok {
		return text, true
	}
	return v.Default(name)
}

// Default is the value a setting has unless SET gives it another, as it is kept.
func (v *Values) Default(name string) (string, bool) {
	name = strings.ToLower(name)
	if isMode(name) { // where the transaction says nothing
		return v.get("default_" + name)
	}
	if text, ok := v.defaults[name]; ok {
		return text, true
	}
	if d := byName[name]; d != nil {
		return d.Default, true
	}
	return "", false
}

// Kept is a setting's value without its unit: what pg_settings shows.
func (v *Values) Kept(name string) (string, error) {
	text, ok := v.get(strings.ToLower(name))
	if !ok {
		return "", unknown(name)
	}
	return text, nil
}

// Show is a setting's value with its unit: what SHOW and current_setting give.
func (v *Values) Show(name string) (string, error) {
	text, err := v.Kept(name)
	if err != nil {
		return "", err
	}
	if d := byName[strings.ToLower(name)]; d != nil && d.Unit != "" {
		return withUnit(text, d.Unit), nil
	}
	return text, nil
}

// IsSet reports whether the session gave a setting a value of its own.
func (v *Values) IsSet(name string) bool {
	_, ok := v.set[strings.ToLower(name)]
	return ok
}

func unknown(name string) error {
	return column.SQLErrorf(column.Invalid, "42704", "unrecognized configuration parameter \"%s\"", name)
}

// invalid is the error of a value that a setting cannot have.
func invalid(name, text, detail, hint string) error {
	e := column.SQLErrorf(column.Invalid, "22023", "invalid value for parameter \"%s\": \"%s\"", name, text)
	e.Detail, e.Hint = detail, hint
	return e
}

// derive makes what acts of the values.
func (v *Values) derive() error {
	text := func(name string) string { t, _ := v.get(name); return t }
	location, _, err := zone(text("timezone"))
	if err != nil {
		return err
	}
	v.Location = location
	v.Style = styleOf(text("datestyle"), text("intervalstyle"), text("extra_float_digits"), text("bytea_output"))
	v.Path = splitIdents(text("search_path"))
	wait := func(name string) time.Duration { return time.Duration(kept(text(name))) * time.Millisecond }
	v.Timeout, v.Transaction = wait("statement_timeout"), wait("transaction_timeout")
	v.IdleInBlock, v.Idle = wait("idle_in_transaction_session_timeout"), wait("idle_session_timeout")
	v.WorkBytes = int64(kept(text("work_mem"))) << 10
	v.AsOf = text("aegis.as_of")
	v.ReadOnly = text("transaction_read_only") == "on" || v.AsOf != ""
	v.Repeatable = !strings.HasPrefix(text("transaction_isolation"), "read ")
	v.RulesOff = map[string]bool{}
	for _, r := range ruleNames(text("optimizer_rules_off")) {
		v.RulesOff[r] = true
	}
	v.key = ""
	for name := range v.set {
		if d := byName[name]; d == nil || d.inPlans {
			v.key = v.planKey()
			break
		}
	}
	return nil
}

// PlanKey is the same for two sessions if their settings make the same plans.
func (v *Values) PlanKey() string { return v.key }

func (v *Values) planKey() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(v.set)) {
		if d := byName[name]; d == nil || d.inPlans {
			b.WriteString(name + "=" + v.set[name] + "\n")
		}
	}
	return b.String()
}
