package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// addKey adds a PRIMARY KEY or UNIQUE constraint, which is refused where rows that are there break it. It is no order of the table's rows, which lie as they lie.
func (a *alteration) addKey(c *sql.Constraint) error {
	if a.table.Columns.Supersedes() {
		return unsupported(c.Pos, "a table whose rows replace each other has no PRIMARY KEY or UNIQUE constraints", "Make a table without unique_key.")
	}
	nullable := map[int]bool{}
	for i := range a.table.Columns.Fields {
		nullable[i] = !a.table.Columns.Fields[i].NotNull
	}
	was := slices.Clone(a.table.Constraints)
	k := keys{table: a.table.Name, schema: &a.table.Columns, list: slices.Clone(a.table.Constraints)}
	if err := k.add(c, c.Columns); err != nil {
		return err
	}
	k.name()
	a.table.Constraints = k.list
	for i := range a.table.Columns.Fields {
		f := &a.table.Columns.Fields[i]
		if f.NotNull && nullable[i] {
			f.NotNull = false
			if err := a.demand(f); err != nil {
				return err
			}
		}
	}
	for i := range a.table.Constraints {
		added := &a.table.Constraints[i]
		if added.Kind != meta.NotNullConstraint && !slices.ContainsFunc(was, func(o meta.Constraint) bool { return o.Name == added.Name }) {
			added.NotValid = true
			a.holdKey(added)
		}
	}
	return nil
}

// holdKey asks the rows that are there for two of one key.
func (a *alteration) holdKey(c *meta.Constraint) {
	var names, there, plain []string
	for _, id := range c.Columns {
		name := quoted(a.table.Columns.Fields[a.table.Columns.Index(id)].Name)
		names, plain = append(names, name), append(plain, a.table.Columns.Fields[a.table.Columns.Index(id)].Name)
		if !c.NullsNotDistinct {
			there = append(there, name+" IS NOT NULL")
		}
	}
	where := ""
	if len(there) > 0 {
		where = " WHERE " + strings.Join(there, " AND ")
	}
	list := strings.Join(names, ", ")
	a.description().strict = true
	a.out.Holds = append(a.out.Holds, plan.Hold{
		Query:   "SELECT " + list + " FROM " + a.newName() + where + " GROUP BY " + list + " HAVING count(*) > 1 ORDER BY " + list + " LIMIT 1",
		Key:     plain,
		State:   "23505",
		Message: fmt.Sprintf("could not create unique index \"%s\"", c.Name),
		Valid:   c.Name,
	})
}
