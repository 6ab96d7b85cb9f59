package rowindex

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/key"
)

// Method is the kind of an index, as its files say it.
type Method uint8

// The methods, by the numbers that are stored.
const (
	BTree  Method = 1
	Bitmap Method = 2
	GIN    Method = 3
	Bloom  Method = 4
)

var methodNames = map[Method]string{BTree: "btree", Bitmap: "bitmap", GIN: "gin", Bloom: "bloom"}

func (m Method) String() string { return methodNames[m] }

// MethodNamed finds a method, 0 if there is none of the name.
func MethodNamed(name string) Method {
	for m, n := range methodNames {
		if n == name {
			return m
		}
	}
	return 0
}

// Part is one column of an index.
type Part struct {
	Type column.Type
	// Class is the operator class; "" = the one of the type.
	Class string
}

// The operator classes that change the keys of a column. Others have the keys of their type.
const (
	Trigrams  = "gin_trgm_ops"
	JSONPaths = "jsonb_path_ops"
)

// Keys makes the keys of rows. Not safe for concurrent use: it keeps buffers.
type Keys struct {
	Method  Method
	Parts   []Part
	scratch []byte
	folded  []byte
}

// Each calls yield with every key of a row, whose values are row i of the columns. A key is valid until yield returns, and may come more
// than once.
func (k *Keys) Each(columns []*column.Vector, i int, yield func(key []byte) error) error {
	if k.Method == BTree {
		k.scratch = k.scratch[:0]
		for _, v := range columns {
			k.scratch = key.AppendValue(k.scratch, v, i)
		}
		return yield(k.scratch)
	}
	for n, v := range columns {
		if k.Method == GIN {
			if err := k.terms(n, v, i, yield); err != nil {
				return err
			}
			continue
		}
		k.scratch = key.AppendValue(append(k.scratch[:0], byte(n)), v, i)
		if err := yield(k.scratch); err != nil {
			return err
		}
	}
	return nil
}

// terms gives the keys of one column of a GIN index: none for NULL.
func (k *Keys) terms(n int, v *column.Vector, i int, yield func([]byte) error) error {
	if v.IsNull(i) {
		return nil
	}
	value := v.Bytes(i)
	switch p := k.Parts[n]; {
	case p.Class == Trigrams:
		k.folded = appendFolded(k.folded[:0], value)
		return eachTrigram(k.folded, func(t []byte) error {
			k.scratch = append(append(k.scratch[:0], byte(n)), t...)
			return yield(k.scratch)
		})
	case p.Type.Kind == column.JSONB:
		return eachJSONTerm(value, p.Class != JSONPaths, func(t JSONTerm) error {
			k.scratch = t.append(append(k.scratch[:0], byte(n)))
			return yield(k.scratch)
		})
	}
	a, err := array.Decode(value, k.Parts[n].Type.Element())
	if err != nil {
		return err
	}
	for e := range a.Elements.Len {
		if a.Elements.IsNull(e) {
			continue
		}
		k.scratch = key.AppendValue(append(k.scratch[:0], byte(n)), a.Elements, e)
		if err := yield(k.scratch); err != nil {
			return err
		}
	}
	return nil
}
