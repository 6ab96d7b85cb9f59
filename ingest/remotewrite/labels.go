package remotewrite

import (
	"bytes"
	"unicode/utf8"

	"github.com/VictoriaMetrics/easyproto"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
)

// metricLabel is the label that holds the metric's name.
const metricLabel = "__name__"

// namer turns the label fields of a series into its key: the slow path, once per series and process.
type namer struct {
	limits *Limits
	pairs  []labels.Pair
	metric []byte
	text   []byte
	key    []byte
}

// errSeries says what is wrong with one series; the others of the request are none the worse for it.
type errSeries struct{ reason string }

func (e errSeries) Error() string { return e.reason }

func badSeries(format string, args ...any) error {
	return errSeries{column.Errorf(column.Invalid, format, args...).Message}
}

// encode gives the key over the tags metric and labels; it is good until the next call. errSeries says that the series is wrong, any
// other error that the bytes are no labels.
func (n *namer) encode(fields []byte) ([]byte, error) {
	if err := n.parse(fields); err != nil {
		return nil, err
	}
	return n.canonical()
}

// encodeRefs is encode for labels that refer to symbols; symbols.series has found the references good.
func (n *namer) encodeRefs(refs []byte, symbols [][]byte) ([]byte, error) {
	n.pairs, n.metric = n.pairs[:0], nil
	for len(refs) > 0 {
		name, size := nextRef(refs)
		refs = refs[size:]
		value, size := nextRef(refs)
		refs = refs[size:]
		n.pairs = append(n.pairs, labels.Pair{Name: symbols[name], Value: symbols[value]})
	}
	return n.canonical()
}

// canonical makes the key of the pairs.
func (n *namer) canonical() ([]byte, error) {
	labels.Sort(n.pairs) // the protocol wants them sorted; clients that do not know it are understood
	if err := n.check(); err != nil {
		return nil, err
	}
	var err error
	if n.text, err = labels.AppendCanonical(n.text[:0], n.pairs); err != nil {
		return nil, badSeries("%w", err)
	}
	n.key = key.AppendBytes(key.AppendBytes(n.key[:0], n.metric), n.text)
	return n.key, nil
}

func (n *namer) parse(fields []byte) error {
	n.pairs, n.metric = n.pairs[:0], nil
	var f easyproto.FieldContext
	for rest := fields; len(rest) > 0; {
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return err
		}
		m, ok := f.MessageData()
		if !ok {
			return column.Errorf(column.Invalid, "a label is no message")
		}
		p, err := parseLabel(m)
		if err != nil {
			return err
		}
		n.pairs = append(n.pairs, p)
	}
	return nil
}

func parseLabel(m []byte) (p labels.Pair, err error) {
	var f easyproto.FieldContext
	for rest := m; len(rest) > 0; {
		if rest, err = f.NextField(rest); err != nil {
			return p, err
		}
		ok := f.FieldNum != 0
		switch f.FieldNum {
		case labelName:
			p.Name, ok = f.Bytes()
		case labelValue:
			p.Value, ok = f.Bytes()
		}
		if !ok {
			return p, column.Errorf(column.Invalid, "label: field %d has the wrong wire type", f.FieldNum)
		}
	}
	return p, nil
}

// check takes the metric's name out of the sorted pairs and looks at every rule that labels.AppendCanonical does not know.
func (n *namer) check() error {
	if len(n.pairs) > n.limits.Labels {
		return badSeries("it has %d labels, limit %d", len(n.pairs), n.limits.Labels)
	}
	at := -1
	for i := range n.pairs {
		p := &n.pairs[i]
		switch {
		case len(p.Name) == 0:
			return badSeries("the name of a label is empty")
		case len(p.Name) > n.limits.NameBytes:
			return badSeries("the name of label %s takes %d bytes, limit %d", short(p.Name), len(p.Name), n.limits.NameBytes)
		case len(p.Value) > n.limits.ValueBytes:
			return badSeries("the value of label %s takes %d bytes, limit %d", short(p.Name), len(p.Value), n.limits.ValueBytes)
		case i > 0 && bytes.Equal(n.pairs[i-1].Name, p.Name):
			return badSeries("label %s is there twice", short(p.Name))
		case !utf8.Valid(p.Name) || !utf8.Valid(p.Value):
			return badSeries("label %s is not valid UTF-8", short(p.Name))
		case string(p.Name) == metricLabel:
			at = i
		}
	}
	if at < 0 || len(n.pairs[at].Value) == 0 {
		return badSeries("it has no " + metricLabel)
	}
	n.metric = n.pairs[at].Value
	n.pairs = append(n.pairs[:at], n.pairs[at+1:]...)
	return nil
}

// short quotes what a client sent, cut to a length that fits into a message.
func short(b []byte) string {
	const most = 60
	if len(b) > most {
		return quote(b[:most]) + "…"
	}
	return quote(b)
}

// describe names the series that was parsed last, as far as it can be: {__name__="up", job="node", …}.
func (n *namer) describe() string {
	const most = 4
	b := []byte{'{'}
	if len(n.metric) > 0 {
		b = append(append(b, metricLabel+"="...), short(n.metric)...)
	}
	for i, p := range n.pairs {
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		if i == most {
			b = append(b, "…"...)
			break
		}
		b = append(append(append(b, short(p.Name)...), '='), short(p.Value)...)
	}
	return string(append(b, '}'))
}
