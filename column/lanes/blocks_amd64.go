package lanes

// vectors: every amd64 has SSE2.
const vectors = true

// sumBlocks adds up n bytes from p on, n being a multiple of block.
//
//go:noescape
func sumBlocks(p *byte, n int) uint64

// maxBlocks gives the greatest of n bytes from p on, n being a multiple of block, and not 0.
//
//go:noescape
func maxBlocks(p *byte, n int) byte

// minBlocks gives the least of n bytes from p on, n being a multiple of block, and not 0.
//
//go:noescape
func minBlocks(p *byte, n int) byte
