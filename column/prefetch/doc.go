// Package prefetch asks for memory before it is needed. Look-ups in tables that are larger than the caches wait for memory most of their time: whoever has many
// asks for the places of the next ones while he works on these, and the waits overlap.
package prefetch

import "unsafe"

// Lines are addresses that are asked for together: about as many as a core has under way at once.
type Lines [32]unsafe.Pointer
