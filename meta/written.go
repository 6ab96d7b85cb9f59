package meta

// WithWritten gives the state as it would be with segments that are written and that nothing names yet. Its version is that of s: it is for the transaction alone
// that has written them, which reads it.
func (s *Snapshot) WithWritten(list []Written) (*Snapshot, error) {
	next := *s
	var edits []Edit
	for i := range list {
		if s.TableByID(list[i].Table.ID) == nil {
			continue // the transaction has dropped it, or others have
		}
		edits = append(edits, Edit{Table: list[i].Table.ID, Add: list[i].Segments})
		for _, w := range list[i].Segments {
			next.nextSegment = max(next.nextSegment, w.ID+1) // they may have been reserved later
		}
	}
	if len(edits) == 0 {
		return s, nil
	}
	out, _, err := next.Apply(Command{Commit: &Commit{Edits: edits}}, 0)
	if err != nil {
		return nil, err
	}
	out.Version = s.Version
	return out, nil
}

// Add is the command that adds segments to their tables, as those of a commit.
func Add(list []Written, seq Seq) Command {
	c := &Commit{}
	for i := range list {
		e := Edit{Table: list[i].Table.ID}
		for _, s := range list[i].Segments {
			s.MinSeq, s.MaxSeq = seq, seq
			e.Add = append(e.Add, s)
		}
		c.Edits = append(c.Edits, e)
	}
	return Command{Commit: c}
}
