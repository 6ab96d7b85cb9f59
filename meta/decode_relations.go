package meta

import "github.com/automatanexus/aegis-db/column"

// fromRelations takes schemas, views and sequences out of a header, and checks that what they name is there.
func (s *Snapshot) fromRelations(h *header, databases map[DatabaseID]bool) error {
	for _, n := range h.Schemas {
		if n == nil || !databases[n.Database] || checkName("schema", n.Name) != nil || s.schemas[schemaName{n.Database, n.Name}] != nil {
			return column.Errorf(column.Corrupt, "the list of schemas holds an impossible entry")
		}
		if s.schemas == nil {
			s.schemas = make(map[schemaName]*Schema, len(h.Schemas))
		}
		s.schemas[schemaName{n.Database, n.Name}] = n
	}
	for _, v := range h.Views {
		if v == nil || !databases[v.Database] {
			return column.Errorf(column.Corrupt, "the list of views holds an impossible entry")
		}
		if err := checkView(v); err != nil {
			return column.Errorf(classOfSchema(err), "view %q: %w", v.Name, err)
		}
		if err := s.placeRelation(h, v.ID, tableName{v.Database, v.Schema, v.Name}); err != nil {
			return err
		}
		if s.views == nil {
			s.views = make(map[TableID]*View, len(h.Views))
		}
		s.views[v.ID] = v
	}
	for _, q := range h.Sequences {
		if q == nil || !databases[q.Database] {
			return column.Errorf(column.Corrupt, "the list of sequences holds an impossible entry")
		}
		if err := checkSequence(q); err != nil {
			return column.Errorf(classOfSchema(err), "sequence %q: %w", q.Name, err)
		}
		if err := s.placeRelation(h, q.ID, tableName{q.Database, q.Schema, q.Name}); err != nil {
			return err
		}
		if s.sequences == nil {
			s.sequences = make(map[TableID]*Sequence, len(h.Sequences))
		}
		s.sequences[q.ID] = q
	}
	c := change{Snapshot: *s}
	if err := c.checkReferences(Command{DropSchema: &DropSchema{}}); err != nil {
		return column.Errorf(column.Corrupt, "something names what is not there: %w", err)
	}
	return nil
}

func (s *Snapshot) placeRelation(h *header, id TableID, name tableName) error {
	if _, twice := s.names[name]; twice || s.indexNames[name] != 0 || id == 0 || id >= h.NextTable || s.tables[id] != nil || s.views[id] != nil || s.sequences[id] != nil {
		return column.Errorf(column.Corrupt, "there are two relations of the name %q, or its id is impossible", name.name)
	}
	s.names[name] = id
	return nil
}
