package literal

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// appendVector appends an int2vector or oidvector: numbers with blanks between.
func appendVector(dst, encoded []byte, elem column.Type) []byte {
	a, err := array.Decode(encoded, elem)
	if err != nil {
		return dst // a damaged value cannot be: what comes from outside is checked where it enters
	}
	for i := range a.Elements.Len {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = Append(dst, a.Elements, i, Options{})
	}
	return dst
}

// parseVector reads the text of an int2vector or oidvector and gives its encoding.
func parseVector(text string, elem column.Type, opt Options) ([]byte, error) {
	words := strings.Fields(text)
	b := column.NewBuilder(elem, len(words))
	for _, w := range words {
		if err := Parse(b, elem, w, opt); err != nil {
			return nil, err
		}
	}
	dims := array.OneDim(len(words))
	for i := range dims {
		dims[i].Lower = 0
	}
	return array.Append(nil, dims, b.Finish(), 0), nil
}
