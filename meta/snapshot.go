package meta

import "sort"

// Snapshot is the catalog at one version. Immutable; made by the state machine by copying what changed.
type Snapshot struct {
	Version   Version
	databases map[string]*Database
	tables    map[TableID]*Table
	names     map[tableName]TableID
	manifests map[TableID]*Manifest
	shards    map[ShardID]Flushed
	garbage   []Garbage
}

type tableName struct {
	database DatabaseID
	schema   string
	name     string
}

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
	if m := s.manifests[id]; m != nil {
		return m
	}
	return &Manifest{Table: id}
}

// FlushedSeq says up to which commit a shard's rows are in segments, in this version.
func (s *Snapshot) FlushedSeq(shard ShardID) Seq { return s.shards[shard].Seq }

// Shard gives a shard's newest epoch and flushed mark.
func (s *Snapshot) Shard(shard ShardID) Flushed { return s.shards[shard] }

// Garbage lists what no manifest names any more.
func (s *Snapshot) Garbage() []Garbage { return s.garbage }
