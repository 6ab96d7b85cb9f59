package node

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

// BenchmarkPropose measures an acknowledged change on the disk of the machine, fsync included.
func BenchmarkPropose(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			n, err := Open(context.Background(), Options{FS: vfs.OS(), Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer n.Close()
			var shard atomic.Uint32
			b.SetParallelism(writers)
			b.ResetTimer()
			if writers == 1 {
				for range b.N {
					mustPropose(b, n, meta.Command{OpenShard: &meta.OpenShard{Shard: 1}})
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				id := meta.ShardID(shard.Add(1))
				for pb.Next() {
					mustPropose(b, n, meta.Command{OpenShard: &meta.OpenShard{Shard: id}})
				}
			})
		})
	}
}

// BenchmarkOpen measures the time from Open to a leader whose state holds the whole log.
func BenchmarkOpen(b *testing.B) {
	for _, entries := range []int{1, 500} {
		b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
			dir := b.TempDir()
			o := Options{FS: vfs.OS(), Dir: dir}
			n, err := Open(context.Background(), o)
			if err != nil {
				b.Fatal(err)
			}
			for range entries {
				mustPropose(b, n, meta.Command{OpenShard: &meta.OpenShard{Shard: 1}})
			}
			if err := n.Close(); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				n, err := Open(context.Background(), o)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := n.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

func mustPropose(tb testing.TB, n *Node, c meta.Command) meta.Result {
	tb.Helper()
	r, err := n.Propose(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
