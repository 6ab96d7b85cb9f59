package aegis

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// storm is a table that several sessions change, in blocks and outside, while its rows are flushed, merged, written anew and truncated and its definition changes.
// Each client has keys of its own, of which it knows what becomes; counters belong to all.
type storm struct {
	t       *testing.T
	db      *DB
	kind    stormKind
	began   time.Time
	within  time.Duration
	gate    sync.RWMutex                              // held for reading while something is committed, alone while all rows are compared and end
	epoch   atomic.Int64                              // odd while TRUNCATE is under way, another one behind it
	rows    [stormClients]atomic.Pointer[map[int]int] // each is changed by its client alone, and replaced by TRUNCATE
	counted [stormCounters]atomic.Int64
	ran     sync.Map // what happened how often
}

const (
	stormClients  = 3
	stormKeys     = 12
	stormCounters = 2
)

// stormKind is a kind of table.
type stormKind struct {
	create   string
	keyed    bool     // a key that is there is an error
	conflict string   // what ON CONFLICT names; "" = there is no key
	alters   []string // changes of the definition; those of one line follow each other
}

var stormKinds = map[string]stormKind{
	"keyed": {
		create: "CREATE TABLE w (client bigint, k bigint, v bigint, n bigint, u bigint CONSTRAINT w_u UNIQUE, PRIMARY KEY (client, k))", keyed: true, conflict: "(client, k)",
		alters: []string{"ALTER TABLE w DROP CONSTRAINT w_u; ALTER TABLE w ADD CONSTRAINT w_u UNIQUE (u)"},
	},
	"late key": {
		create: "CREATE TABLE w (client bigint NOT NULL, k bigint NOT NULL, v bigint, n bigint, u bigint); ALTER TABLE w ADD CONSTRAINT w_key PRIMARY KEY (client, k)", keyed: true,
		conflict: "(client, k)",
	},
	"replacing": {
		create:   "CREATE TABLE w (client bigint, k bigint, v bigint, n bigint, u bigint, ts timestamptz DEFAULT '2026-01-01') WITH (time_column = 'ts', tags = 'client, k', unique_key = 'client, k, ts')",
		conflict: "(client, k, ts)",
	},
	"without keys": {create: "CREATE TABLE w (client bigint, k bigint, v bigint, n bigint, u bigint)"},
}

// TestStorm: whatever goes on beside, no change is lost or done twice, a key is refused exactly where it is there, and all else that fails says 40001.
// AEGIS_MODEL_TIME is for how long each kind of table is tried.
func TestStorm(t *testing.T) {
	within := budget(1500 * time.Millisecond)
	if text := os.Getenv("AEGIS_MODEL_TIME"); text != "" {
		var err error
		if within, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range stormKinds {
		t.Run(name, func(t *testing.T) {
			s := &storm{t: t, kind: kind, within: within, began: time.Now()}
			s.db = open(t, "/data", func(o *Options) { o.FS, o.KeepRemoved, o.History = newDisk(), time.Millisecond, -1 })
			for text := range strings.SplitSeq(kind.create, ";") {
				ask(t, s.db, text)
			}
			s.reset()
			var all sync.WaitGroup
			for c := range stormClients {
				all.Go(func() { s.client(c) })
			}
			all.Go(s.upkeep)
			all.Go(s.define)
			all.Go(s.truncate)
			all.Wait()
			s.compare()
			var out []string
			s.ran.Range(func(what, n any) bool {
				out = append(out, fmt.Sprint(what, " ", n.(*atomic.Int64).Load()))
				return true
			})
			slices.Sort(out)
			t.Log(strings.Join(out, ", "))
		})
	}
}

func (s *storm) running() bool { return time.Since(s.began) < s.within && !s.t.Failed() }

func (s *storm) count(what string) {
	n, _ := s.ran.LoadOrStore(what, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

// reset is an empty table. Nobody commits meanwhile.
func (s *storm) reset() {
	for c := range s.rows {
		s.rows[c].Store(&map[int]int{})
	}
	for i := range s.counted {
		s.counted[i].Store(0)
	}
}

// compare holds the rows against what is known. Nobody commits meanwhile.
func (s *storm) compare() {
	for c := range s.rows {
		want := []string{}
		rows := *s.rows[c].Load()
		for _, k := range slices.Sorted(maps.Keys(rows)) {
			want = append(want, fmt.Sprintf("%d|%d", k, rows[k]))
		}
		got, err := tryAsk(s.db.NewSession(""), fmt.Sprintf("SELECT k, v::text FROM w WHERE client = %d ORDER BY k", c))
		if err != nil || !slices.Equal(got, want) {
			s.t.Errorf("client %d: rows %v, %v; want %v", c, got, err, want)
		}
	}
	for i := range s.counted {
		got, err := tryAsk(s.db.NewSession(""), fmt.Sprintf("SELECT coalesce(sum(n), 0) FROM w WHERE client = 100 AND k = %d", i))
		if err != nil || got[0] != fmt.Sprint(s.counted[i].Load()) {
			s.t.Errorf("counter %d: %v, %v; want %d", i, got, err, s.counted[i].Load())
		}
	}
}

// upkeep moves rows.
func (s *storm) upkeep() {
	for s.running() {
		var err error
		switch rand.IntN(4) {
		case 0:
			err = s.db.Compact(s.t.Context())
		case 1:
			err = s.db.shard.PublishDeletes(s.t.Context())
		default:
			err = s.db.Flush(s.t.Context())
		}
		if err != nil {
			s.t.Error(err)
		}
		time.Sleep(rand.N(10 * time.Millisecond))
	}
}

// define changes the definition of the table, back and forth.
func (s *storm) define() {
	session := s.db.NewSession("")
	alters := append([]string{
		"ALTER TABLE w ALTER v TYPE text; ALTER TABLE w ALTER v TYPE bigint USING v::bigint",
		"ALTER TABLE w ADD COLUMN x bigint GENERATED ALWAYS AS (k + 1) STORED; ALTER TABLE w DROP COLUMN x",
		"CREATE INDEX w_v ON w (v); DROP INDEX w_v",
	}, s.kind.alters...)
	for s.running() {
		for text := range strings.SplitSeq(alters[rand.IntN(len(alters))], ";") {
			for {
				_, err := tryAsk(session, text)
				if err == nil {
					break
				}
				if !conflict(err) {
					s.t.Errorf("%s: %v", text, err)
					return
				}
			}
			s.count("definition")
			time.Sleep(rand.N(20 * time.Millisecond))
		}
	}
}

// truncate compares all rows and ends them. Blocks stay open beside it.
func (s *storm) truncate() {
	session := s.db.NewSession("")
	for s.running() {
		time.Sleep(50*time.Millisecond + rand.N(100*time.Millisecond))
		s.gate.Lock()
		s.compare()
		s.epoch.Add(1) // for blocks, which may meet either table from now on
		if _, err := tryAsk(session, "TRUNCATE w"); err == nil {
			s.reset()
			s.count("truncate")
		} else if !conflict(err) {
			s.t.Error(err)
		}
		s.epoch.Add(1)
		s.gate.Unlock()
	}
}

// stormBlock is what a client has done that is not committed.
type stormBlock struct {
	rows    map[int]int // by key; -1 = it has ended
	ended   bool        // rows that were committed before have ended, or changed
	counted [stormCounters]int64
}

func (b *stormBlock) clone() *stormBlock {
	out := *b
	out.rows = maps.Clone(b.rows)
	return &out
}

// stormWriter is a client.
type stormWriter struct {
	*storm
	c       int
	session *query.Session
	rng     *rand.Rand
}

func (s *storm) client(c int) {
	w := &stormWriter{s, c, blockSession(s.t, s.db), rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(c)))}
	for s.running() {
		if w.rng.IntN(3) == 0 {
			w.single()
		} else {
			w.block()
		}
	}
}

// single runs a statement by itself.
func (w *stormWriter) single() {
	w.gate.RLock()
	defer w.gate.RUnlock()
	b := &stormBlock{rows: map[int]int{}}
	if err := w.statement(b, func() bool { return true }); err == nil {
		w.keep(b)
	}
}

// block runs some statements as one.
func (w *stormWriter) block() {
	begin := "BEGIN"
	if w.rng.IntN(2) == 0 {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
	}
	epoch := w.epoch.Load()
	if _, err := tryAsk(w.session, begin); err != nil {
		w.t.Error(err)
		return
	}
	still := func() bool { return epoch%2 == 0 && w.epoch.Load() == epoch }
	b := &stormBlock{rows: map[int]int{}}
	var saved *stormBlock
	for range 1 + w.rng.IntN(5) {
		if saved == nil && w.rng.IntN(4) == 0 {
			if _, err := tryAsk(w.session, "SAVEPOINT p"); err != nil {
				w.t.Error(err)
			}
			saved = b.clone()
		}
		time.Sleep(rand.N(3 * time.Millisecond))
		if !still() {
			break
		}
		err := w.statement(b, still)
		if err == nil {
			continue
		}
		w.session.Fail()
		if saved == nil {
			_, _ = tryAsk(w.session, "ROLLBACK")
			return
		}
		if _, err := tryAsk(w.session, "ROLLBACK TO p"); err != nil {
			w.t.Error(err)
		}
		b = saved.clone()
	}
	w.gate.RLock()
	defer w.gate.RUnlock()
	if _, err := tryAsk(w.session, "COMMIT"); err != nil {
		w.allowed("COMMIT", err)
		return
	}
	w.count("COMMIT")
	if !still() && b.ended {
		w.t.Errorf("client %d: a block was committed that has changed rows of before TRUNCATE: %v", w.c, b.rows)
	}
	w.keep(b)
}

// keep notes what was committed.
func (w *stormWriter) keep(b *stormBlock) {
	rows := *w.rows[w.c].Load()
	for k, v := range b.rows {
		if v < 0 {
			delete(rows, k)
		} else {
			rows[k] = v
		}
	}
	for i, n := range b.counted {
		w.counted[i].Add(n)
	}
}

// value is what the client sees under a key, -1 if there is nothing.
func (w *stormWriter) value(b *stormBlock, k int) int {
	if v, own := b.rows[k]; own {
		return v
	}
	if v, there := (*w.rows[w.c].Load())[k]; there {
		return v
	}
	return -1
}

// allowed reports errors other than those that others may cause at any time.
func (w *stormWriter) allowed(text string, err error) {
	var e *column.Error
	if conflict(err) || errors.As(err, &e) && e.SQLState == "42804" {
		w.count("conflict")
		return
	}
	w.t.Errorf("client %d: %s: %v", w.c, text, err)
}

// errStorm says that a statement has failed, as it may.
var errStorm = errors.New("failed")

// statement runs a statement that is chosen by chance. still reports whether the table was not truncated in between: then it is known what has to come.
func (w *stormWriter) statement(b *stormBlock, still func() bool) error {
	k, to, v := w.rng.IntN(stormKeys), w.rng.IntN(stormKeys), w.rng.IntN(1000)
	there, taken := w.value(b, k) >= 0, w.value(b, to) >= 0
	row := fmt.Sprintf("(%d, %d, '%d', 0, %d)", w.c, k, v, w.c*1000+k)
	insert := "INSERT INTO w (client, k, v, n, u) VALUES "
	one := fmt.Sprintf("client = %d AND k = %d", w.c, k)
	duplicate, affected := false, int64(0)
	next := b.clone()
	set := func(k, v int) {
		if _, own := b.rows[k]; !own && w.value(b, k) >= 0 {
			next.ended = true
		}
		next.rows[k] = v
	}
	var text string
	switch op := w.rng.IntN(10); {
	case op == 0 && w.kind.keyed || op < 3 && !there:
		text, duplicate, affected = insert+row, w.kind.keyed && there, 1
		set(k, v)
	case op < 3 && w.kind.conflict != "":
		text, affected = insert+row+" ON CONFLICT "+w.kind.conflict+" DO NOTHING", 0
	case op == 3 && w.kind.conflict != "":
		text, affected = insert+row+fmt.Sprintf(" ON CONFLICT %s DO UPDATE SET v = '%d'", w.kind.conflict, v), 1
		set(k, v)
	case op == 4 && w.kind.conflict != "":
		i := w.rng.IntN(stormCounters)
		text, affected = insert+fmt.Sprintf("(100, %d, '0', 1, %d) ON CONFLICT %s DO UPDATE SET n = w.n + 1", i, 100000+i, w.kind.conflict), 1
		next.counted[i]++
	case op == 5:
		text = "DELETE FROM w WHERE " + one
		if there {
			affected = 1
			set(k, -1)
		}
	case op == 6 && w.kind.keyed:
		text = fmt.Sprintf("UPDATE w SET k = %d, u = %d WHERE %s", to, w.c*1000+to, one)
		if there {
			duplicate, affected = taken && k != to, 1
			was := w.value(b, k)
			set(k, -1)
			set(to, was)
		}
	case op == 7:
		text = fmt.Sprintf("UPDATE w SET v = '%d' WHERE client = %d", v, w.c)
		for k := range stormKeys {
			if w.value(b, k) >= 0 {
				affected++
				set(k, v)
			}
		}
	default:
		text = fmt.Sprintf("UPDATE w SET v = '%d' WHERE %s", v, one)
		if there {
			affected = 1
			set(k, v)
		}
	}
	n, err := w.run(text)
	var e *column.Error
	switch {
	case err == nil && !still():
		return errStorm // nobody knows what it has met
	case err == nil && (duplicate || n != affected):
		w.t.Errorf("client %d: %s, behind %v of %v: %d rows, want %d; duplicate: %v", w.c, text, b.rows, *w.rows[w.c].Load(), n, affected, duplicate)
	case err == nil:
		w.count(strings.Fields(text)[0])
		*b = *next
		return nil
	case errors.As(err, &e) && e.SQLState == "23505" && (duplicate || !still()):
		w.count("duplicate")
	default:
		w.allowed(text, err)
	}
	return errStorm
}

// run gives the number of rows that a statement has changed.
func (w *stormWriter) run(text string) (int64, error) {
	r, err := w.session.Run(w.t.Context(), query.Request{SQL: text})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.Affected, nil
}
