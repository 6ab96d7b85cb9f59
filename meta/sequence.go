package meta

import (
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
)

// Sequence gives numbers. Its record says how far they were handed out: whoever gives them to statements takes many at a time and gives back what is
// left when it ends in order.
type Sequence struct {
	ID       TableID    `json:"id"`
	Database DatabaseID `json:"database"`
	Schema   string     `json:"schema"`
	Name     string     `json:"name"`
	// Type is smallint, integer or bigint: the bounds that ALTER may set.
	Type      column.Kind `json:"type"`
	Start     int64       `json:"start"`
	Increment int64       `json:"increment"`
	Min       int64       `json:"min"`
	Max       int64       `json:"max"`
	Cache     int64       `json:"cache"`
	Cycle     bool        `json:"cycle,omitempty"`
	// Last is the last number that was handed out, or, unless Called, the first that will be.
	Last   int64 `json:"last"`
	Called bool  `json:"called,omitempty"`
	// Table and Column are what the sequence belongs to: it goes with them. Identity says that it is inside of the column.
	Table    TableID   `json:"table,omitempty"`
	Column   column.ID `json:"column,omitempty"`
	Identity bool      `json:"identity,omitempty"`
	Comment  string    `json:"comment,omitempty"`
	// Changed is the version of the last change but of Last and Called.
	Changed Version `json:"changed"`
}

// SequenceValues are numbers of a sequence: Count from First on, each Step after the one before.
type SequenceValues struct {
	First, Step int64
	Count       uint64
}

// CreateSequence makes a sequence; its ID may be a reserved one.
type CreateSequence struct {
	Sequence Sequence `json:"sequence"`
}

// AlterSequence gives a sequence another description, conditional on the version of its last change, or ThisBatch. Restart also sets Last and Called.
type AlterSequence struct {
	Sequence Sequence `json:"sequence"`
	From     Version  `json:"from"`
	Restart  bool     `json:"restart,omitempty"`
}

// TakeSequence hands out at most Count numbers: fewer where the sequence ends or begins again.
type TakeSequence struct {
	Sequence TableID `json:"sequence"`
	Count    uint64  `json:"count"`
}

// SetSequence says where a sequence stands. If Was is given, only where it stands there.
type SetSequence struct {
	Sequence TableID `json:"sequence"`
	Last     int64   `json:"last"`
	Called   bool    `json:"called,omitempty"`
	Was      *int64  `json:"was,omitempty"`
}

// Sequence finds a sequence by name, nil if there is none.
func (s *Snapshot) Sequence(db DatabaseID, schema, name string) *Sequence {
	return s.sequences[s.names[tableName{db, schema, name}]]
}

// SequenceByID finds a sequence, nil if there is none.
func (s *Snapshot) SequenceByID(id TableID) *Sequence { return s.sequences[id] }

// Sequences lists the sequences of a database by schema and name.
func (s *Snapshot) Sequences(db DatabaseID) []*Sequence {
	var out []*Sequence
	for _, q := range s.sequences {
		if q.Database == db {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b *Sequence) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// sequence applies the commands about sequences.
func (c *change) sequence(cmd Command) (Result, bool, error) {
	switch {
	case cmd.CreateSequence != nil:
		return c.createSequence(cmd.CreateSequence)
	case cmd.AlterSequence != nil:
		return c.alterSequence(cmd.AlterSequence)
	case cmd.TakeSequence != nil:
		return c.takeSequence(cmd.TakeSequence)
	}
	set := cmd.SetSequence
	q := c.sequences[set.Sequence]
	if q == nil {
		return Result{}, false, errNoTable(set.Sequence)
	}
	if set.Was != nil && (*set.Was != q.Last || !q.Called) {
		return Result{}, false, column.Errorf(column.Conflict, "sequence %q stands at %d, the command expects %d", q.Name, q.Last, *set.Was)
	}
	next := *q
	next.Last, next.Called = set.Last, set.Called
	c.sequences = withEntry(c.sequences, q.ID, &next)
	return Result{ID: uint64(q.ID)}, next != *q, checkSequence(&next)
}

func checkSequence(q *Sequence) error {
	wrong := ""
	switch {
	case checkName("schema", q.Schema) != nil || checkName("sequence", q.Name) != nil:
		return cmp.Or(checkName("schema", q.Schema), checkName("sequence", q.Name))
	case q.Type < column.Int16 || q.Type > column.Int64:
		wrong = "its type is no integer"
	case q.Increment == 0:
		wrong = "it stands still"
	case q.Min >= q.Max || q.Start < q.Min || q.Start > q.Max:
		wrong = "its start is not between its bounds"
	case q.Last < q.Min || q.Last > q.Max:
		wrong = "its value is not between its bounds"
	case q.Cache <= 0:
		wrong = "its cache is not positive"
	case (q.Table == 0) != (q.Column == 0) || q.Identity && q.Table == 0:
		wrong = "its owner is half a column"
	default:
		return nil
	}
	return column.SQLErrorf(column.Invalid, "22023", "sequence %q: %s", q.Name, wrong)
}

func (c *change) createSequence(cmd *CreateSequence) (Result, bool, error) {
	q := cmd.Sequence
	if err := checkSequence(&q); err != nil {
		return Result{}, false, err
	}
	id, existed, err := c.place(q.Database, q.Schema, q.Name, q.ID)
	if err != nil || existed != 0 {
		return Result{}, false, cmp.Or(err, error(errExists(q.Schema, q.Name)))
	}
	q.ID, q.Changed = id, c.Version
	c.sequences = withEntry(c.sequences, id, &q)
	return Result{ID: uint64(id)}, true, nil
}

func (c *change) alterSequence(cmd *AlterSequence) (Result, bool, error) {
	old := c.sequences[cmd.Sequence.ID]
	if old == nil {
		return Result{}, false, errNoTable(cmd.Sequence.ID)
	}
	if !c.isVersion(old.Changed, cmd.From) {
		return Result{}, false, column.Errorf(column.Conflict, "sequence %q was changed meanwhile", old.Name)
	}
	q := cmd.Sequence
	q.Database, q.Schema, q.Name, q.Changed = old.Database, old.Schema, old.Name, c.Version
	if !cmd.Restart {
		q.Last, q.Called = old.Last, old.Called
	}
	if err := checkSequence(&q); err != nil {
		return Result{}, false, err
	}
	c.sequences = withEntry(c.sequences, q.ID, &q)
	return Result{ID: uint64(q.ID)}, true, nil
}

// dropOwned removes the sequences that belong to columns of a table that its schema does not have any more; nil = the table is gone.
func (c *change) dropOwned(table TableID, schema *column.Schema) {
	for id, q := range c.sequences {
		if q.Table == table && (schema == nil || schema.Index(q.Column) < 0) {
			c.sequences = withoutEntry(c.sequences, id)
			c.names = withoutEntry(c.names, tableName{q.Database, q.Schema, q.Name})
		}
	}
}

func (c *change) takeSequence(cmd *TakeSequence) (Result, bool, error) {
	old := c.sequences[cmd.Sequence]
	if old == nil {
		return Result{}, false, errNoTable(cmd.Sequence)
	}
	if cmd.Count == 0 {
		return Result{}, false, column.Errorf(column.Invalid, "no value of sequence %q was asked for", old.Name)
	}
	first, ok := old.Next()
	if !ok {
		return Result{}, false, old.ended()
	}
	q := *old
	q.Last, q.Called = first, true
	// How many more there are before the bound. Differences of 64-bit numbers fit into 64 bits without a sign.
	room := (uint64(q.Max) - uint64(first)) / uint64(q.Increment)
	if q.Increment < 0 {
		room = (uint64(first) - uint64(q.Min)) / -uint64(q.Increment)
	}
	more := min(cmd.Count-1, room)
	q.Last = first + int64(more)*q.Increment
	c.sequences = withEntry(c.sequences, q.ID, &q)
	return Result{ID: uint64(q.ID), Values: SequenceValues{First: first, Step: q.Increment, Count: more + 1}}, true, nil
}

// Next is the next number; false if there is none.
func (q *Sequence) Next() (int64, bool) {
	switch {
	case !q.Called:
		return q.Last, true
	case q.Increment > 0 && uint64(q.Max)-uint64(q.Last) >= uint64(q.Increment),
		q.Increment < 0 && uint64(q.Last)-uint64(q.Min) >= -uint64(q.Increment):
		return q.Last + q.Increment, true
	case !q.Cycle:
		return 0, false
	case q.Increment > 0:
		return q.Min, true
	}
	return q.Max, true
}

func (q *Sequence) ended() error {
	if q.Increment > 0 {
		return column.SQLErrorf(column.Limit, stateSequenceEnded, "nextval: reached maximum value of sequence \"%s\" (%d)", q.Name, q.Max)
	}
	return column.SQLErrorf(column.Limit, stateSequenceEnded, "nextval: reached minimum value of sequence \"%s\" (%d)", q.Name, q.Min)
}
