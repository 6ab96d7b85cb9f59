package bind

import (
	"fmt"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (a *alteration) addConstraint(n *sql.AlterAction) error {
	if n.Constraint.Kind == sql.ConPrimaryKey || n.Constraint.Kind == sql.ConUnique {
		return a.addKey(n.Constraint)
	}
	if n.Constraint.Kind != sql.ConCheck {
		return constraint(n.Constraint)
	}
	a.checks = append(a.checks, declared{"", n.Constraint})
	return nil
}

// constraintNamed finds a constraint of the table.
func (a *alteration) constraintNamed(name string) (int, error) {
	i := slices.IndexFunc(a.table.Constraints, func(c meta.Constraint) bool { return c.Name == name && !c.Index })
	if i < 0 {
		return i, column.SQLErrorf(column.NotFound, "42704", "constraint \"%s\" of relation \"%s\" does not exist", name, a.of.name)
	}
	return i, nil
}

func (a *alteration) dropConstraint(n *sql.AlterAction) error {
	i, err := a.constraintNamed(n.Name)
	if err != nil {
		if n.IfExists {
			a.notice("00000", "constraint \"%s\" of relation \"%s\" does not exist, skipping", n.Name, a.of.name)
			return nil
		}
		return err
	}
	a.table.Constraints = slices.Delete(a.table.Constraints, i, i+1)
	return nil
}

func (a *alteration) renameConstraint(n *sql.AlterAction) error {
	i := slices.IndexFunc(a.table.Constraints, func(c meta.Constraint) bool { return c.Name == n.Name && !c.Index })
	switch {
	case i < 0:
		return column.SQLErrorf(column.NotFound, "42704", "constraint \"%s\" for table \"%s\" does not exist", n.Name, a.of.name)
	case hasConstraint(a.table.Constraints, n.NewName):
		return column.SQLErrorf(column.Conflict, "42710", "constraint \"%s\" for relation \"%s\" already exists", n.NewName, a.of.name)
	}
	a.table.Constraints[i].Name = n.NewName
	return nil
}

func (a *alteration) validate(n *sql.AlterAction) error {
	i, err := a.constraintNamed(n.Name)
	if err != nil {
		return err
	}
	c := &a.table.Constraints[i]
	switch {
	case c.Kind != meta.CheckConstraint && c.Kind != meta.ForeignConstraint:
		return column.SQLErrorf(column.Invalid, "42809", "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", n.Name, a.of.name)
	case c.NotValid && c.Kind == meta.CheckConstraint:
		a.hold(*c)
	}
	return nil
}

// A new rule is described as one that is not known to hold for the rows that are there, so that the query which looks at them does not take it for granted.
// What gets into the catalog when they satisfy it is valid; see plan.Hold.

// hold asks rows that are there to satisfy a check.
func (a *alteration) hold(c meta.Constraint) {
	i := slices.IndexFunc(a.table.Constraints, func(k meta.Constraint) bool { return k.Name == c.Name })
	if c.NotValid && !slices.ContainsFunc(a.of.table.Constraints, func(k meta.Constraint) bool { return k.Name == c.Name }) {
		return // ADD … NOT VALID
	}
	a.table.Constraints[i].NotValid = true
	a.description().strict = true
	a.out.Holds = append(a.out.Holds, plan.Hold{
		Query:   "SELECT 1 FROM " + a.newName() + " WHERE NOT (" + c.Text + ") LIMIT 1",
		State:   "23514",
		Message: fmt.Sprintf("check constraint \"%s\" of relation \"%s\" is violated by some row", c.Name, a.of.name),
		Valid:   c.Name,
	})
}

// demand makes a column NOT NULL when rows that are there satisfy it.
func (a *alteration) demand(f *column.Field) error {
	name := objectName(a.of.name, f.Name, "not_null")
	for i := 1; hasConstraint(a.table.Constraints, name); i++ {
		name = objectName(a.of.name, f.Name, numberedLabel("not_null", i))
	}
	a.table.Constraints = append(a.table.Constraints, meta.Constraint{Name: name, Kind: meta.NotNullConstraint, Columns: []column.ID{f.ID}, NotValid: true})
	a.description().strict = true
	a.out.Holds = append(a.out.Holds, plan.Hold{
		Query:   "SELECT 1 FROM " + a.newName() + " WHERE " + quoted(f.Name) + " IS NULL LIMIT 1",
		State:   "23502",
		Message: fmt.Sprintf("column \"%s\" of relation \"%s\" contains null values", f.Name, a.of.name),
		Valid:   name,
	})
	return nil
}

// newName is the table's name when the commands have been applied.
func (a *alteration) newName() string { return quoted(a.table.Schema) + "." + quoted(a.table.Name) }

// settleHolds notes which table the holds are about.
func (a *alteration) settleHolds() error {
	if len(a.out.Holds) > 0 {
		a.out.Table = a.of.table
	}
	return nil
}
