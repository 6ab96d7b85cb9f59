package bind

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/sql"
)

// modifiers reads the integers in parentheses behind a type.
func modifiers(n *sql.TypeName) ([]int64, error) {
	var out []int64
	for _, m := range n.Mods {
		sign := ""
		if u, ok := m.(*sql.Unary); ok && u.Op == "-" {
			m, sign = u.Expr, "-"
		}
		l, ok := m.(*sql.Literal)
		if !ok || l.Kind != sql.LitInt {
			return nil, errorAt(n.Pos, "22023", "type modifiers must be simple constants or identifiers")
		}
		v, err := strconv.ParseInt(sign+l.Text, 10, 32)
		if err != nil {
			return nil, errorAt(l.Pos, "22023", "invalid type modifier")
		}
		out = append(out, v)
	}
	return out, nil
}

// maxLength is the longest length that varchar and char can be declared with.
const maxLength = 10485760

// modOf reads the modifiers of a type; of an array they are its elements'.
func modOf(n *sql.TypeName, t column.Type) (column.Mod, error) {
	mods, err := modifiers(n)
	if err != nil {
		return 0, err
	}
	if t.IsArray() {
		t = t.Element()
	}
	invalid := func(format string, args ...any) (column.Mod, error) {
		return 0, errorAt(n.Pos, "22023", format, args...)
	}
	if len(mods) == 0 && n.Fields == "" {
		return 0, nil
	}
	switch t.Kind {
	case column.Varchar, column.BpChar:
		name := map[column.Kind]string{column.Varchar: "varchar", column.BpChar: "char"}[t.Kind]
		switch {
		case len(mods) != 1:
			return invalid("invalid type modifier")
		case mods[0] < 1:
			return invalid("length for type %s must be at least 1", name)
		case mods[0] > maxLength:
			return invalid("length for type %s cannot exceed %d", name, maxLength)
		}
		return column.LengthMod(int(mods[0])), nil
	case column.Numeric:
		scale := int64(0)
		switch {
		case len(mods) > 2:
			return invalid("invalid NUMERIC type modifier")
		case mods[0] < 1 || mods[0] > 1000:
			return invalid("NUMERIC precision %d must be between 1 and 1000", mods[0])
		case len(mods) == 2:
			if scale = mods[1]; scale < -1000 || scale > 1000 {
				return invalid("NUMERIC scale %d must be between -1000 and 1000", scale)
			}
		}
		return column.NumericMod(int(mods[0]), int(scale)), nil
	case column.Timestamp, column.TimestampTZ, column.Time, column.TimeTZ:
		if len(mods) != 1 {
			return invalid("invalid type modifier")
		}
		if mods[0] < 0 {
			return invalid("%s(%d)%s precision must not be negative", strings.ToUpper(strings.TrimSuffix(t.Word(), "tz")), mods[0], zoneWords[t.Kind])
		}
		return column.PrecisionMod(int(min(mods[0], 6))), nil // PostgreSQL warns and takes 6
	case column.IntervalKind:
		digits := int64(-1)
		if len(mods) > 0 {
			if digits = min(mods[0], 6); digits < 0 {
				return invalid("INTERVAL(%d) precision must not be negative", mods[0])
			}
		}
		return column.IntervalMod(intervalFields(n.Fields), int(digits)), nil
	}
	return 0, errorAt(n.Pos, "42601", "type modifier is not allowed for type \"%s\"", n.Name)
}

var zoneWords = map[column.Kind]string{column.TimestampTZ: " WITH TIME ZONE", column.TimeTZ: " WITH TIME ZONE"}

// intervalFields reads "day to second".
func intervalFields(text string) (out column.IntervalFields) {
	if text == "" {
		return 0
	}
	order := []string{"year", "month", "day", "hour", "minute", "second"}
	bits := []column.IntervalFields{column.YearField, column.MonthField, column.DayField, column.HourField, column.MinuteField, column.SecondField}
	first, last, several := strings.Cut(text, " to ")
	if !several {
		last = first
	}
	inside := false
	for i, name := range order {
		inside = inside || name == first
		if inside {
			out |= bits[i]
		}
		if name == last {
			break
		}
	}
	return out
}

// limited applies the modifiers of a cast's type: texts that are too long are cut.
func (b *binder) limited(e expr.Expr, n *sql.TypeName, t column.Type) (expr.Expr, error) {
	mod, err := modOf(n, t)
	if err != nil {
		return nil, err
	}
	return b.bounded(e, t, mod, true), nil
}

// bounded brings a value to the declared limit of its type.
func (b *binder) bounded(e expr.Expr, t column.Type, mod column.Mod, explicit bool) expr.Expr {
	f := b.Functions.Limit(t, mod, explicit)
	if f == nil {
		return e
	}
	out := b.folded(&expr.Call{Fn: f, Args: []expr.Expr{e}, T: t, At: e.Pos()})
	if l, ok := out.(*expr.Literal); ok {
		return &expr.Literal{Value: l.Value, At: l.At, Mod: mod}
	}
	return out
}
