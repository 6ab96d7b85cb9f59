package literal

import (
	"math"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// AppendArray appends an encoded array as PostgreSQL's text: {1,NULL,"a b"}, with the bounds before it where they do not start at 1.
func AppendArray(dst, encoded []byte, elem column.Type, opt Options) []byte {
	a, err := array.Decode(encoded, elem)
	if err != nil || len(a.Dims) == 0 {
		return append(dst, "{}"...) // a damaged value cannot be: what comes from outside is checked where it enters
	}
	for _, d := range a.Dims {
		if d.Lower != 1 {
			dst = AppendDims(dst, a.Dims)
			dst = append(dst, '=')
			break
		}
	}
	w := arrayWriter{a: &a, opt: opt}
	return w.level(dst, 0)
}

// AppendDims appends [1:2][0:3].
func AppendDims(dst []byte, dims []array.Dim) []byte {
	for _, d := range dims {
		dst = strconv.AppendInt(append(dst, '['), int64(d.Lower), 10)
		dst = strconv.AppendInt(append(dst, ':'), int64(d.Lower)+int64(d.Len)-1, 10)
		dst = append(dst, ']')
	}
	return dst
}

type arrayWriter struct {
	a    *array.Array
	opt  Options
	next int
	buf  []byte
}

func (w *arrayWriter) level(dst []byte, depth int) []byte {
	dst = append(dst, '{')
	for i := range w.a.Dims[depth].Len {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case depth+1 < len(w.a.Dims):
			dst = w.level(dst, depth+1)
			continue
		case w.a.Elements.IsNull(w.next):
			dst = append(dst, "NULL"...)
		default:
			w.buf = Append(w.buf[:0], w.a.Elements, w.next, w.opt)
			dst = appendElement(dst, w.buf)
		}
		w.next++
	}
	return append(dst, '}')
}

func isArraySpace(c byte) bool { return isSpace(c) }

func appendElement(dst, text []byte) []byte {
	quoted := len(text) == 0 || len(text) == 4 && strings.EqualFold(string(text), "null")
	for _, c := range text {
		quoted = quoted || c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || isArraySpace(c)
	}
	if !quoted {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// ParseArray reads PostgreSQL's text of an array and gives its encoding.
func ParseArray(text string, elem column.Type, opt Options) ([]byte, error) {
	r := arrayReader{src: text, elem: elem, opt: opt, out: column.NewBuilder(elem, 0)}
	bounds, err := r.bounds()
	if err != nil {
		return nil, err
	}
	r.space()
	if r.at >= len(text) || text[r.at] != '{' {
		detail := "Array value must start with \"{\" or dimension information."
		if bounds != nil {
			detail = "Array contents must start with \"{\"."
		}
		return nil, r.malformed(detail)
	}
	dims, err := r.level(0)
	if err != nil {
		return nil, err
	}
	r.space()
	if r.at < len(text) {
		return nil, r.malformed("Junk after closing right brace.")
	}
	if err := r.out.Err(); err != nil {
		return nil, err
	}
	elements := r.out.Finish()
	if elements.Len == 0 {
		dims = nil
	}
	shape := make([]array.Dim, len(dims))
	for i, n := range dims {
		shape[i] = array.Dim{Len: int32(n), Lower: 1}
	}
	if bounds != nil {
		if len(shape) == 0 && len(bounds) > 0 || len(shape) != len(bounds) {
			return nil, r.malformed("Specified array dimensions do not match array contents.")
		}
		for i := range shape {
			if shape[i].Len != bounds[i].Len {
				return nil, r.malformed("Specified array dimensions do not match array contents.")
			}
		}
		shape = bounds
	}
	if n := int64(array.Count(shape)); n > array.MaxElements {
		return nil, errorf("54000", "array size exceeds the maximum allowed (%d)", array.MaxElements)
	}
	return array.Append(nil, shape, elements, 0), nil
}

type arrayReader struct {
	src  string
	at   int
	elem column.Type
	opt  Options
	out  *column.Builder
	buf  []byte
}

func (r *arrayReader) space() { r.at = skip(r.src, r.at, isArraySpace) }

func (r *arrayReader) malformed(detail string) error {
	e := column.SQLErrorf(column.Invalid, invalidText, "malformed array literal: \"%s\"", r.src)
	e.Detail = detail
	return e
}

// bounds reads [l:u][l:u]= or nothing.
func (r *arrayReader) bounds() ([]array.Dim, error) {
	var out []array.Dim
	for r.space(); r.at < len(r.src) && r.src[r.at] == '['; r.space() {
		if len(out) == array.MaxDims {
			return nil, tooManyDims(len(out) + 1)
		}
		r.at++
		lower, upper := int64(1), int64(0)
		var ok bool
		if upper, ok = r.bound(); !ok {
			return nil, r.malformed("\"[\" must introduce explicitly-specified array dimensions.")
		}
		if r.at < len(r.src) && r.src[r.at] == ':' {
			r.at++
			lower = upper
			if upper, ok = r.bound(); !ok {
				return nil, r.malformed("Missing array dimension value.")
			}
		}
		if r.at >= len(r.src) || r.src[r.at] != ']' {
			return nil, r.malformed("Missing \"]\" after array dimensions.")
		}
		r.at++
		switch {
		case upper < lower:
			return nil, errorf("2202E", "upper bound cannot be less than lower bound")
		case upper-lower >= array.MaxElements || upper == math.MaxInt32:
			return nil, errorf("54000", "array upper bound is too large: %d", upper)
		}
		out = append(out, array.Dim{Len: int32(upper - lower + 1), Lower: int32(lower)})
	}
	if out == nil {
		return nil, nil
	}
	if r.at >= len(r.src) || r.src[r.at] != '=' {
		return nil, r.malformed("Missing \"=\" after array dimensions.")
	}
	r.at++
	return out, nil
}

func tooManyDims(n int) error {
	return errorf("54000", "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, array.MaxDims)
}

func (r *arrayReader) bound() (int64, bool) {
	from := r.at
	if r.at < len(r.src) && (r.src[r.at] == '-' || r.src[r.at] == '+') {
		r.at++
	}
	r.at = skip(r.src, r.at, isDigit)
	v, err := strconv.ParseInt(strings.TrimPrefix(r.src[from:r.at], "+"), 10, 32)
	return v, err == nil
}

// level reads {…} and gives the lengths of its dimensions, from this one inwards; none for one without elements.
func (r *arrayReader) level(depth int) ([]int, error) {
	if depth >= array.MaxDims {
		return nil, tooManyDims(depth + 1)
	}
	r.at++
	count, nested := 0, false
	var inner []int
	if r.space(); r.at < len(r.src) && r.src[r.at] == '}' {
		if depth > 0 {
			return nil, r.malformed("Unexpected \"}\" character.")
		}
		r.at++
		return nil, nil
	}
	for {
		r.space()
		if r.at >= len(r.src) {
			return nil, r.malformed("Unexpected end of input.")
		}
		isNested := r.src[r.at] == '{'
		if count > 0 && isNested != nested {
			if isNested {
				return nil, r.malformed("Unexpected \"{\" character.")
			}
			return nil, r.malformed("Unexpected array element.")
		}
		nested = isNested
		if nested {
			dims, err := r.level(depth + 1)
			if err != nil {
				return nil, err
			}
			if count > 0 && !sameLengths(dims, inner) {
				return nil, r.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
			}
			inner = dims
		} else if err := r.element(); err != nil {
			return nil, err
		}
		count++
		r.space()
		if r.at >= len(r.src) {
			return nil, r.malformed("Unexpected end of input.")
		}
		switch r.src[r.at] {
		case ',':
			r.at++
		case '}':
			r.at++
			return append([]int{count}, inner...), nil
		default:
			return nil, r.malformed("Unexpected array element.")
		}
	}
}

func sameLengths(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// element reads one element, quoted or not, and appends its value.
func (r *arrayReader) element() error {
	r.buf = r.buf[:0]
	quoted, escaped, kept := false, false, 0 // kept: what stays when blanks at the end are cut
	for ; r.at < len(r.src); r.at++ {
		switch c := r.src[r.at]; {
		case c == '"':
			if quoted || len(r.buf) > 0 {
				return r.malformed("Unexpected array element.")
			}
			if err := r.quoted(); err != nil {
				return err
			}
			quoted, kept = true, len(r.buf)
		case c == '\\':
			if quoted {
				return r.malformed("Unexpected array element.")
			}
			if r.at++; r.at >= len(r.src) {
				return r.malformed("Unexpected end of input.")
			}
			r.buf, escaped = append(r.buf, r.src[r.at]), true
			kept = len(r.buf)
		case c == ',' || c == '}':
			return r.value(quoted, escaped, kept)
		case c == '{':
			return r.malformed("Unexpected \"{\" character.")
		case isArraySpace(c):
			if !quoted {
				r.buf = append(r.buf, c)
			}
		case quoted:
			return r.malformed("Unexpected array element.")
		default:
			r.buf = append(r.buf, c)
			kept = len(r.buf)
		}
	}
	return r.malformed("Unexpected end of input.")
}

// quoted reads from a quote up to the one that ends it, on which it stays.
func (r *arrayReader) quoted() error {
	for r.at++; r.at < len(r.src); r.at++ {
		switch r.src[r.at] {
		case '"':
			return nil
		case '\\':
			if r.at++; r.at >= len(r.src) {
				return r.malformed("Unexpected end of input.")
			}
		}
		r.buf = append(r.buf, r.src[r.at])
	}
	return r.malformed("Unexpected end of input.")
}

func (r *arrayReader) value(quoted, escaped bool, kept int) error {
	text := string(r.buf[:kept])
	switch {
	case !quoted && !escaped && text == "":
		return r.malformed("Unexpected \"" + r.src[r.at:r.at+1] + "\" character.")
	case !quoted && !escaped && strings.EqualFold(text, "null"):
		r.out.AppendNull()
		return nil
	}
	return Parse(r.out, r.elem, text, r.opt)
}
