package segment

import (
	"bytes"
	"testing"
)

func TestRaised(t *testing.T) {
	for _, c := range []struct {
		v    []byte
		by   uint64
		want []byte // nil = it does not fit
	}{
		{[]byte{1, 2, 250}, 5, []byte{6, 7, 255}},
		{[]byte{1, 2, 250}, 6, nil},
		{[]byte{0, 0}, 255, []byte{255, 255}},
		{[]byte{0, 0}, 256, nil},
		{[]byte{0}, 1 << 63, nil},
		{[]byte{7}, 0, []byte{7}},
		{[]byte{}, 1 << 40, []byte{}},
	} {
		v := bytes.Clone(c.v)
		if ok := raised(v, c.by); ok != (c.want != nil) || ok && !bytes.Equal(v, c.want) {
			t.Errorf("%v by %d: %v, %v", c.v, c.by, v, ok)
		}
	}
}
