package meta

import (
	"cmp"
	"slices"
	"sort"
)

// Snapshot is the catalog at one version. Immutable; made by Apply, which copies what changes and shares the rest.
type Snapshot struct {
	Version   Version
	applied   uint64 // the log index of the command that made it
	databases map[string]*Database
	tables    map[TableID]*Table
	names     map[tableName]TableID // of tables, views and sequences
	manifests sorted[*Manifest]
	shards    map[ShardID]Flushed
	garbage   sorted[Garbage]
	decided   map[ShardID][]Seq
	users     map[string]*User
	schemas   map[schemaName]*Schema
	views     map[TableID]*View
	sequences map[TableID]*Sequence
	history   history
	past      *pastManifests // takes the place of manifests in a state of the past
	truncated Seq            // the greatest Table.From

	indexes      map[IndexID]*Index
	indexNames   map[tableName]IndexID
	tableIndexes map[TableID][]*Index // by id

	// What the next thing of each kind is called.
	nextDatabase DatabaseID
	nextTable    TableID
	nextSegment  SegmentID
	nextIndex    IndexID // 0 stands for 1
}

type tableName struct {
	database DatabaseID
	schema   string
	name     string
}

// byFile orders garbage by the file it names, so that a record is found by what identifies it.
var byFile = order[Garbage]{compare: func(a, b Garbage) int {
	if c := cmp.Compare(a.Segment, b.Segment); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Vector, b.Vector); c != 0 {
		return c
	}
	return cmp.Compare(a.Table, b.Table)
}}

// NewSnapshot gives the catalog before its first command: version 0, nothing in it.
func NewSnapshot() *Snapshot {
	return &Snapshot{nextDatabase: 1, nextTable: 1, nextSegment: 1}
}

// Applied is the index of the log entry that made this version.
func (s *Snapshot) Applied() uint64 { return s.applied }

// Database finds a database by name, nil if there is none.
func (s *Snapshot) Database(name string) *Database { return s.databases[name] }

// Databases lists all databases by name.
func (s *Snapshot) Databases() []*Database {
	out := make([]*Database, 0, len(s.databases))
	for _, d := range s.databases {
		out = append(out, d)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Table finds a table by name, nil if there is none.
func (s *Snapshot) Table(db DatabaseID, schema, name string) *Table {
	return s.tables[s.names[tableName{db, schema, name}]]
}

// TableByID finds a table, nil if there is none.
func (s *Snapshot) TableByID(id TableID) *Table { return s.tables[id] }

// Tables lists the tables of a database by schema and name.
func (s *Snapshot) Tables(db DatabaseID) []*Table {
	var out []*Table
	for _, t := range s.tables {
		if t.Database == db {
			out = append(out, t)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Schema != out[j].Schema {
			return out[i].Schema < out[j].Schema
		}
		return out[i].Name < out[j].Name
	})
	return out
}

// Manifest gives a table's segments; never nil.
func (s *Snapshot) Manifest(id TableID) *Manifest {
	if s.past != nil {
		return s.past.manifest(id)
	}
	probe := &Manifest{Table: id}
	if m, ok := s.manifests.find(&byTable, probe); ok {
		return m
	}
	return probe
}

// FlushedSeq says up to which commit a shard's rows are in segments, in this version.
func (s *Snapshot) FlushedSeq(shard ShardID) Seq { return s.shards[shard].Seq }

// DeletedSeq says up to which commit a shard's deletes of rows of segments are in deletion vectors, in this version.
func (s *Snapshot) DeletedSeq(shard ShardID) Seq { return s.shards[shard].DeletedSeq() }

// TruncatedSeq is the newest commit whose rows a truncation has ended, 0 if there was none. Whoever reads this catalog has to read all rows up to it: else
// other tables would be as they were before what is seen of the truncated one.
func (s *Snapshot) TruncatedSeq() Seq { return s.truncated }

func lastTruncated(tables map[TableID]*Table) Seq {
	last := Seq(0)
	for _, t := range tables {
		last = max(last, t.From)
	}
	return last
}

// Shard gives a shard's newest epoch and its marks.
func (s *Snapshot) Shard(shard ShardID) Flushed { return s.shards[shard] }

// Garbage lists what no manifest names any more, by segment, then vector. The list is the caller's.
func (s *Snapshot) Garbage() []Garbage {
	return slices.AppendSeq(make([]Garbage, 0, s.garbage.n), s.garbage.all())
}

// NextTable is the id that the next table gets: no table of that id or a higher one was ever there.
func (s *Snapshot) NextTable() TableID { return s.nextTable }

// NextSegment is the id that the next reservation starts with: every id from it on is unused.
func (s *Snapshot) NextSegment() SegmentID { return s.nextSegment }
