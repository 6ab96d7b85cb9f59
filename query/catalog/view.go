package catalog

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/setting"
)

// Store tells what only the store knows of a snapshot.
type Store interface {
	plan.Resolver
	// Metrics lists the metrics that have series, ascending.
	Metrics(ctx context.Context) ([]string, error)
	// Stored gives the figures of a table, Indexed those of an index.
	Stored(ctx context.Context, t *meta.Table) (Figures, error)
	Indexed(x *meta.Index) IndexFigures
	// Statistics describes a column of a table by its segments; nil if nothing is known.
	Statistics(ctx context.Context, t *meta.Table, id column.ID) (*stats.Column, error)
}

// Figures are what a table takes.
type Figures struct {
	Rows     int64 // live ones
	DeadRows int64
	Bytes    int64 // of segments
	Sidecars int64 // bytes of their indexes
	Segments int
}

// Activity is what a session does.
type Activity struct {
	PID                                  int64
	Database, User, Application          string
	Address                              string
	Port                                 int64
	Server                               string // address that the client connected to
	ServerPort                           int64
	Started, Transaction, Query, Changed time.Time
	State, Text                          string
}

// View is a database as one statement of a session sees it. Safe for concurrent use.
type View struct {
	Ctx       context.Context
	Catalog   *meta.Snapshot
	Database  *meta.Database
	Store     Store
	Functions *fn.Registry
	Settings  *setting.Values
	Path      []string // the schemas that names are looked for in, pg_catalog included
	Activity  func() []Activity
	Started   time.Time // of the server
	Now       time.Time // of the transaction
	PID       int64     // of the session
	Sequences Sequences
	Advisory  Advisory
	Draws     *fn.Draws // what random() draws from
	Holds     func() Held

	held Held // from when one of its relations was found

	change    sync.Mutex // held while a function changes the settings
	procsOnce sync.Once
	procList  []*proc

	once    sync.Once
	objects *objects
	failed  error
}

// The numbers of what is no table. Those below 16384 are PostgreSQL's.
const (
	oidDatabase   = 5 // of the default one
	oidOwner      = 10
	oidCatalog    = 11
	oidPublic     = 2200
	oidTablespace = 1663
	oidFirst      = 16384 // the first that a user's object has
	oidMetrics    = oidFirst
	oidPrometheus = oidFirst + 1
	oidHeapAM     = 2
	oidTables     = oidFirst + 16 // tables have 16 numbers each from here on, by their ids
	oidIndexes    = 1 << 28       // indexes by their ids
	oidOthers     = 1 << 29       // databases, roles, functions and the like by their ids or the hash of their names
	oidMetricsLow = 1 << 30       // metrics by the hash of their names
)

// What follows a table's number.
const (
	rowTypeOffset = 1 + iota
	rowArrayOffset
	indexOffset
	constraintOffset
)

func tableOID(id meta.TableID) int64 { return oidTables + 16*(int64(id)-1) }

// RelationOID is the number of a table, view or sequence.
func RelationOID(id meta.TableID) int64 { return tableOID(id) }

// RelationNumbered is the relation that has a number, 0 if it can be none's.
func RelationNumbered(oid int64) meta.TableID {
	if oid < oidTables || oid >= oidOthers || (oid-oidTables)%16 != 0 {
		return 0
	}
	return meta.TableID((oid-oidTables)/16 + 1)
}

// hashOID gives a number for what has a name only.
func hashOID(parts ...string) int64 {
	return oidOthers + int64(xxh3.HashString(strings.Join(parts, "\x00"))%(oidMetricsLow-oidOthers))
}

func databaseOID(d *meta.Database) int64 {
	if d.Name == meta.DefaultDatabase {
		return oidDatabase
	}
	return hashOID("database", d.Name)
}

// roleOID is the number of a user; whoever set the database up is number 10.
func (v *View) roleOID(name string) int64 {
	if name == owner {
		return oidOwner
	}
	return hashOID("role", name)
}

// owner owns everything.
const owner = "aegis"

// namespace is a schema.
type namespace struct {
	oid  int64
	name string
}

var namespaces = []namespace{
	{oidCatalog, Schema}, {13207, InformationSchema}, {oidPublic, meta.PublicSchema}, {oidMetrics, meta.MetricsSchema}, {oidPrometheus, meta.PrometheusSchema},
}

func namespaceOID(name string) int64 {
	for _, n := range namespaces {
		if n.name == name {
			return n.oid
		}
	}
	return hashOID("schema", name)
}

// namespaces lists the schemas of the database.
func (v *View) namespaces() []namespace {
	out := slices.Clone(namespaces)
	for _, s := range v.Catalog.Schemas(v.Database.ID) {
		out = append(out, namespace{namespaceOID(s.Name), s.Name})
	}
	return out
}

// objects are the tables and metrics of a view, looked up once.
type objects struct {
	metrics   []string
	oids      []int64          // of the metrics
	byOID     map[int64]string // metrics
	tables    []*meta.Table
	metricOID map[string]int64
}

// load lists the tables and metrics.
func (v *View) load() (*objects, error) {
	v.once.Do(func() {
		o := &objects{tables: v.Catalog.Tables(v.Database.ID), byOID: map[int64]string{}, metricOID: map[string]int64{}}
		if o.metrics, v.failed = v.Store.Metrics(v.Ctx); v.failed != nil {
			return
		}
		for _, m := range o.metrics {
			oid := metricNumber(m)
			for o.byOID[oid] != "" { // two names of one hash: the later one, by name, takes the next number
				oid++
			}
			o.byOID[oid], o.metricOID[m] = m, oid
			o.oids = append(o.oids, oid)
		}
		v.objects = o
	})
	return v.objects, v.failed
}

func metricNumber(name string) int64 {
	return oidMetricsLow + int64(xxh3.HashString(name)%(1<<32-oidMetricsLow-1<<16))
}

// visible reports whether a name without a schema means the relation of this schema.
func (v *View) visible(schema, name string) bool {
	for _, in := range v.Path {
		if in == schema {
			return true
		}
		if v.has(in, name) {
			return false
		}
	}
	return false
}

// has reports whether a schema has a relation of a name.
func (v *View) has(schema, name string) bool {
	switch schema {
	case Schema, InformationSchema:
		return shapesByName()[schema+"."+name] != nil
	case meta.MetricsSchema:
		o, err := v.load()
		if err != nil {
			return false
		}
		_, found := slices.BinarySearch(o.metrics, name)
		return found
	}
	return v.Catalog.Relation(v.Database.ID, schema, name) != 0
}
