package expr

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Batches of one chunk share their dictionaries. What a call makes of a dictionary's entries is kept beside it and taken again for the batches that
// follow, so that a pattern is looked for in each text once, and whoever numbers values meets one dictionary, too.

// ofDictionary is what a call made of the last dictionary that it met.
type ofDictionary struct {
	args   []*column.Vector // of the call: the dictionary, and the values of constants
	rows   int              // that referred to it
	values *column.Vector   // by entry; nil = not computed
	failed bool             // it cannot be computed for all entries
}

// keptBytes is how much text is kept of a call; a result that has more is computed for each batch.
const keptBytes = 1 << 20

// dictionaryKey is the key of an ofDictionary in Context.Memo.
type dictionaryKey struct{ call *Call }

// byEntry gives the result of a call whose arguments are one dictionary and constants, if it is there or worth computing: when as many rows have
// referred to the dictionary as it has entries. An error of some entry is nobody's, as it may be no row's: nil is returned then, too.
func (c *Context) byEntry(e *Call, args []*column.Vector, n int) *column.Vector {
	dict := -1
	for i, a := range args {
		switch a.Enc {
		case column.Const:
		case column.Dict:
			if dict >= 0 {
				return nil
			}
			dict = i
		default:
			return nil
		}
	}
	if dict < 0 || e.Fn.Volatile || args[dict].Child.Len == 0 {
		return nil
	}
	kept, err := c.Memo(dictionaryKey{e}, func() (any, error) { return &ofDictionary{}, nil })
	if err != nil {
		return nil
	}
	d := kept.(*ofDictionary)
	if !slices.EqualFunc(d.args, args, func(kept, a *column.Vector) bool { return kept == a.Child }) {
		*d = ofDictionary{args: make([]*column.Vector, len(args))}
		for i, a := range args {
			d.args[i] = a.Child
		}
	}
	if d.values == nil && !d.failed {
		if d.rows += n; d.rows < args[dict].Child.Len {
			return nil
		}
		d.compute(c, e.Fn, args, dict)
	}
	if d.values == nil {
		return nil
	}
	out := rewrap(args[dict], d.values)
	if args[dict].Child.Len > n && e.Fn.Result.Physical() != column.PhysBytes {
		return column.Flatten(out) // whoever reads truth values or numbers by entry must not meet more entries than rows
	}
	return out
}

// compute makes the values of all entries.
func (d *ofDictionary) compute(c *Context, f *Function, args []*column.Vector, dict int) {
	entries := args[dict].Child
	of := make([]*column.Vector, len(args))
	for i, a := range args {
		of[i] = column.NewConst(a.Child, 0, entries.Len)
	}
	of[dict] = entries
	d.failed = true
	v, err := applyFlat(c, f, f.Kernel, of, entries.Len)
	if err != nil {
		return
	}
	if v.Enc != column.Const {
		v = column.Flatten(v)
	}
	if len(v.Data) <= keptBytes {
		d.values, d.failed = v, false
	}
}
