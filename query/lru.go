package query

import (
	"container/list"
	"sync"
)

// lru keeps values by key within a number of bytes; what was not used for the longest time goes first. Safe for concurrent use.
type lru[V any] struct {
	limit int64

	mu     sync.Mutex
	byKey  map[string]*list.Element // of *entry[V]
	recent *list.List               // the latest used first
	bytes  int64
}

type entry[V any] struct {
	key   string
	value V
	bytes int64
}

func newLRU[V any](limit int64) *lru[V] {
	return &lru[V]{limit: limit, byKey: map[string]*list.Element{}, recent: list.New()}
}

func (c *lru[V]) find(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return v, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*entry[V]).value, true
}

// put keeps a value, in place of one that the key may have.
func (c *lru[V]) put(key string, v V, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		c.drop(e)
	}
	if bytes > c.limit {
		return
	}
	c.byKey[key] = c.recent.PushFront(&entry[V]{key, v, bytes})
	for c.bytes += bytes; c.bytes > c.limit; {
		c.drop(c.recent.Back())
	}
}

func (c *lru[V]) drop(e *list.Element) {
	old := c.recent.Remove(e).(*entry[V])
	delete(c.byKey, old.key)
	c.bytes -= old.bytes
}
