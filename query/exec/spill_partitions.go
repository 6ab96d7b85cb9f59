package exec

import (
	"context"
	"sync"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
)

// Rows are parted by some bits of a hash of their keys, other bits at each level: a part that is still too large is parted again.
const (
	partitionBits  = 6
	partitionCount = 1 << partitionBits
	// maxLevel is the last level at which rows are parted: those that 30 bits of their hashes do not tell apart have one key, nearly always.
	maxLevel = 4
)

// partitions keeps rows on disk, parted. Safe for concurrent use while rows are added.
type partitions struct {
	account *account
	limit   int64 // bytes of a part that are collected before they are written
	parts   [partitionCount]partition
	skip    [partitionCount]bool // parts whose rows are of no use

	mu   sync.Mutex // file
	file rowFile
}

// partition is one of them: blocks, and the rows of the one to come.
type partition struct {
	mu      sync.Mutex
	pending []*column.Builder
	waiting int   // rows of pending
	bytes   int64 // about, of pending
	blocks  []spill.Block
	rows    int64
	size    int64 // bytes of blocks
}

// newPartitions makes a set for rows of these types; stats, of the operator it works for, may be nil.
func newPartitions(env *Env, stats *Stats, types []column.Type) *partitions {
	return &partitions{
		account: newAccount(env, stats), file: rowFile{env: env, stats: stats, types: types},
		limit: min(max(env.Least/partitionCount, 8<<10), 256<<10),
	}
}

// partScratch is what one goroutine needs to part batches.
type partScratch struct {
	rows   []int32
	starts [partitionCount + 1]int32
}

// split lists the rows of each part: those of part p are rows[starts[p]:starts[p+1]].
func (s *partScratch) split(hashes []uint64, level int) {
	shift := 64 - partitionBits*(level+1)
	s.starts = [partitionCount + 1]int32{}
	for _, h := range hashes {
		s.starts[h>>shift&(partitionCount-1)+1]++
	}
	for p := range partitionCount {
		s.starts[p+1] += s.starts[p]
	}
	s.rows = resized(s.rows, len(hashes))
	at := s.starts
	for i, h := range hashes {
		p := h >> shift & (partitionCount - 1)
		s.rows[at[p]] = int32(i)
		at[p]++
	}
}

// add parts the rows of columns by their hashes, of which there is one a row.
func (p *partitions) add(columns []*column.Vector, hashes []uint64, level int, s *partScratch) error {
	s.split(hashes, level)
	for i := range p.parts {
		if rows := s.rows[s.starts[i]:s.starts[i+1]]; len(rows) > 0 && !p.skip[i] {
			if err := p.addTo(&p.parts[i], columns, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *partitions) addTo(part *partition, columns []*column.Vector, rows []int32) error {
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.pending == nil {
		for _, t := range p.file.types {
			part.pending = append(part.pending, column.NewBuilder(t, 0))
		}
	}
	size := int64(0)
	for c, b := range part.pending {
		before := b.DataLen()
		b.AppendGather(columns[c], rows)
		size += 9*int64(len(rows)) + int64(b.DataLen()-before)
		if err := b.Err(); err != nil {
			return err
		}
	}
	if err := p.account.need(size); err != nil {
		return err
	}
	part.bytes += size
	part.rows += int64(len(rows))
	part.waiting += len(rows)
	if part.bytes < p.limit {
		return nil
	}
	return p.flush(part)
}

// flush writes the rows that were collected.
func (p *partitions) flush(part *partition) error {
	if part.waiting == 0 {
		return nil
	}
	columns, err := finishAll(part.pending)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	block, err := p.file.append(columns, part.waiting)
	if err != nil {
		return err
	}
	part.blocks = append(part.blocks, block)
	part.size += block.SizeBytes()
	p.account.shrink(part.bytes)
	part.bytes, part.waiting, part.pending = 0, 0, nil
	return nil
}

// finish writes what is left to write. Then parts can be read.
func (p *partitions) finish() error {
	for i := range p.parts {
		if err := p.flush(&p.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// reader gives the rows of a part, in the order they were added by each goroutine.
func (p *partitions) reader(i int) stream {
	return &blockReader{file: &p.file, blocks: p.parts[i].blocks, account: p.account}
}

// rows is how many rows a part has.
func (p *partitions) rows(i int) int64 { return p.parts[i].rows }

// total is how many rows there are in all.
func (p *partitions) total() (n int64) {
	for i := range p.parts {
		n += p.parts[i].rows
	}
	return n
}

// close gives everything back, on disk and in memory.
func (p *partitions) close() {
	p.file.remove()
	for i := range p.parts {
		p.parts[i].blocks, p.parts[i].pending = nil, nil
	}
	p.account.close()
}

// drainStream hands all batches of a stream to eat, and closes it.
func drainStream(ctx context.Context, s stream, eat func(*scan.Batch) error) error {
	w := &worker{}
	return drainPart(ctx, w, func(context.Context, *worker) (stream, error) { return s, nil }, eat)
}
