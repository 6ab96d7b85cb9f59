package tail

import (
	"strings"
	"testing"
)

func TestBuffer(t *testing.T) {
	var kept Buffer
	for range 10 {
		_, _ = kept.Write([]byte(strings.Repeat("x", Bytes-1) + "y"))
	}
	if s := kept.String(); len(s) != Bytes || !strings.HasSuffix(s, "y") {
		t.Errorf("%d bytes are kept", len(s))
	}
}
