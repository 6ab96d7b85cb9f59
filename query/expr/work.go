package expr

import "github.com/automatanexus/aegis-db/column"

// workBytes is how much work passes between two looks at cancellation, counted in bytes that are read or written: at the slowest, some ten
// nanoseconds for each, it takes a few milliseconds.
const workBytes = 256 << 10

// roomBytes is from what size on a value is held against the statement's memory before it is made.
const roomBytes = 1 << 20

// Work counts what a kernel does inside of one value, in bytes, before or while it is done, and looks now and then whether the statement was
// cancelled. A loop over a long value calls it for each piece of it.
func (c *Context) Work(bytes int) error {
	if c.left -= bytes; c.left >= 0 {
		return nil
	}
	c.left = workBytes
	return c.Interrupted()
}

// rowWork is what a row is taken for beside the bytes that are read and written: functions of one row do anything from an addition to the
// compiling of a pattern, so there is a look every 16 rows at least.
const rowWork = workBytes / 16

// RowWork is what a kernel's work on one row of the call at hand counts, for loops over rows: what it reads, and something for being called.
func (c *Context) RowWork() int { return c.row }

// call notes what a row of the arguments is.
func (c *Context) call(args []*column.Vector, n int) {
	c.row = rowWork
	for _, a := range args {
		if a.Enc == column.Const {
			c.row += len(a.Child.Data)
		} else if len(a.Offsets) > 0 {
			c.row += int(a.Offsets[n]-a.Offsets[0]) / n
		}
	}
}

// Room fails if a value of so many bytes, beside those that were made of the batch at hand, is more than the statement may hold. What is held for
// longer is counted by whoever holds it; this is asked before a value is made that nobody could hold.
func (c *Context) Room(bytes int64) error {
	if bytes < roomBytes || c.Pool == nil {
		return nil
	}
	need := bytes
	if c.cut {
		need += c.made
	}
	if err := c.Pool.Grow(need); err != nil {
		return err
	}
	c.Pool.Shrink(need)
	return nil
}

// Made is how many bytes of texts and the like were made since it was asked last.
func (c *Context) Made() int64 {
	n := c.made
	c.made, c.cut = 0, true
	return n
}

// MadeBefore counts bytes that Made has given to somebody who only wanted to know what was made after them.
func (c *Context) MadeBefore(bytes int64) { c.made += bytes }

// note counts what a kernel has made.
func (c *Context) note(v *column.Vector) {
	if v != nil {
		c.made += int64(len(v.Data))
	}
}
