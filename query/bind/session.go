package bind

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// settings are the names SET and SHOW know. Those after the blank line change nothing; clients send them at their start.
var settings = map[string]bool{
	"timezone": true, "search_path": true, "statement_timeout": true, "optimizer_rules_off": true,

	"application_name": true, "client_encoding": true, "client_min_messages": true, "datestyle": true, "extra_float_digits": true,
	"intervalstyle": true, "standard_conforming_strings": true, "bytea_output": true, "server_version": true, "server_encoding": true,
	"transaction_isolation": true, "max_identifier_length": true, "default_transaction_read_only": true,
}

// fixed can be shown and not set.
var fixed = map[string]bool{"server_version": true, "server_encoding": true, "max_identifier_length": true}

func (b *binder) explain(n *sql.Explain) (plan.Statement, error) {
	out := &plan.Explain{Analyze: n.Analyze}
	for _, o := range n.Options {
		on := o.Value.Kind == sql.OptNone || o.Value.Text == "on" || o.Value.Text == "true" || o.Value.Text == "1"
		switch strings.ToLower(o.Name) {
		case "analyze":
			out.Analyze = on
		case "format":
			switch f := strings.ToLower(o.Value.Text); f {
			case "json":
				out.JSON = true
			case "text":
			default:
				return nil, errorAt(o.Pos, "22023", "unrecognized value for EXPLAIN option \"format\": \"%s\"", f)
			}
		case "verbose", "costs", "buffers", "timing", "summary", "settings", "wal":
		default:
			return nil, errorAt(o.Pos, "42601", "unrecognized EXPLAIN option \"%s\"", o.Name)
		}
	}
	q, ok := n.Stmt.(*sql.Query)
	if !ok {
		return nil, unsupported(n.Stmt.Position(), "EXPLAIN takes a query only", "")
	}
	root, err := b.query(q)
	if err != nil {
		return nil, err
	}
	out.Query = &plan.Query{Root: root, First: b.subqueries}
	return out, nil
}

func (b *binder) show(n *sql.Show) (plan.Statement, error) {
	if n.All {
		return nil, unsupported(n.Pos, "SHOW ALL is not supported", "Name the setting.")
	}
	if !settings[n.Name] {
		return nil, errorAt(n.Pos, "42704", "unrecognized configuration parameter \"%s\"", n.Name)
	}
	return &plan.Show{Name: n.Name}, nil
}

// set checks the value of a setting; "" stands for its default. A time-out is given in milliseconds.
func (b *binder) set(n *sql.Set) (plan.Statement, error) {
	if !settings[n.Name] {
		return nil, errorAt(n.Pos, "42704", "unrecognized configuration parameter \"%s\"", n.Name)
	}
	if fixed[n.Name] {
		return nil, errorAt(n.Pos, "55P02", "parameter \"%s\" cannot be changed", n.Name)
	}
	if n.Local {
		return nil, unsupported(n.Pos, "SET LOCAL is not supported", "Use SET.")
	}
	var parts []string
	for _, v := range n.Values {
		switch e := v.Value.(type) {
		case *sql.Literal:
			parts = append(parts, e.Text)
		case *sql.TypedLiteral:
			parts = append(parts, e.Value)
		default:
			return nil, errorAt(v.Pos, "22023", "invalid value for parameter \"%s\"", n.Name)
		}
	}
	value := strings.Join(parts, ", ")
	if len(parts) == 1 && strings.EqualFold(parts[0], "default") && n.Values[0].Word {
		value = ""
	}
	var err error
	switch {
	case value == "":
	case n.Name == "timezone":
		if strings.EqualFold(value, "local") {
			value = ""
			break
		}
		// A bare number counts hours east of Greenwich here, and here only; behind letters the sign is POSIX's.
		if hours, err := strconv.ParseFloat(value, 64); err == nil {
			value = eastOf(hours)
		}
		if _, err = fn.Location(value); err != nil {
			return nil, errorAt(n.Values[0].Pos, "22023", "invalid value for parameter \"TimeZone\": \"%s\"", value)
		}
	case n.Name == "statement_timeout":
		if value, err = milliseconds(value); err != nil {
			return nil, errorAt(n.Values[0].Pos, "22023", "invalid value for parameter \"statement_timeout\": \"%s\"", parts[0])
		}
	}
	return &plan.Set{Name: n.Name, Value: value}, nil
}

// milliseconds reads a time-out: a number, with a unit or in milliseconds.
func milliseconds(text string) (string, error) {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	factor, ok := map[string]float64{"": 1, "us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}[strings.TrimSpace(text[len(number):])]
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return "", err
	}
	if !ok || v < 0 || v*factor > 2147483647 {
		return "", strconv.ErrRange
	}
	return strconv.FormatInt(int64(v*factor+0.5), 10), nil
}

// eastOf names the zone so many hours east of Greenwich.
func eastOf(hours float64) string {
	minutes := int(math.Round(hours * 60))
	sign := "-"
	if minutes < 0 {
		sign, minutes = "+", -minutes
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, minutes/60, minutes%60)
}
