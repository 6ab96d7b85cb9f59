package pgwire

import (
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/query/sql"
)

// reported are the settings whose values the client is told, at the start and whenever they change, and constants in their place.
var reported = []struct{ name, constant string }{
	{"application_name", ""},
	{"client_encoding", "UTF8"},
	{"DateStyle", ""},
	{"default_transaction_read_only", ""},
	{"in_hot_standby", "off"},
	{"integer_datetimes", "on"},
	{"IntervalStyle", ""},
	{"is_superuser", "on"},
	{"server_encoding", "UTF8"},
	{"server_version", ""},
	{"standard_conforming_strings", ""},
	{"TimeZone", ""},
}

// reportAll tells the client the settings that it does not know, or knows otherwise.
func (c *session) reportAll() {
	if c.reported == nil {
		c.reported = make(map[string]string, len(reported)+1)
		c.report("session_authorization", c.user)
	}
	for _, r := range reported {
		value := r.constant
		if value == "" {
			v, err := c.query.Show(strings.ToLower(r.name))
			if err != nil {
				continue // a setting that the engine does not have
			}
			value = v
		}
		if old, known := c.reported[r.name]; !known || old != value {
			c.report(r.name, value)
		}
	}
}

func (c *session) report(name, value string) {
	c.reported[name] = value
	c.send(&pgproto3.ParameterStatus{Name: name, Value: value})
}

// after tells the client about settings that a statement has changed.
func (c *session) after(stmt sql.Stmt, text string) {
	switch stmt.(type) {
	case *sql.Set, *sql.Reset, *sql.Transaction, *sql.SetTransaction:
		c.reportAll()
	case *sql.Query:
		if strings.Contains(text, "set_config") {
			c.reportAll()
		}
	}
}
