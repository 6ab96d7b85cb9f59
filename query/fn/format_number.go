package fn

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addNumberFormats adds to_char of numbers and to_number.
func addNumberFormats(r *Registry) {
	const doc = "a number by a pattern: 999G990D00"
	r.add(
		scalar{name: "to_char", args: types(tInt4, tText), result: tText, doc: doc, kernel: numberToChar(readInt, intDigits(tInt4))},
		scalar{name: "to_char", args: types(tInt8, tText), result: tText, doc: doc, kernel: numberToChar(readInt, intDigits(tInt8))},
		scalar{name: "to_char", args: types(tNumeric, tText), result: tText, doc: doc, kernel: numberToChar(readNumeric, numericDigits)},
		scalar{name: "to_char", args: types(tFloat4, tText), result: tText, doc: doc, kernel: numberToChar(readFloat, floatDigits(6))},
		scalar{name: "to_char", args: types(tFloat8, tText), result: tText, doc: doc, kernel: numberToChar(readFloat, floatDigits(15))},
		scalar{name: "to_number", args: types(tText, tText), result: tNumeric, doc: "a number read by a pattern", kernel: toNumber},
	)
}

// digitsOf gives the digits of a value as a pattern wants them, without sign; post and pre of the pattern, a copy, may change.
type digitsOf[V any] func(p *numberPattern, v V) (digits string, negative bool, err error)

func numberToChar[V any](read reader[V], digits digitsOf[V]) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, patterns := read(args[0]), patternsOf(ctx, args[1], parseNumberPattern)
		return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
			p, err := patterns.at(i)
			if err != nil || len(p.nodes) == 0 {
				return nil, err
			}
			q := *p
			text, negative, err := digits(&q, a(i))
			if err != nil {
				return nil, err
			}
			w := numberWriter{p: &q, digits: text, negative: negative}
			return w.write(), nil
		})
	}
}

func intDigits(t column.Type) digitsOf[int64] {
	lo, hi := intLimits(t)
	return func(p *numberPattern, v int64) (string, bool, error) {
		switch {
		case p.roman:
			if v != int64(int32(v)) {
				return "", false, outOfRange(tInt4)
			}
			return roman(v), false, nil
		case p.science && t == tInt4:
			return scientificFloat(float64(v), p.post), false, nil
		case p.science:
			return scientific(apd.New(v, 0), p), false, nil
		}
		if p.shift {
			for range p.multi {
				if v > hi/10 || v < lo/10 {
					return "", false, outOfRange(t)
				}
				v *= 10
			}
			p.pre += p.multi
		}
		text := strconv.FormatInt(v, 10)
		text, negative := strings.CutPrefix(text, "-")
		if p.post > 0 {
			text += "." + strings.Repeat("0", p.post)
		}
		return text, negative, nil
	}
}

func numericDigits(p *numberPattern, v *apd.Decimal) (string, bool, error) {
	switch {
	case p.roman:
		k, err := rescale(v, 0).Int64()
		if v.Form != apd.Finite {
			return "", false, sqlError("0A000", "cannot convert %s to integer", map[bool]string{true: "NaN", false: "infinity"}[isNaN(v)])
		}
		if err != nil || k != int64(int32(k)) {
			return "", false, outOfRange(tInt4)
		}
		return roman(k), false, nil
	case p.science:
		return scientific(v, p), false, nil
	}
	if p.shift {
		var err error
		if v, err = mulDecimals(v, shiftedOne(p.multi)); err != nil {
			return "", false, err
		}
		p.pre += p.multi
	}
	text := string(appendDecimal(nil, rescale(v, int32(p.post))))
	text, negative := strings.CutPrefix(text, "-")
	return text, negative, nil
}

func shiftedOne(digits int) *apd.Decimal {
	d := &apd.Decimal{}
	d.Coeff.Set(pow10(int32(digits)))
	return d
}

// floatDigits shows no more digits than the type is sure of.
func floatDigits(sure int) digitsOf[float64] {
	return func(p *numberPattern, v float64) (string, bool, error) {
		switch {
		case p.roman:
			k := math.RoundToEven(v)
			if !(k >= math.MinInt32 && k <= math.MaxInt32) {
				return "", false, outOfRange(tInt4)
			}
			return roman(int64(k)), false, nil
		case p.science && (math.IsNaN(v) || math.IsInf(v, 0)):
			return unscientific(p), false, nil
		case p.science:
			return scientificFloat(v, p.post), false, nil
		}
		if p.shift {
			v *= math.Pow10(p.multi)
			if sure == 6 {
				v = float64(float32(v))
			}
			p.pre += p.multi
		}
		whole := len(printed(math.Abs(v), 0))
		if whole >= sure {
			p.post = 0
		} else if whole+p.post > sure {
			p.post = sure - whole
		}
		text, negative := strings.CutPrefix(printed(v, p.post), "-")
		return text, negative, nil
	}
}

func printed(v float64, decimals int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func scientificFloat(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'e', decimals, 64)
	if s[0] != '-' {
		return " " + s
	}
	return s
}

// unscientific stands for what has no exponent.
func unscientific(p *numberPattern) string {
	b := []byte(strings.Repeat("#", p.pre+p.post+6))
	b[0] = ' '
	if p.pre+1 < len(b) {
		b[p.pre+1] = '.'
	}
	return string(b)
}

func scientific(v *apd.Decimal, p *numberPattern) string {
	if v.Form != apd.Finite {
		return unscientific(p)
	}
	sign := " "
	if v.Negative && !v.IsZero() {
		sign = "-"
	}
	digits := v.Coeff.Text(10)
	exp := 0
	if v.IsZero() {
		digits = strings.Repeat("0", p.post+1)
	} else {
		exp = len(digits) - 1 + int(v.Exponent)
		if len(digits) > p.post+1 {
			r := rescale(&apd.Decimal{Coeff: v.Coeff, Exponent: -int32(len(digits) - 1)}, int32(p.post))
			digits = r.Coeff.Text(10) // one more where 9.99 became 10.0: PostgreSQL leaves it so
		}
		digits += strings.Repeat("0", max(0, p.post+1-len(digits)))
	}
	point := len(digits) - p.post
	text := digits[:point]
	if p.post > 0 {
		text += "." + digits[point:]
	}
	return fmt.Sprintf("%s%se%+03d", sign, text, exp)
}

var romanDigits = []struct {
	value int64
	text  string
}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}}

func roman(v int64) string {
	if v < 1 || v > 3999 {
		return strings.Repeat("#", 15)
	}
	var b strings.Builder
	for _, d := range romanDigits {
		for v >= d.value {
			b.WriteString(d.text)
			v -= d.value
		}
	}
	return b.String()
}

// numberWriter lays digits into a pattern.
type numberWriter struct {
	p        *numberPattern
	digits   string
	negative bool

	out      []byte
	at       int // in digits
	blanks   int // places before the first digit
	relevant int // with FM, the last digit behind the point that is shown; -1 = all are
	place    int // fields of digits so far
	count    int
	signed   bool // the sign is written, or is none of ours
	started  bool // a digit was the last thing written
	cut      int  // where the text ends although more was written; -1 = nowhere
}

func (w *numberWriter) write() []byte {
	p := w.p
	if p.science {
		return []byte(w.digits)
	}
	if p.roman {
		*p = numberPattern{nodes: p.nodes, fill: p.fill, roman: true}
	} else {
		w.fit()
	}
	if p.zeroStart > 0 {
		p.zeroStart--
	}
	w.prepareSign()
	w.cut = -1
	w.count = p.post + p.pre - 1
	w.relevant = -1
	if point := strings.IndexByte(w.digits, '.'); p.fill && p.decimal && point >= 0 {
		w.relevant = point + len(strings.TrimRight(w.digits[point:], "0")) - 1
		if p.zeroEnd > w.blanks {
			w.relevant = max(w.relevant, min(len(w.digits)-1, p.zeroEnd-w.blanks))
		}
	}
	if !w.signed && w.blanks == 0 {
		w.count++
	}
	for i := range p.nodes {
		w.node(&p.nodes[i])
	}
	if w.cut >= 0 {
		return w.out[:w.cut]
	}
	return w.out
}

// fit counts the places before the number, and writes # for one that has no room.
func (w *numberWriter) fit() {
	whole := strings.IndexByte(w.digits, '.')
	if whole < 0 {
		whole = len(w.digits)
	}
	switch p := w.p; {
	case whole < p.pre:
		w.blanks = p.pre - whole
	case whole > p.pre:
		b := []byte(strings.Repeat("#", p.pre+p.post+1))
		b[p.pre] = '.'
		w.digits = string(b)
	}
}

func (w *numberWriter) prepareSign() {
	p := w.p
	switch {
	case p.roman:
		// No sign at all.
	case p.plus || p.minus:
		w.signed = !p.plus || p.minus
	default:
		if !w.negative && p.fill {
			p.bracket = false
		}
		w.signed = !w.negative && p.fill && p.sign == noSign
		if p.sign == signBefore && p.pre == p.preSign {
			p.sign = signBehind
		}
	}
}

func (w *numberWriter) put(s string) { w.out = append(w.out, s...) }

// unlessFilled writes what keeps columns straight and FM leaves out.
func (w *numberWriter) unlessFilled(s string) {
	if !w.p.fill {
		w.put(s)
	}
}

func (w *numberWriter) node(n *formatNode) {
	switch n.field {
	case "":
		w.put(n.char)
	case "9", "0", ".", "D":
		w.digit(n.field)
	case ",", "G":
		if w.started {
			w.put(",")
		} else {
			w.unlessFilled(" ")
		}
	case "L":
		w.put(" ")
	case "RN", "rn":
		text := w.digits
		if n.field == "rn" {
			text = strings.ToLower(text)
		}
		if !w.p.fill {
			text = fmt.Sprintf("%15s", text)
		}
		w.put(text)
	case "TH", "th":
		if w.p.roman || w.digits[0] == '#' || w.negative || w.p.decimal {
			return
		}
		th := ordinalSuffix(w.digits)
		if n.field == "TH" {
			th = strings.ToUpper(th)
		}
		w.put(th)
	case "MI":
		if w.negative {
			w.put("-")
		} else {
			w.unlessFilled(" ")
		}
	case "PL":
		if !w.negative {
			w.put("+")
		} else {
			w.unlessFilled(" ")
		}
	case "SG":
		w.put(w.signText())
	}
}

func (w *numberWriter) signText() string {
	if w.negative {
		return "-"
	}
	return "+"
}

// leadingZero reports that the digit that is next is the 0 before the point, which 9.9 shows as a blank.
func (w *numberWriter) leadingZero() bool {
	return !w.p.zero && w.at == 0 && w.digits[0] == '0' && w.p.post != 0
}

func (w *numberWriter) digit(field string) {
	p := w.p
	if p.roman {
		return
	}
	w.started = false
	if !w.signed && (w.place >= w.blanks || p.zero && p.zeroStart == w.place) && (!w.leadingZero() || w.relevant >= 0 && w.digits[w.relevant] == '.') {
		w.signBefore()
	}
	switch {
	case w.place < w.blanks && (p.zeroStart > w.place || !p.zero):
		w.unlessFilled(" ")
	case p.zero && w.place < w.blanks:
		w.put("0")
		w.started = true
	default:
		w.nextDigit(field)
	}
	end := w.count
	if w.blanks > 0 {
		end++
	}
	if p.decimal {
		end++
	}
	if w.relevant >= 0 && w.relevant == w.at {
		end = w.place
	}
	if w.place+1 == end {
		w.signBehind()
	}
	w.place++
}

func (w *numberWriter) nextDigit(field string) {
	if w.at >= len(w.digits) {
		// PostgreSQL puts the zero byte behind its digits here, and its text ends there: NaN has fewer digits than 999.9S asks for.
		if w.cut < 0 && (w.relevant < 0 || field == "0") {
			w.cut = len(w.out)
		}
		return
	}
	last := w.relevant >= 0 && w.digits[w.relevant] == '.'
	switch c := w.digits[w.at]; {
	case c == '.':
		if !last || w.p.fill {
			w.put(".")
		}
	case w.relevant >= 0 && w.at > w.relevant && field != "0":
	case w.leadingZero():
		if !w.p.fill {
			w.put(" ")
		} else if last {
			w.put("0")
		}
	default:
		w.out = append(w.out, c)
		w.started = true
	}
	w.at++
}

func (w *numberWriter) signBefore() {
	switch {
	case w.p.sign == signBefore:
		w.put(w.signText())
	case w.p.sign == signBehind:
		return
	case w.p.bracket:
		w.put(map[bool]string{true: "<", false: " "}[w.negative])
	case w.negative:
		w.put("-")
	default:
		w.unlessFilled(" ")
	}
	w.signed = true
}

func (w *numberWriter) signBehind() {
	switch {
	case w.signed && w.p.bracket:
		w.put(map[bool]string{true: ">", false: " "}[w.negative])
	case w.p.sign == signBehind:
		w.put(w.signText())
	}
}
