package codec

import "unsafe"

// Sizes of the appenders for SizeBytes. A million series keep one per column,
// so a test holds each to 64 bytes.
const (
	sizeofInt    = int(unsafe.Sizeof(IntAppender{}))
	sizeofFloat  = int(unsafe.Sizeof(FloatAppender{}))
	sizeofBool   = int(unsafe.Sizeof(BoolAppender{}))
	sizeofString = int(unsafe.Sizeof(StringAppender{}))
)
