package prefetch

import (
	"testing"
	"unsafe"
)

// TestAsk: any address may be asked for, and nothing changes.
func TestAsk(t *testing.T) {
	var lines Lines
	words := make([]uint64, 8*len(lines))
	for i := range lines {
		words[8*i] = uint64(i)
		lines[i] = unsafe.Pointer(&words[8*i])
	}
	lines[7] = nil
	for n := range len(lines) + 1 {
		Ask(&lines, n)
	}
	for i := range lines {
		if words[8*i] != uint64(i) {
			t.Fatal(i, words[8*i])
		}
	}
}
