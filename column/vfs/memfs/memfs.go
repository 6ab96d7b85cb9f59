// Package memfs is a file system in memory that knows what a disk would have kept.
//
// It follows file content and the names in folders twice: as programs see them, and as far as File.Sync and
// FS.SyncDir have made them durable. CrashClone gives one of the states that a power cut could leave. It is
// meant for tests, and knows nothing of what is inside a file.
package memfs

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// FS implements vfs.FS in memory. It may be used by many goroutines at once.
//
// Folders are durable as soon as they exist, as vfs.FS.MkdirAll promises. Removing a folder is durable at
// once too: a folder that comes back empty after a crash would test nothing.
type FS struct {
	mu    sync.Mutex
	dirs  map[string]bool
	files map[string]*node
	locks map[string]bool
	// durable holds the names as they are on the disk, pending the changes since, oldest first.
	durable map[string]*node
	pending []nameChange
}

// nameChange is one change of the name space: name now means node (nil: nothing). A rename is one change
// that also takes away the name from; it reaches the disk as a whole.
type nameChange struct {
	name string
	node *node
	from string
}

func (c nameChange) dirs() []string {
	if c.from == "" || filepath.Dir(c.from) == filepath.Dir(c.name) {
		return []string{filepath.Dir(c.name)}
	}
	return []string{filepath.Dir(c.name), filepath.Dir(c.from)}
}

func (c nameChange) applyTo(names map[string]*node) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.node == nil {
		delete(names, c.name)
		return
	}
	names[c.name] = c.node
}

// New gives an empty file system; it has the root folder and the current one.
func New() *FS {
	return &FS{
		dirs:    map[string]bool{"/": true, ".": true},
		files:   map[string]*node{},
		locks:   map[string]bool{},
		durable: map[string]*node{},
	}
}

var _ vfs.FS = (*FS)(nil)

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

func (m *FS) changeLocked(c nameChange) {
	c.applyTo(m.files)
	m.pending = append(m.pending, c)
}

// Create implements vfs.FS.
func (m *FS) Create(name string) (vfs.File, error) {
	name = filepath.Clean(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[filepath.Dir(name)] {
		return nil, pathError("create", name, fs.ErrNotExist)
	}
	if m.dirs[name] {
		return nil, pathError("create", name, fs.ErrExist)
	}
	n := m.files[name]
	if n == nil {
		n = &node{}
		m.changeLocked(nameChange{name: name, node: n})
	} else {
		n.truncate(0)
	}
	return &file{node: n, name: name, writable: true}, nil
}

// Open implements vfs.FS.
func (m *FS) Open(name string) (vfs.File, error) { return m.open("open", name, false) }

// OpenAppend implements vfs.FS.
func (m *FS) OpenAppend(name string) (vfs.File, error) { return m.open("append", name, true) }

func (m *FS) open(op, name string, writable bool) (vfs.File, error) {
	name = filepath.Clean(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.files[name]
	if n == nil {
		return nil, pathError(op, name, fs.ErrNotExist)
	}
	return &file{node: n, name: name, writable: writable}, nil
}

// Remove implements vfs.FS.
func (m *FS) Remove(name string) error {
	name = filepath.Clean(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[name] {
		if len(m.listLocked(name)) > 0 {
			return pathError("remove", name, fs.ErrExist)
		}
		delete(m.dirs, name)
		return nil
	}
	if m.files[name] == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	m.changeLocked(nameChange{name: name})
	return nil
}

// Rename implements vfs.FS.
func (m *FS) Rename(oldName, newName string) error {
	oldName, newName = filepath.Clean(oldName), filepath.Clean(newName)
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.files[oldName]
	if n == nil || !m.dirs[filepath.Dir(newName)] {
		return pathError("rename", oldName, fs.ErrNotExist)
	}
	if m.dirs[newName] {
		return pathError("rename", newName, fs.ErrExist)
	}
	if oldName == newName {
		return nil
	}
	m.changeLocked(nameChange{name: newName, node: n, from: oldName})
	return nil
}

// MkdirAll implements vfs.FS.
func (m *FS) MkdirAll(dir string) error {
	dir = filepath.Clean(dir)
	m.mu.Lock()
	defer m.mu.Unlock()
	for d := dir; !m.dirs[d]; d = filepath.Dir(d) {
		if m.files[d] != nil {
			return pathError("mkdir", d, fs.ErrExist)
		}
	}
	for d := dir; !m.dirs[d]; d = filepath.Dir(d) {
		m.dirs[d] = true
	}
	return nil
}

// List implements vfs.FS.
func (m *FS) List(dir string) ([]string, error) {
	dir = filepath.Clean(dir)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[dir] {
		return nil, pathError("list", dir, fs.ErrNotExist)
	}
	return m.listLocked(dir), nil
}

func (m *FS) listLocked(dir string) []string {
	var names []string
	for name := range m.files {
		if filepath.Dir(name) == dir {
			names = append(names, filepath.Base(name))
		}
	}
	for name := range m.dirs {
		if filepath.Dir(name) == dir && name != dir {
			names = append(names, filepath.Base(name))
		}
	}
	sort.Strings(names)
	return names
}

// Stat implements vfs.FS.
func (m *FS) Stat(name string) (vfs.Info, error) {
	name = filepath.Clean(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[name] {
		return vfs.Info{Dir: true}, nil
	}
	n := m.files[name]
	if n == nil {
		return vfs.Info{}, pathError("stat", name, fs.ErrNotExist)
	}
	return vfs.Info{Size: n.size()}, nil
}

// SyncDir implements vfs.FS. It makes the changes of this folder durable and leaves those of other folders
// pending, which is the least that POSIX promises.
func (m *FS) SyncDir(dir string) error {
	dir = filepath.Clean(dir)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[dir] {
		return pathError("syncdir", dir, fs.ErrNotExist)
	}
	rest := m.pending[:0:0]
	for _, c := range m.pending {
		if touches(c, dir) {
			c.applyTo(m.durable)
		} else {
			rest = append(rest, c)
		}
	}
	m.pending = rest
	return nil
}

func touches(c nameChange, dir string) bool {
	for _, d := range c.dirs() {
		if d == dir {
			return true
		}
	}
	return false
}

// Lock implements vfs.FS. Locks die with the process, so a CrashClone holds none.
func (m *FS) Lock(name string) (io.Closer, error) {
	name = filepath.Clean(name)
	if ok, err := vfs.Exists(m, name); err != nil {
		return nil, err
	} else if !ok {
		f, err := m.Create(name)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] {
		return nil, pathError("lock", name, vfs.ErrLocked)
	}
	m.locks[name] = true
	return &lock{fs: m, name: name}, nil
}

type lock struct {
	fs   *FS
	name string
	once sync.Once
}

func (l *lock) Close() error {
	l.once.Do(func() {
		l.fs.mu.Lock()
		defer l.fs.mu.Unlock()
		delete(l.fs.locks, l.name)
	})
	return nil
}

// CrashClone gives the file system as it might look after a power cut at this moment; m itself goes on
// unharmed. What was synced is there. Of what was not, rng decides: in each folder some first part of the
// pending changes of names has reached the disk, in each file some first part of the pending writes, the
// last of which may be torn: cut at a sector's edge or anywhere, its last sector zero or garbage.
func (m *FS) CrashClone(rng *rand.Rand) *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make(map[string]*node, len(m.durable))
	for name, n := range m.durable {
		names[name] = n
	}
	for _, c := range m.surviving(rng) {
		c.applyTo(names)
	}
	clone := New()
	for dir := range m.dirs {
		clone.dirs[dir] = true
	}
	// Sorted, so that the same seed gives the same crash.
	order := make([]string, 0, len(names))
	for name := range names {
		order = append(order, name)
	}
	sort.Strings(order)
	copies := map[*node]*node{}
	for _, name := range order {
		n := names[name]
		if copies[n] == nil {
			copies[n] = n.crashClone(rng)
		}
		clone.files[name], clone.durable[name] = copies[n], copies[n]
	}
	return clone
}

// surviving draws for each folder how many of its pending changes reached the disk. A rename between two
// folders survives when it is in the first part of both.
func (m *FS) surviving(rng *rand.Rand) []nameChange {
	left := map[string]int{}
	for _, c := range m.pending {
		for _, d := range c.dirs() {
			left[d]++
		}
	}
	order := make([]string, 0, len(left))
	for d := range left {
		order = append(order, d)
	}
	sort.Strings(order)
	for _, d := range order {
		left[d] = rng.IntN(left[d] + 1)
	}
	var kept []nameChange
	for _, c := range m.pending {
		ok := true
		for _, d := range c.dirs() {
			ok = ok && left[d] > 0
			left[d]--
		}
		if ok {
			kept = append(kept, c)
		}
	}
	return kept
}

// Names lists every file, sorted, for messages of failing tests.
func (m *FS) Names() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make([]string, 0, len(m.files))
	for name := range m.files {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}
