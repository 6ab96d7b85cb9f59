//go:build amd64 || arm64

package head

// prefetch brings the first n lines into the caches and does not wait for them. A load instead would hold everything behind it up until it is done: with
// ten million keys that costs twice the time.
//
//go:noescape
func prefetch(lines *keyLineGroup, n int)
