package codec

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// BoolAppender is the stream of a boolean column, or of a column's validity if
// it is fed with "is null".
//
// Runs of equal values alternate, beginning with a run of false that may be
// empty; the length of a run is an Elias gamma code. A long run costs
// 2*log2(length) bits, random values cost 1.2 bits each and the worst pattern
// 1.5, so that no second layout for noisy columns is needed.
//
// The open run lives in the struct, not in the buffer: a column that was never
// true has no buffer at all. That is why there is no Bytes: AppendTo closes
// the run in its copy. At most 2^31 values. The zero value is ready to use.
type BoolAppender struct {
	bitWriter
	start uint32 // value at which the open run began
	last  bool   // value of the open run
}

// Append adds v to the stream.
func (a *BoolAppender) Append(v bool) {
	if v != a.last {
		a.putGamma(a.openRun())
		a.start, a.last = a.n, v
	}
	a.n++
}

// openRun returns the length of the open run as it is coded: the first run may
// be empty, which gamma cannot say, and is coded one longer.
func (a *BoolAppender) openRun() uint64 {
	run := uint64(a.n - a.start)
	if len(a.buf) == 0 {
		run++
	}
	return run
}

// putGamma writes run as t zeros, a one, and the t bits of run below its
// highest.
func (w *bitWriter) putGamma(run uint64) {
	t := uint(bits.Len64(run)) - 1
	w.put(1<<t|(run-1<<t)<<(t+1), 2*t+1)
}

// AppendTo appends a copy of the stream to dst; DecodeBools reads it.
func (a *BoolAppender) AppendTo(dst []byte) []byte {
	if a.n == 0 {
		return dst
	}
	w := bitWriter{buf: append(dst, a.buf...), free: a.free}
	w.putGamma(a.openRun())
	return w.buf
}

// SizeBytes returns the memory held, the struct included.
func (a *BoolAppender) SizeBytes() int { return sizeofBool + cap(a.buf) }

// Reset empties the stream and keeps its buffer.
func (a *BoolAppender) Reset() { *a = BoolAppender{bitWriter: bitWriter{buf: a.buf[:0]}} }

// AppendBools appends the values as one block, which equals what AppendTo of a
// BoolAppender gives for them.
func AppendBools(dst []byte, values []bool) []byte {
	a := BoolAppender{bitWriter: bitWriter{buf: dst[len(dst):]}}
	for _, v := range values {
		a.Append(v)
	}
	if a.n > 0 {
		a.putGamma(a.openRun())
	}
	// A no-op copy where the block still stands in dst's own capacity.
	return append(dst, a.buf...)
}

// DecodeBools appends n values read from src to dst and returns the bytes of
// src behind them. A few bytes can stand for any number of values, hence n is
// refused above limit. The error wraps ErrCorrupt; dst is then returned as it came.
func DecodeBools(dst []bool, src []byte, n, limit int) (out []bool, rest []byte, err error) {
	if n < 0 || n > limit {
		return dst, src, errCount("bools", n, len(src))
	}
	out = slices.Grow(dst, n)[:len(dst)+n]
	todo := out[len(dst):]
	r := runReader{src: src}
	for done := 0; done < n; {
		run, err := r.next(done, n)
		if err != nil {
			return dst, src, err
		}
		part := todo[done : done+run]
		for i := range part {
			part[i] = r.value
		}
		done += run
	}
	return out, r.rest(), nil
}

// DecodeBitmap reads n values as DecodeBools does, into a bitmap of (n+7)/8
// bytes, lowest bit first, that it appends to dst. A bit is 1 where the value
// equals set, and ones counts them: set is true for a boolean column, and false
// to turn a stream of "is null" into an Arrow validity bitmap.
func DecodeBitmap(dst, src []byte, n, limit int, set bool) (out []byte, ones int, rest []byte, err error) {
	if n < 0 || n > limit {
		return dst, 0, src, errCount("bitmap", n, len(src))
	}
	size := (n + 7) / 8
	out = slices.Grow(dst, size)[:len(dst)+size]
	todo := out[len(dst):]
	clear(todo)
	r := runReader{src: src}
	for done := 0; done < n; {
		run, err := r.next(done, n)
		if err != nil {
			return dst, 0, src, err
		}
		if r.value == set {
			setBits(todo, done, run)
			ones += run
		}
		done += run
	}
	return out, ones, r.rest(), nil
}

// setBits sets count bits of the bitmap from bit from on.
func setBits(bitmap []byte, from, count int) {
	end := from + count
	for from < end && from&7 != 0 {
		bitmap[from>>3] |= 1 << (from & 7)
		from++
	}
	for ; from+8 <= end; from += 8 {
		bitmap[from>>3] = 0xff
	}
	for ; from < end; from++ {
		bitmap[from>>3] |= 1 << (from & 7)
	}
}

// runReader reads the alternating runs of a boolean stream.
type runReader struct {
	src   []byte
	pos   int  // next bit
	value bool // of the run that next returned
	begun bool
}

// next returns the length of the next run, cut at value n; done values came
// before it. Only the first run may be empty.
func (r *runReader) next(done, n int) (int, error) {
	w := r.word(r.pos)
	t := bits.TrailingZeros64(w)
	if t > 32 || r.pos+2*t+1 > len(r.src)*8 {
		if t > 32 && r.pos+t < len(r.src)*8 {
			return 0, fmt.Errorf("codec: bools: run of 2^%d or more at value %d: %w", t, done, ErrCorrupt)
		}
		return 0, errTruncated("bools", done, n)
	}
	low := w >> (t + 1)
	if 2*t+1 > loadBits {
		low = r.word(r.pos + t + 1)
	}
	run := int(1<<t | low&(1<<t-1))
	r.pos += 2*t + 1
	if r.begun {
		r.value = !r.value
	} else {
		r.begun = true
		run--
	}
	return min(run, n-done), nil
}

// word returns the bits from pos on, 57 or more; zeros follow the last byte.
func (r *runReader) word(pos int) uint64 {
	at := pos >> 3
	if at+8 <= len(r.src) {
		return peek(r.src, pos)
	}
	var pad [8]byte
	copy(pad[:], r.src[min(at, len(r.src)):])
	return binary.LittleEndian.Uint64(pad[:]) >> (uint(pos) & 7)
}

func (r *runReader) rest() []byte { return r.src[(r.pos+7)>>3:] }
