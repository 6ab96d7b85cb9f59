package bind

import (
	"strconv"

	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// createIndex refuses what is not supported of CREATE INDEX; what it names is looked up when it runs.
func (b *binder) createIndex(n *sql.CreateIndex) (plan.Statement, error) {
	switch {
	case n.Where != nil && n.Unique:
		return nil, unsupported(n.Where.Position(), "partial unique indexes are not supported", "Add a generated column that is NULL where the rule does not hold, and make that unique.")
	case n.Where != nil:
		return nil, unsupported(n.Where.Position(), "partial indexes are not supported", "Leave WHERE out: all rows are indexed.")
	case len(n.Include) > 0:
		return nil, unsupported(n.Include[0].Pos, "INCLUDE is not supported", "Leave it out: columns are read from the table.")
	case n.Table.Schema == computedSchema:
		return nil, errorAt(n.Table.Pos, "42501", "schema \"%s\" holds computed tables only", computedSchema)
	case n.Unique:
		return b.createUniqueIndex(n)
	}
	out := &plan.CreateIndex{
		Name: n.Name, Table: plan.TableName{Schema: n.Table.Schema, Name: n.Table.Name, Pos: n.Table.Pos}, Method: n.Method, IfNotExists: n.IfNotExists,
	}
	switch out.Method {
	case "":
		out.Method = meta.IndexBTree
	case "hash":
		return nil, unsupported(n.Pos, "access method \"hash\" is not supported", "Use btree, or bloom for equality alone.")
	case "gist", "spgist", "brin":
		return nil, unsupported(n.Pos, "access method \""+out.Method+"\" is not supported", "Use btree, bitmap, gin or bloom; pages have their bounds without an index.")
	}
	for i := range n.Elems {
		e, err := indexElem(&n.Elems[i])
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, e)
	}
	return out, indexOptions(out, n.Options)
}

func indexElem(e *sql.IndexElem) (plan.IndexElem, error) {
	out := plan.IndexElem{Desc: e.Desc, NullsFirst: e.Desc}
	ref, ok := e.Expr.(*sql.ColumnRef)
	if !ok || len(ref.Parts) != 1 {
		return out, unsupported(e.Pos, "indexes on expressions are not supported", "Index a column, or add a generated column and index that.")
	}
	out.Column = ref.Parts[0]
	if e.Collation != nil && e.Collation.Name != "C" && e.Collation.Name != "default" && e.Collation.Name != "POSIX" {
		return out, unsupported(e.Collation.Pos, "collation \""+e.Collation.Name+"\" is not supported", "Text is ordered by its bytes: COLLATE \"C\".")
	}
	if e.OpClass != nil {
		out.Class = e.OpClass.Name
	}
	switch e.Nulls {
	case sql.NullsFirst:
		out.NullsFirst = true
	case sql.NullsLast:
		out.NullsFirst = false
	}
	out.Ordered = out.Desc || e.Nulls != sql.NullsDefault
	return out, nil
}

// indexOptions reads the WITH list. fillfactor and its like say how PostgreSQL stores an index, which changes nothing here.
func indexOptions(out *plan.CreateIndex, list []sql.Option) error {
	for _, o := range list {
		switch {
		case o.Name == "bits" && out.Method == meta.IndexBloom:
			n, err := strconv.Atoi(o.Value.Text)
			if err != nil || n < 1 || n > 64 {
				return errorAt(o.Pos, "22023", "value %s out of bounds for option \"bits\"", o.Value.Text)
			}
			out.Bits = n
		case o.Name == "fillfactor" || o.Name == "deduplicate_items", o.Name == "fastupdate" && out.Method == meta.IndexGIN:
		default:
			return errorAt(o.Pos, "22023", "unrecognized parameter \"%s\"", o.Name)
		}
	}
	return nil
}

func (b *binder) dropIndexes(n *sql.Drop) (plan.Statement, error) {
	out := &plan.DropIndexes{IfExists: n.IfExists}
	if n.Concurrently && len(n.Names) > 1 {
		return nil, unsupported(n.Pos, "DROP INDEX CONCURRENTLY does not support dropping multiple objects", "")
	}
	for _, name := range n.Names {
		out.Indexes = append(out.Indexes, plan.TableName{Schema: name.Schema, Name: name.Name, Pos: name.Pos})
	}
	return out, nil
}

func (b *binder) alterIndex(n *sql.AlterTable) (plan.Statement, error) {
	a := n.Actions[0]
	if a.Kind != sql.AlterRename || len(n.Actions) > 1 {
		return nil, unsupported(a.Pos, "this form of ALTER INDEX is not supported", "Drop the index and create it again.")
	}
	return &plan.RenameIndex{Index: plan.TableName{Schema: n.Name.Schema, Name: n.Name.Name, Pos: n.Name.Pos}, Name: a.NewName, IfExists: n.IfExists}, nil
}

func (b *binder) reindex(n *sql.Reindex) (plan.Statement, error) {
	return &plan.Reindex{What: n.What, Name: plan.TableName{Schema: n.Name.Schema, Name: n.Name.Name, Pos: n.Name.Pos}}, nil
}
