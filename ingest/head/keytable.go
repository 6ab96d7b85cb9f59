package head

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/automatanexus/aegis-db/column/prefetch"
	"github.com/automatanexus/aegis-db/meta"
)

// keyTable finds numbers of rows by the hashes of their tuples. It knows 40 bits of a hash: who needs to be sure reads the row.
//
// Among millions of rows each look-up misses the caches, so the table is built for that. What is looked at of a tuple is one line of 64 bytes, and look-ups and
// insertions come in groups: while one is worked on, the lines of the next are on their way. A line has room for seven
// rows; the others are in the lines behind it. Lines lie in blocks, which split one at a time when they are full (extendible hashing,
// https://dl.acm.org/doi/10.1145/320083.320092): growing never holds a commit up for longer than a block takes, and never needs the table twice.
//
// Rows of the same bits are a chain, of which the lines have the newest: of a row that was updated a million times the newest version is found at once. Who has
// followed a chain down to rows that had all ended says so with cut, and who comes after him stops there.
type keyTable struct {
	depth  uint        // upper bits of a hash that choose a block
	blocks []*keyBlock // by those bits; one that has split less often than others stands at several places
	older  map[uint32]olderRow
	spare  []keyLine // lines of the block that has split last
	size   int64
}

// olderRow is the row behind another in a chain.
type olderRow struct {
	row uint32
	cut meta.Seq // it and all behind it had ended by then; 0 = who knows
}

// Chains are followed to rows that had all ended by a seq.
const (
	wholeChain  meta.Seq = 0
	anyCut      meta.Seq = math.MaxUint64
	withoutRest meta.Seq = math.MaxUint64 - 1 // no chain at all
)

// keyBlock is a part of the table that grows by itself.
type keyBlock struct {
	depth uint // upper bits that its hashes share
	used  int
	lines []keyLine
}

// keyLine is a cache line: of each row the upper 32 bits of its hash and eight more.
type keyLine struct {
	rows  [keyLineRows]uint32
	tags  [keyLineRows]uint32
	more  [keyLineRows]uint8
	state uint8 // the number of rows; passedOn
}

const (
	keyLineRows = 7
	passedOn    = 0x80 // in the state: there was no room for all
	keyLines    = 512  // of a block that splits: 32 KiB, the largest size class of Go's allocator
	leastLines  = 16
	keyLoad     = 75 // percent of a block's places; above, too many lines pass rows on
	keyGroup    = len(prefetch.Lines{})
	keyDepth    = 8 // bits by which the directory may be deeper than the rows need, which chance does not do; blocks grow beyond it

	keyLineBytes  = int64(unsafe.Sizeof(keyLine{}))
	keyBlockBytes = int64(unsafe.Sizeof(keyBlock{}))
	tableBytes    = int64(unsafe.Sizeof(keyTable{}))
	olderBytes    = 32 // of an entry of the map
)

func newKeyTable() *keyTable {
	b := &keyBlock{lines: make([]keyLine, leastLines)}
	return &keyTable{blocks: []*keyBlock{b}, size: tableBytes + 8 + keyBlockBytes + leastLines*keyLineBytes}
}

// mixed spreads a hash. Stored hashes have no seed, and all bits shall have a part in those that choose blocks.
func mixed(hash uint64) uint64 {
	hi, lo := bits.Mul64(hash, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

func (t *keyTable) block(h uint64) *keyBlock { return t.blocks[h>>1>>(63-t.depth)] }

// first is the line where the rows of a hash begin. The bits that choose it are none of those that choose blocks.
func (b *keyBlock) first(h uint64) int { return int(h>>32) & (len(b.lines) - 1) }

// at gives the place of a hash in a line, keyLineRows if it is not there. Hardly any is, so all are compared without a branch.
func (l *keyLine) at(h uint64) int {
	tag, t := h>>32, &l.tags
	below := (uint64(t[0]) ^ tag) - 1 // negative if equal
	below |= (uint64(t[1]) ^ tag) - 1
	below |= (uint64(t[2]) ^ tag) - 1
	below |= (uint64(t[3]) ^ tag) - 1
	below |= (uint64(t[4]) ^ tag) - 1
	below |= (uint64(t[5]) ^ tag) - 1
	below |= (uint64(t[6]) ^ tag) - 1
	if int64(below) < 0 {
		for i := range int(l.state &^ passedOn) {
			if t[i] == uint32(tag) && l.more[i] == uint8(h>>24) {
				return i
			}
		}
	}
	return keyLineRows
}

// find gives the line and the place of a hash, nil if it is not there.
func (b *keyBlock) find(h uint64) (*keyLine, int) {
	for i := b.first(h); ; i = (i + 1) & (len(b.lines) - 1) {
		l := &b.lines[i]
		if at := l.at(h); at < keyLineRows {
			return l, at
		}
		if l.state&passedOn == 0 {
			return nil, 0
		}
	}
}

// keyFound is a row that may have the tuple of a hash.
type keyFound struct {
	i   int // of the hash
	row uint32
}

// find appends the rows of hashes from one on, for each the newest first, but those that had ended by a seq where that is known. Those that are free are not looked for.
func (t *keyTable) find(dst []keyFound, from int, hashes []uint64, free []bool, ended meta.Seq) []keyFound {
	return t.findNewest(dst, from, hashes, free, ended, math.MaxInt)
}

// findNewest is find, with so many rows of each hash at most.
func (t *keyTable) findNewest(dst []keyFound, from int, hashes []uint64, free []bool, ended meta.Seq, most int) []keyFound {
	var now, next prefetch.Lines
	t.ask(&next, hashes[from:])
	for lo := from; lo < len(hashes); lo += keyGroup {
		hi := min(lo+keyGroup, len(hashes))
		now = next
		t.ask(&next, hashes[hi:])
		for i := lo; i < hi; i++ {
			h, l := mixed(hashes[i]), (*keyLine)(now[i-lo])
			at := l.at(h)
			if at == keyLineRows && l.state&passedOn != 0 {
				if l, at = t.block(h).find(h); l == nil {
					continue
				}
			}
			if at == keyLineRows || free != nil && free[i] {
				continue
			}
			dst = t.chain(dst, i, l.rows[at], ended, most)
		}
	}
	return dst
}

// put adds the rows of hashes from one on, which are newer than all before: of the hash i row first + i, or rows[i] where rows is set. Rows that were there with the same hashes are
// appended to dst, for each hash the newest first, as find does. Hashes that are free are left out.
func (t *keyTable) put(dst []keyFound, from int, hashes []uint64, free []bool, first uint32, rows []uint32, ended meta.Seq) []keyFound {
	var lines prefetch.Lines
	t.ask(&lines, hashes[from:])
	for lo := from; lo < len(hashes); lo += keyGroup {
		hi := min(lo+keyGroup, len(hashes))
		t.ask(&lines, hashes[hi:])
		for i := lo; i < hi; i++ {
			if free != nil && free[i] {
				continue
			}
			row := first + uint32(i)
			if rows != nil {
				row = rows[i]
			}
			if before, ok := t.putOne(mixed(hashes[i]), row); ok && ended != withoutRest {
				dst = t.chain(dst, i, before, ended, math.MaxInt)
			}
		}
	}
	return dst
}

// chain appends a row and those of the same hash before it, so many at most.
func (t *keyTable) chain(dst []keyFound, i int, row uint32, ended meta.Seq, most int) []keyFound {
	for n := 1; ; n++ {
		dst = append(dst, keyFound{i, row})
		if n == most {
			return dst
		}
		next, ok := t.older[row]
		if !ok || next.cut != 0 && next.cut <= ended {
			return dst
		}
		row = next.row
	}
}

// cut says that all rows behind one in its chain, down to last, had ended by a seq. Behind last the chain ends, or was cut before.
func (t *keyTable) cut(row, last uint32, seq meta.Seq) {
	if next, ok := t.older[row]; ok && next.cut == 0 {
		next.cut = max(seq, t.older[last].cut)
		t.older[row] = next
	}
}

// ask asks for the lines of the next hashes, and says where they are.
func (t *keyTable) ask(lines *prefetch.Lines, hashes []uint64) {
	hashes = hashes[:min(keyGroup, len(hashes))]
	for k, hash := range hashes {
		h := mixed(hash)
		b := t.block(h)
		lines[k&(keyGroup-1)] = unsafe.Pointer(&b.lines[b.first(h)])
	}
	prefetch.Ask(lines, len(hashes))
}

// putOne adds a row, and gives the newest that was there with its hash.
func (t *keyTable) putOne(h uint64, row uint32) (before uint32, ok bool) {
	b := t.block(h)
	room := 100*(b.used+1) <= keyLoad*keyLineRows*len(b.lines)
	if l := &b.lines[b.first(h)]; room && l.state < keyLineRows && l.at(h) == keyLineRows { // nearly always
		l.add(h, row)
		b.used++
		return 0, false
	}
	if l, at := b.find(h); l != nil {
		if t.older == nil {
			t.older = map[uint32]olderRow{}
		}
		before = l.rows[at]
		t.older[row], l.rows[at] = olderRow{row: before}, row
		t.size += olderBytes
		return before, true
	}
	for 100*(b.used+1) > keyLoad*keyLineRows*len(b.lines) {
		t.grow(b, h)
		b = t.block(h)
	}
	b.place(h, row)
	return 0, false
}

// takeBack removes the newest row of a hash.
func (t *keyTable) takeBack(h uint64) {
	b := t.block(h)
	l, at := b.find(h)
	if before, ok := t.older[l.rows[at]]; ok {
		delete(t.older, l.rows[at])
		l.rows[at] = before.row
		t.size -= olderBytes
		return
	}
	l.state-- // what was passed on stays where it is
	b.used--
	last := l.state &^ passedOn
	l.rows[at], l.tags[at], l.more[at] = l.rows[last], l.tags[last], l.more[last]
	l.tags[last] = 0
}

// place puts a row whose hash is not there into the first line with room.
func (b *keyBlock) place(h uint64, row uint32) {
	l := &b.lines[b.first(h)]
	for i := b.first(h); l.state&^passedOn == keyLineRows; {
		l.state |= passedOn
		i = (i + 1) & (len(b.lines) - 1)
		l = &b.lines[i]
	}
	l.add(h, row)
	b.used++
}

// add adds a row to a line that has room.
func (l *keyLine) add(h uint64, row uint32) {
	n := l.state & (passedOn - 1)
	l.rows[n], l.tags[n], l.more[n] = row, uint32(h>>32), uint8(h>>24)
	l.state++
}

// grow makes room in the block of a hash.
func (t *keyTable) grow(b *keyBlock, h uint64) {
	deepest := uint(bits.Len(uint(t.size/(keyLines*keyLineBytes)))) + keyDepth
	if len(b.lines) < keyLines || b.depth >= deepest {
		old := b.lines
		b.lines, b.used = make([]keyLine, 2*len(old)), 0
		t.size += int64(len(old)) * keyLineBytes
		move(old, func(uint64) *keyBlock { return b })
		return
	}
	if b.depth == t.depth {
		t.deepen()
	}
	t.split(b, h)
}

// deepen doubles the directory.
func (t *keyTable) deepen() {
	doubled := make([]*keyBlock, 0, 2*len(t.blocks))
	for _, b := range t.blocks {
		doubled = append(doubled, b, b)
	}
	t.size += 8 * int64(len(t.blocks))
	t.blocks = doubled
	t.depth++
}

// split makes two blocks of the one of a hash.
func (t *keyTable) split(b *keyBlock, h uint64) {
	old := b.lines
	left, right := &keyBlock{depth: b.depth + 1, lines: t.spare}, &keyBlock{depth: b.depth + 1, lines: make([]keyLine, len(old))}
	if len(left.lines) != len(old) {
		left.lines = make([]keyLine, len(old))
	}
	t.size += keyBlockBytes + int64(len(old))*keyLineBytes
	move(old, func(h uint64) *keyBlock {
		if h<<b.depth>>63 == 0 {
			return left
		}
		return right
	})
	clear(old)
	t.spare = old
	places := 1 << (t.depth - b.depth)
	first := int(h>>1>>(63-t.depth)) &^ (places - 1)
	for i := range places {
		if t.blocks[first+i] = left; i >= places/2 {
			t.blocks[first+i] = right
		}
	}
}

// move puts the rows of lines into other blocks.
func move(lines []keyLine, to func(h uint64) *keyBlock) {
	for i := range lines {
		l := &lines[i]
		for k := range int(l.state &^ passedOn) {
			h := uint64(l.tags[k])<<32 | uint64(l.more[k])<<24
			to(h).place(h, l.rows[k])
		}
	}
}
