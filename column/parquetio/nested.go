package parquetio

import (
	"bytes"
	"math"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/jsontext"
	"github.com/automatanexus/aegis-db/column/literal"
)

// shape is what a node of the schema is to its values.
type shape uint8

const (
	shapeLeaf   shape = iota
	shapeStruct       // an object of its children
	shapeList         // an array of what child 0 is
	shapeMap          // an object whose keys are values of child 0
)

// node is a value in a row: what the schema has, without the groups that are only there to say LIST or MAP.
type node struct {
	name     string
	shape    shape
	leaf     *leaf
	children []*node
	leaves   []*leaf // all below
	def      uint8   // the definition level from which on the value is there
	has      uint8   // of lists and maps: from which on there is an element
	rep      uint8   // and the repetition level of the elements behind the first one
}

// tree reads the schema, a list of its nodes in depth-first order.
type tree struct {
	elements []format.SchemaElement
	next     int
	leaves   []*leaf
}

func unsupported(format string, args ...any) error {
	return column.SQLErrorf(column.Unsupported, "0A000", format, args...)
}

// element is a node of the schema as it is stored.
type element struct {
	schema   *format.SchemaElement
	path     string
	def, rep uint8 // with its own
	parent   uint8 // definition level without
	children []*element
	leaf     *leaf
}

const deepest = 100 // levels of a schema

// read takes the next node and all below it.
func (t *tree) read(path string, def, rep uint8, depth int) (*element, error) {
	if t.next >= len(t.elements) || depth > deepest {
		return nil, column.Errorf(column.Invalid, "the schema is damaged at %q", path)
	}
	e := &t.elements[t.next]
	t.next++
	g := &element{schema: e, path: e.Name, def: def, rep: rep, parent: def}
	if path != "" {
		g.path = path + "." + e.Name
	}
	if depth > 0 {
		switch e.RepetitionType.V {
		case format.Optional:
			g.def++
		case format.Repeated:
			g.def++
			g.rep++
		}
	} else {
		g.path = ""
	}
	if !e.NumChildren.Valid || e.NumChildren.V == 0 {
		if depth == 0 || !e.Type.Valid {
			return g, nil // no columns, or a group of none
		}
		l, err := newLeaf(e, g, len(t.leaves))
		t.leaves, g.leaf = append(t.leaves, l), l
		return g, err
	}
	for range e.NumChildren.V {
		c, err := t.read(g.path, g.def, g.rep, depth+1)
		if err != nil {
			return nil, err
		}
		g.children = append(g.children, c)
	}
	return g, nil
}

func newLeaf(e *format.SchemaElement, g *element, index int) (*leaf, error) {
	t, ok := typeOf(e)
	if !ok {
		return nil, unsupported("column \"%s\": Parquet's %s (%s) has no counterpart", g.path, e.Type.V, e.LogicalType.String())
	}
	return &leaf{leafType: t, index: index, path: g.path, def: g.def, rep: g.rep}, nil
}

// value makes a node of a group of the schema.
func (g *element) value() (*node, error) {
	if g.schema.RepetitionType.V == format.Repeated { // repeated, and in no LIST: a list of values that are never NULL
		inner := *g
		required := *g.schema
		required.RepetitionType.V = format.Required
		inner.schema, inner.parent = &required, g.def
		child, err := inner.value()
		if err != nil {
			return nil, err
		}
		return &node{name: g.schema.Name, shape: shapeList, children: []*node{child}, leaves: child.leaves, def: g.parent, has: g.def, rep: g.rep}, nil
	}
	n := &node{name: g.schema.Name, def: g.def}
	if g.leaf != nil {
		n.leaf, n.leaves = g.leaf, []*leaf{g.leaf}
		return n, nil
	}
	parts := g.children
	if inner := g.inner(); inner != nil {
		n.has, n.rep = inner.def, inner.rep
		if n.shape, parts = shapeList, inner.children; g.is(deprecated.Map) {
			n.shape = shapeMap
		} else if !inner.wraps(g.schema.Name) {
			required := *inner.schema
			required.RepetitionType.V = format.Required
			one := *inner
			one.schema, one.parent = &required, inner.def
			parts = []*element{&one}
		}
	} else {
		n.shape = shapeStruct
	}
	for _, c := range parts {
		child, err := c.value()
		if err != nil {
			return nil, err
		}
		n.children, n.leaves = append(n.children, child), append(n.leaves, child.leaves...)
	}
	if len(n.leaves) == 0 {
		return nil, unsupported("column \"%s\" is a group without fields", g.path)
	}
	return n, nil
}

// is reports LIST and MAP, by either annotation.
func (g *element) is(kind deprecated.ConvertedType) bool {
	switch g.schema.LogicalType.Value.(type) {
	case *format.ListType:
		return kind == deprecated.List
	case *format.MapType:
		return kind == deprecated.Map
	}
	if c := g.schema.ConvertedType; c.Valid {
		return c.V == kind || kind == deprecated.Map && c.V == deprecated.MapKeyValue
	}
	return false
}

// inner is the repeated group in a LIST or MAP; nil = the group is neither.
func (g *element) inner() *element {
	if len(g.children) != 1 || g.children[0].schema.RepetitionType.V != format.Repeated {
		return nil
	}
	inner := g.children[0]
	if g.is(deprecated.List) || g.is(deprecated.Map) && len(inner.children) == 2 {
		return inner
	}
	return nil
}

// wraps reports whether a repeated group in a LIST is only there to hold its element, by the rules of Parquet's document for lists of older
// writers.
func (g *element) wraps(list string) bool {
	return len(g.children) == 1 && g.schema.Name != "array" && g.schema.Name != list+"_tuple"
}

// appendJSON writes the value that is next, and passes over it.
func (n *node) appendJSON(dst []byte) ([]byte, error) {
	first := n.leaves[0]
	if err := first.fill(); err != nil {
		return nil, ended(err)
	}
	if first.level() < n.def {
		return append(dst, "null"...), n.skip()
	}
	switch n.shape {
	case shapeLeaf:
		dst = first.appendJSON(dst)
		first.step()
		return dst, nil
	case shapeStruct:
		dst = append(dst, '{')
		for i, c := range n.children {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			dst = append(jsontext.AppendQuoted(dst, c.name), ':')
			if dst, err = c.appendJSON(dst); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	open, closed := byte('['), byte(']')
	if n.shape == shapeMap {
		open, closed = '{', '}'
	}
	dst = append(dst, open)
	for i := 0; ; i++ {
		if i == 0 && first.level() < n.has {
			return append(dst, closed), n.skip()
		}
		if i > 0 {
			if begins, err := first.begins(n.rep); begins || err != nil {
				return append(dst, closed), err
			}
			dst = append(dst, ',')
		}
		var err error
		if n.shape == shapeMap {
			if dst, err = n.children[0].appendKey(dst); err != nil {
				return nil, err
			}
			dst = append(dst, ':')
		}
		if dst, err = n.children[len(n.children)-1].appendJSON(dst); err != nil {
			return nil, err
		}
	}
}

// appendKey writes a value as the key of an object.
func (n *node) appendKey(dst []byte) ([]byte, error) {
	if n.shape != shapeLeaf {
		return nil, unsupported("a MAP whose keys are no plain values has no counterpart in jsonb")
	}
	text, err := n.appendJSON(nil)
	if err == nil && text[0] == '"' {
		return append(dst, text...), nil
	}
	return jsontext.AppendQuoted(dst, string(text)), err
}

// skip passes over a value that is not there.
func (n *node) skip() error {
	for _, l := range n.leaves {
		if err := l.fill(); err != nil {
			return ended(err)
		}
		l.step()
	}
	return nil
}

// appendJSON writes the value that is next as JSON has it: what to_jsonb makes of it.
func (l *leaf) appendJSON(dst []byte) []byte {
	v, i := l.values.At(l.value)
	switch {
	case v.Type.Kind == column.Bool:
		return append(dst, map[bool]string{true: "true", false: "false"}[v.Bool(i)]...)
	case v.Type.Kind == column.JSON:
		if b := bytes.TrimSpace(v.Bytes(i)); len(b) > 0 {
			return append(dst, b...)
		}
		return append(dst, "null"...)
	case v.Type.Kind == column.Numeric, v.Type.Physical() == column.PhysInt && v.Type.Kind <= column.Int64,
		v.Type.Physical() == column.PhysFloat && !math.IsNaN(v.Float(i)) && !math.IsInf(v.Float(i), 0):
		return literal.Append(dst, v, i, literal.Options{})
	case v.Type.Kind == column.Timestamp, v.Type.Kind == column.TimestampTZ, v.Type.Kind == column.TimestampNS:
		dst = bytes.TrimSuffix(literal.AppendRFC3339(append(dst, '"'), v.Int(i), v.Type), []byte("Z"))
		if v.Type.Kind != column.Timestamp {
			dst = append(dst, "+00:00"...)
		}
		return append(dst, '"')
	case v.Type.Kind == column.Text:
		return jsontext.AppendQuoted(dst, string(v.Bytes(i)))
	}
	return jsontext.AppendQuoted(dst, string(literal.Append(nil, v, i, literal.Options{})))
}

// canonical appends a document in jsonb's form.
func canonical(b *column.Builder, text []byte) error {
	v, err := literal.CanonicalJSON(string(text))
	if err == nil {
		b.AppendBytes(v)
	}
	return err
}
