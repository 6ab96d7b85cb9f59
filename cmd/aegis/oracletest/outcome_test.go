//go:build linux

package oracletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// outcome is what a statement gave: rows, or an error.
type outcome struct {
	names, types []string
	rows         [][]string // text form; NULL is null
	tag          string     // of the command; that of a query is without its count in Aegis

	state    string // SQLSTATE; "" = no error
	message  string
	detail   string // of keys that are taken
	position int
}

const null = "∅"

// typeName is the name of a type by its number in PostgreSQL.
func typeName(oid uint32) string {
	if t, ok := column.TypeOfOID(oid); ok {
		return t.String()
	}
	if oid == 705 { // unknown
		return "text"
	}
	if oid >= 16384 { // the type of a table's rows, or its array
		return "record"
	}
	return "oid " + strconv.Itoa(int(oid))
}

// askPostgres runs a statement there.
func askPostgres(c *pgconn.PgConn, text string) outcome { return askPostgresWith(c, text, nil) }

func askPostgresWith(c *pgconn.PgConn, text string, params [][]byte) outcome {
	var o outcome
	// The extended protocol: one statement, as Aegis takes them.
	r := c.ExecParams(context.Background(), text, params, nil, nil, nil)
	for _, f := range r.FieldDescriptions() {
		o.names = append(o.names, f.Name)
		o.types = append(o.types, typeName(f.DataTypeOID))
	}
	for r.NextRow() {
		row := r.Values()
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = null
			if v != nil {
				cells[i] = string(v)
			}
		}
		o.rows = append(o.rows, cells)
	}
	tag, err := r.Close()
	if err == nil {
		o.tag = tag.String()
		return o
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		o := outcome{state: p.Code, message: p.Message, position: int(p.Position)}
		if o.state == takenKey {
			o.detail = p.Detail
		}
		return o
	}
	return outcome{state: "lost", message: err.Error()}
}

// askAegis runs a statement here.
func askAegis(s *query.Session, text string) outcome {
	return askWith(s, query.Request{SQL: text})
}

func askWith(s *query.Session, req query.Request) outcome {
	r, err := s.Run(context.Background(), req)
	if err != nil {
		return failed(err)
	}
	defer r.Close()
	o := outcome{tag: r.Command()}
	for _, c := range r.Columns {
		o.names = append(o.names, c.Name)
		o.types = append(o.types, c.Type.String())
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return o
		}
		if err != nil {
			return failed(err)
		}
		for i := range b.Len {
			cells := make([]string, len(b.Columns))
			for k, v := range b.Columns {
				cells[k] = null
				if !v.IsNull(i) {
					cells[k] = string(literal.Append(nil, v, i, r.Format()))
				}
			}
			o.rows = append(o.rows, cells)
		}
	}
}

func failed(err error) outcome {
	var e *column.Error
	if !errors.As(err, &e) {
		return outcome{state: "none", message: err.Error()}
	}
	state := e.SQLState
	if state == "" {
		state = "class " + e.Class.Error()
	}
	o := outcome{state: state, message: err.Error(), position: e.Position}
	if state == takenKey {
		o.detail = e.Detail
	}
	return o
}

// takenKey is the state of errors that are compared to the letter: clients read which constraint and which key it is.
const takenKey = "23505"

// comparison says how strictly outcomes are compared.
type comparison struct {
	ordered bool // rows come in an order
	near    bool // floats may differ in their last digits: sums in another order, another library's sine
	loose   bool // any two errors are equal
}

// differ explains the first difference between what PostgreSQL said and what Aegis said; "" if there is none.
func (c comparison) differ(want, got outcome) string {
	if want.state != "" || got.state != "" {
		return c.errorsDiffer(want, got)
	}
	if !slices.Equal(want.names, got.names) {
		return fmt.Sprintf("columns are named %q, in PostgreSQL %q", got.names, want.names)
	}
	if !slices.Equal(want.types, got.types) {
		return fmt.Sprintf("columns have types %q, in PostgreSQL %q", got.types, want.types)
	}
	if len(want.names) > 0 && len(want.rows) != len(got.rows) { // the client does not count rows without columns
		return fmt.Sprintf("%d rows, in PostgreSQL %d%s", len(got.rows), len(want.rows), sample(want, got))
	}
	if len(want.names) == 0 {
		return ""
	}
	a, b := want.rows, got.rows
	if !c.ordered {
		a, b = sorted(a), sorted(b)
	}
	for i := range a {
		for k := range a[i] {
			if a[i][k] != b[i][k] && !(c.near && near(a[i][k], b[i][k], want.types[k])) {
				return fmt.Sprintf("row %d is %q, in PostgreSQL %q", i+1, b[i], a[i])
			}
		}
	}
	return ""
}

func sample(want, got outcome) string {
	if len(want.rows) > 5 || len(got.rows) > 5 {
		return ""
	}
	return fmt.Sprintf(": %q, in PostgreSQL %q", got.rows, want.rows)
}

func sorted(rows [][]string) [][]string {
	out := slices.Clone(rows)
	slices.SortFunc(out, func(a, b []string) int { return slices.Compare(a, b) })
	return out
}

// near compares floats of six (real) or twelve digits: what is left after sums in another order.
func near(a, b, typ string) bool {
	tolerance := map[string]float64{"real": 1e-5, "double precision": 1e-11}[typ]
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil || tolerance == 0 {
		return false
	}
	return math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y)) || math.Abs(x-y) < 1e-13
}

// errorsDiffer compares errors. Where PostgreSQL points at a place, so must Aegis, which may point where PostgreSQL does
// not: its errors at run time know their place.
func (c comparison) errorsDiffer(want, got outcome) string {
	switch {
	case want.state == "":
		return fmt.Sprintf("fails with %s %s; PostgreSQL answers %.200q", got.state, got.message, want.rows)
	case got.state == "":
		return fmt.Sprintf("answers %.200q; PostgreSQL fails with %s %s", got.rows, want.state, want.message)
	case c.loose:
		return ""
	case want.state == takenKey && got.state == takenKey && (want.message != got.message || want.detail != got.detail):
		return fmt.Sprintf("fails with %s (%s); PostgreSQL with %s (%s)", got.message, got.detail, want.message, want.detail)
	case want.state != got.state:
		return fmt.Sprintf("fails with %s %s; PostgreSQL with %s %s", got.state, got.message, want.state, want.message)
	case want.position != 0 && want.position != got.position:
		return fmt.Sprintf("points at %d (%s); PostgreSQL at %d (%s)", got.position, got.message, want.position, want.message)
	case likeness(want.message, got.message) < 0.5:
		return fmt.Sprintf("says %q; PostgreSQL says %q", got.message, want.message)
	}
	return ""
}

// likeness is the share of words that two messages have in common.
func likeness(a, b string) float64 {
	x, y := words(a), words(b)
	both := 0
	for w := range x {
		if y[w] {
			both++
		}
	}
	return float64(both) / float64(max(1, min(len(x), len(y))))
}

func words(s string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \"',:;()", r) }) {
		out[w] = true
	}
	return out
}
