package jsonpath

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// method applies an item method.
func (e *evaluator) method(n *node, v jsonvalue.Value, unwrap bool, emit emitter) error {
	switch n.text {
	case "type":
		name := v.Kind.Name()
		if v.Kind == jsonvalue.Time {
			name = v.Moment.(moment).typeName()
		}
		return e.then(n, jsonvalue.Text(name), emit)
	case "size":
		size := 1
		switch {
		case v.Kind == jsonvalue.Array:
			size = len(v.Items)
		case !e.forgiving():
			return fail("22039", "jsonpath item method .size() can only be applied to an array")
		case !e.lax:
			return nil
		}
		return e.then(n, jsonvalue.Digits(strconv.Itoa(size)), emit)
	}
	if unwrap && v.Kind == jsonvalue.Array {
		return e.each(n, v, emit)
	}
	switch n.text {
	case "double":
		return e.double(n, v, emit)
	case "keyvalue":
		return e.keyvalue(n, v, emit)
	case "datetime":
		if v.Kind != jsonvalue.String {
			return fail("22031", "jsonpath item method .datetime() can only be applied to a string")
		}
		m, ok := parseMoment(v.Text)
		if !ok {
			err := column.SQLErrorf(column.Invalid, "22031", "datetime format is not recognized: \"%s\"", v.Text)
			err.Hint = "Use a datetime template argument to specify the input data format."
			return err
		}
		return e.then(n, jsonvalue.Value{Kind: jsonvalue.Time, Text: m.text(), Moment: m}, emit)
	}
	if v.Kind != jsonvalue.Number {
		return fail("22036", "jsonpath item method .%s() can only be applied to a numeric value", n.text)
	}
	d := new(apd.Decimal)
	ctx := apd.BaseContext.WithPrecision(1000)
	var err error
	switch n.text {
	case "abs":
		d.Abs(v.Decimal())
	case "floor":
		_, err = ctx.Floor(d, v.Decimal())
	default:
		_, err = ctx.Ceil(d, v.Decimal())
	}
	if err != nil {
		return fail("22003", "value overflows numeric format")
	}
	return e.then(n, jsonvalue.Digits(e.Print(d)), emit)
}

func (e *evaluator) double(n *node, v jsonvalue.Value, emit emitter) error {
	const invalid = "string argument of jsonpath item method .double() is not a valid representation of a double precision number"
	switch v.Kind {
	case jsonvalue.Number:
		f, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || math.IsInf(f, 0) {
			return fail("22036", "numeric argument of jsonpath item method .double() is out of range for type double precision")
		}
		return e.then(n, v, emit)
	case jsonvalue.String:
		f, err := literal.ParseFloat(v.Text, column.T(column.Float64))
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return fail("22036", invalid)
		}
		text, err := literal.ParseNumeric(strconv.FormatFloat(f, 'g', 15, 64))
		if err != nil {
			return err
		}
		return e.then(n, jsonvalue.Digits(text), emit)
	}
	return fail("22036", "jsonpath item method .double() can only be applied to a string or numeric value")
}

func (e *evaluator) keyvalue(n *node, v jsonvalue.Value, emit emitter) error {
	if v.Kind != jsonvalue.Object {
		return fail("2203C", "jsonpath item method .keyvalue() can only be applied to an object")
	}
	for _, m := range v.Members {
		pair := jsonvalue.Dict([]jsonvalue.Member{{Key: "key", Value: jsonvalue.Text(m.Key)}, {Key: "value", Value: m.Value}, {Key: "id", Value: jsonvalue.Digits("0")}})
		if err := e.then(n, pair, emit); err != nil {
			return err
		}
	}
	return nil
}

// moment is what datetime() makes of a text: a date, a time of day or both, with an offset from UTC or without.
type moment struct {
	days   int64
	micros int64
	offset int64 // seconds east
	date   bool
	clock  bool
	zoned  bool
}

func (m moment) typeName() string {
	zone := " without time zone"
	if m.zoned {
		zone = " with time zone"
	}
	switch {
	case !m.clock:
		return "date"
	case !m.date:
		return "time" + zone
	}
	return "timestamp" + zone
}

// parseMoment reads the forms of ISO 8601 that PostgreSQL tries.
func parseMoment(s string) (m moment, ok bool) {
	s = strings.Trim(s, " \t\n\r")
	if len(s) >= 10 && s[4] == '-' && s[7] == '-' {
		y, okY := number(s[:4])
		mo, okM := number(s[5:7])
		d, okD := number(s[8:10])
		if !okY || !okM || !okD || mo < 1 || mo > 12 || d < 1 || d > int64(literal.DaysInMonth(y, int(mo))) {
			return m, false
		}
		m.date, m.days = true, literal.DaysFromCivil(y, int(mo), int(d))
		if s = s[10:]; s == "" {
			return m, true
		}
		if s[0] != ' ' && s[0] != 'T' {
			return m, false
		}
		s = strings.TrimLeft(s[1:], " ")
	}
	return m, m.readClock(s)
}

func number(s string) (v int64, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, s != ""
}

func (m *moment) readClock(s string) bool {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return false
	}
	h, okH := number(s[:2])
	mi, okM := number(s[3:5])
	sec, okS := number(s[6:8])
	if !okH || !okM || !okS || h > 23 || mi > 59 || sec > 59 {
		return false
	}
	m.clock, m.micros = true, (h*3600+mi*60+sec)*1e6
	s = s[8:]
	if strings.HasPrefix(s, ".") {
		n := 1
		for n < len(s) && n < 7 && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		f, _ := number((s[1:n] + "00000")[:6])
		m.micros += f
		s = s[n:]
	}
	if s = strings.TrimLeft(s, " "); s == "" {
		return true
	}
	if s[0] != '+' && s[0] != '-' {
		return false
	}
	hours, minutes, more := strings.Cut(s[1:], ":")
	oh, ok := number(hours)
	om, okMin := number(minutes)
	if !ok || len(hours) > 2 || more && (!okMin || len(minutes) > 2 || om > 59) || oh > 15 {
		return false
	}
	m.zoned, m.offset = true, oh*3600+om*60
	if s[0] == '-' {
		m.offset = -m.offset
	}
	return true
}

// text is how a moment is written into JSON.
func (m moment) text() string {
	var out []byte
	if m.date {
		out = literal.AppendDate(out, m.days)
	}
	if m.clock {
		if m.date {
			out = append(out, 'T')
		}
		stamp := literal.AppendTimestamp(nil, m.micros, column.T(column.Timestamp), literal.Options{})
		out = append(out, stamp[len("1970-01-01 "):]...)
	}
	if m.zoned {
		sign, o := byte('+'), m.offset
		if o < 0 {
			sign, o = '-', -o
		}
		out = append(out, sign, byte('0'+o/36000), byte('0'+o/3600%10), ':', byte('0'+o/600%6), byte('0'+o/60%10))
	}
	return string(out)
}

// compareMoments orders dates and time stamps together and times of day together; ok is false where they are in no order.
func (e *evaluator) compareMoments(a, b moment) (order int, ok bool) {
	if a.date != b.date {
		return 0, false
	}
	if a.zoned != b.zoned && e.Zone == nil {
		return 0, false
	}
	x, y := e.instant(a, a.zoned || b.zoned), e.instant(b, a.zoned || b.zoned)
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case !a.date && a.zoned && a.offset != b.offset: // times of day with equal instants: by their zones
		if a.offset > b.offset {
			return -1, true
		}
		return 1, true
	}
	return 0, true
}

func (e *evaluator) instant(m moment, zoned bool) int64 {
	v := m.days*literal.MicrosPerDay + m.micros
	switch {
	case !zoned:
		return v
	case m.zoned:
		return v - m.offset*1e6
	}
	return v - int64(literal.LocalOffset(v/1e6, e.Zone))*1e6
}
