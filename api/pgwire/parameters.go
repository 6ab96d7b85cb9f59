package pgwire

import (
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/query/sql"
)

// reported are the settings whose values the client is told, at the start and whenever they change.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes", "IntervalStyle",
	"is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// reportAll tells the client the settings that it does not know, or knows otherwise.
func (c *session) reportAll() {
	if c.reported == nil {
		c.reported = make(map[string]string, len(reported))
	}
	for _, name := range reported {
		value, err := c.query.Show(name)
		if err != nil {
			continue // a setting that the engine does not have
		}
		if old, known := c.reported[name]; !known || old != value {
			c.report(name, value)
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
