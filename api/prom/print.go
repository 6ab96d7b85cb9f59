package prom

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	prometheus "github.com/prometheus/prometheus/promql"
)

// matrix appends series and their points. No series has histograms: they are not stored.
func (w *writer) matrix(m prometheus.Matrix) {
	w.buf = append(w.buf, '[')
	for i := range m {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, `{"metric":`...)
		w.buf = appendLabels(w.buf, m[i].Metric)
		w.buf = append(w.buf, `,"values":[`...)
		for k, p := range m[i].Floats {
			if k > 0 {
				w.buf = append(w.buf, ',')
			}
			w.buf = appendPoint(w.buf, p.T, p.F)
			w.full()
		}
		w.buf = append(w.buf, "]}"...)
	}
	w.buf = append(w.buf, ']')
}

// vector appends series with one point each.
func (w *writer) vector(v prometheus.Vector) {
	w.buf = append(w.buf, '[')
	for i := range v {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, `{"metric":`...)
		w.buf = appendLabels(w.buf, v[i].Metric)
		w.buf = append(w.buf, `,"value":`...)
		w.buf = append(appendPoint(w.buf, v[i].T, v[i].F), '}')
		w.full()
	}
	w.buf = append(w.buf, ']')
}

// list appends texts.
func (w *writer) list(texts []string) {
	w.buf = append(w.buf, '[')
	for i, text := range texts {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = appendString(w.buf, text)
		w.full()
	}
	w.buf = append(w.buf, ']')
}

// sets appends label sets.
func (w *writer) sets(list []labels.Labels) {
	w.buf = append(w.buf, '[')
	for i := range list {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = appendLabels(w.buf, list[i])
		w.full()
	}
	w.buf = append(w.buf, ']')
}

func appendLabels(dst []byte, set labels.Labels) []byte {
	dst = append(dst, '{')
	first := true
	set.Range(func(l labels.Label) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendString(dst, l.Name), ':')
		dst = appendString(dst, l.Value)
	})
	return append(dst, '}')
}

// appendPoint appends a time and a value, which is a string because JSON has no NaN.
func appendPoint(dst []byte, t int64, v float64) []byte {
	dst = append(appendTime(append(dst, '['), t), ',', '"')
	return append(appendFloat(dst, v), '"', ']')
}

// appendTime appends milliseconds as seconds.
func appendTime(dst []byte, t int64) []byte {
	u := uint64(t)
	if t < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = strconv.AppendUint(dst, u/1000, 10)
	if ms := u % 1000; ms != 0 {
		dst = append(dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return dst
}

func appendFloat(dst []byte, v float64) []byte {
	const whole = 1e15 // up to here all digits of a whole number are its shortest form
	if n := int64(v); float64(n) == v && n < whole && n > -whole && (n != 0 || !math.Signbit(v)) {
		return strconv.AppendInt(dst, n, 10)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
	}
	return append(dst, '"')
}
