//go:build !amd64

package lanes

const vectors = false

func sumBlocks(*byte, int) uint64 { return 0 }

func maxBlocks(*byte, int) byte { return 0 }

func minBlocks(*byte, int) byte { return 0 }
