package query

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/opt"
)

// Session is a client's settings. Not safe for concurrent use.
type Session struct {
	engine   *Engine
	database string
	location *time.Location
	timeout  time.Duration
	settings map[string]string // as SHOW prints them

	// Blocks says that the session outlives its statements, so that BEGIN and what belongs to it have a meaning.
	Blocks bool
	block  *block // nil = each statement is a transaction of its own

	// Tuning is for tests and EXPLAIN-minded users; the zero value is right.
	Tuning Tuning
}

// Tuning changes how statements run, never what they answer.
type Tuning struct {
	RulesOff  map[string]bool // optimizer rules by name
	Workers   int
	Plain     bool // no work by runs, no encodings
	BatchRows int
	// HeldBytes is the memory for rows that operators can also keep on disk: 1 = all of them go there. 0 = the default.
	HeldBytes int64
}

// NewSession starts a session in a database ("" = the default one).
func (e *Engine) NewSession(database string) *Session {
	return &Session{
		engine: e, database: database, location: time.UTC, timeout: e.options.Timeout, settings: e.defaults(),
	}
}

// defaults are the settings of a new session.
func (e *Engine) defaults() map[string]string {
	return map[string]string{
		"timezone": "UTC", "search_path": "public, metrics", "datestyle": "ISO, MDY", "intervalstyle": "postgres",
		"statement_timeout": e.options.Timeout.String(), "application_name": "", "client_encoding": "UTF8",
		"server_encoding": "UTF8", "standard_conforming_strings": "on", "server_version": ServerVersion,
		"extra_float_digits": "1", "optimizer_rules_off": "", "bytea_output": "hex", "client_min_messages": "notice",
		"transaction_isolation": "read committed", "max_identifier_length": "63", "default_transaction_read_only": "off",
	}
}

// Location is the session's time zone.
func (s *Session) Location() *time.Location { return s.location }

// Set changes a setting, by the name and value of SET; "" stands for its default.
func (s *Session) Set(name, value string) error {
	name = strings.ToLower(name)
	if value == "" {
		value = s.engine.defaults()[name]
	}
	switch name {
	case "timezone":
		l, err := fn.Location(value)
		if err != nil {
			return column.SQLErrorf(column.Invalid, "22023", "invalid value for parameter \"TimeZone\": %q", value)
		}
		s.location, value = l, l.String()
	case "statement_timeout":
		d, err := parseTimeout(value)
		if err != nil {
			return err
		}
		s.timeout, value = d, d.String()
	case "optimizer_rules_off":
		off, err := parseRules(value)
		if err != nil {
			return err
		}
		s.Tuning.RulesOff = off
	case "application_name", "client_min_messages":
	default:
		if now, known := s.settings[name]; known {
			if strings.EqualFold(now, value) {
				return nil // what clients send at their start, and what is so anyway
			}
			return column.SQLErrorf(column.Unsupported, "0A000", "setting %q cannot be changed", name)
		}
		return column.SQLErrorf(column.Invalid, "42704", "unrecognized configuration parameter %q", name)
	}
	s.settings[name] = value
	return nil
}

// Show reads a setting.
func (s *Session) Show(name string) (string, error) {
	v, ok := s.settings[strings.ToLower(name)]
	if !ok {
		return "", column.SQLErrorf(column.Invalid, "42704", "unrecognized configuration parameter %q", name)
	}
	return v, nil
}

// settingNames lists the settings, for SHOW ALL.
func (s *Session) settingNames() []string { return slices.Sorted(maps.Keys(s.settings)) }

// parseTimeout reads PostgreSQL's form (milliseconds, or a number with a unit); 0 means no limit.
func parseTimeout(text string) (time.Duration, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "min", "m"))
	if err != nil || d < 0 {
		return 0, column.SQLErrorf(column.Invalid, "22023", "invalid value for parameter \"statement_timeout\": %q", text)
	}
	return d, nil
}

func parseRules(text string) (map[string]bool, error) {
	off := map[string]bool{}
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		known := slices.ContainsFunc(opt.Rules(), func(r opt.Rule) bool { return r.Name == name })
		if !known {
			return nil, column.SQLErrorf(column.Invalid, "22023", "there is no optimizer rule %q", name)
		}
		off[name] = true
	}
	return off, nil
}
