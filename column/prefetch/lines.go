//go:build amd64 || arm64

package prefetch

// Ask brings the cache lines of the first n addresses nearer and does not wait for them. A load instead would hold everything behind it up until it is done, which
// costs a look-up among ten million keys twice the time. What an address points to is not read: it may be anything, and be written meanwhile.
//
//go:noescape
func Ask(lines *Lines, n int)
