package sql

// Walk calls visit for n and, where visit returns true, for everything below n,
// parents first and in the order of the text as far as the tree keeps it.
// Nil children are skipped. Parts that are not Nodes (SelectItem, OrderItem,
// Assignment, ...) are passed over; their expressions are visited.
func Walk(n Node, visit func(Node) bool) {
	w := walker{visit}
	w.node(n)
}

type walker struct{ visit func(Node) bool }

func (w walker) node(n Node) {
	if n == nil || !w.visit(n) {
		return
	}
	switch n := n.(type) {
	case Expr:
		w.exprChildren(n)
	case TableExpr:
		w.tableChildren(n)
	case QueryBody:
		w.bodyChildren(n)
	case Stmt:
		w.stmtChildren(n)
	case *With:
		for _, c := range n.CTEs {
			w.node(c)
		}
	case *CTE:
		w.node(n.Stmt)
		if n.Cycle != nil {
			w.expr(n.Cycle.To)
			w.expr(n.Cycle.Default)
		}
	case *Window:
		w.exprs(n.PartitionBy)
		w.order(n.OrderBy)
		if n.Frame != nil {
			w.node(n.Frame)
		}
	case *Frame:
		w.expr(n.Start.Offset)
		w.expr(n.End.Offset)
	case *TableSample:
		w.exprs(n.Args)
		w.expr(n.Repeatable)
	case *TypeName:
		w.exprs(n.Mods)
	case *ColumnDef:
		w.typeName(n.Type)
		for _, c := range n.Constraints {
			w.node(c)
		}
	case *Constraint:
		w.expr(n.Expr)
	case *OnConflict:
		w.indexElems(n.Target)
		w.expr(n.TargetWhere)
		w.set(n.Set)
		w.expr(n.Where)
	}
}

func (w walker) expr(e Expr) {
	if e != nil {
		w.node(e)
	}
}

func (w walker) exprs(list []Expr) {
	for _, e := range list {
		w.expr(e)
	}
}

func (w walker) asOf(a *AsOf) {
	if a != nil {
		w.expr(a.Value)
	}
}

func (w walker) query(q *Query) {
	if q != nil {
		w.node(q)
	}
}

func (w walker) typeName(t *TypeName) {
	if t != nil {
		w.node(t)
	}
}

func (w walker) with(x *With) {
	if x != nil {
		w.node(x)
	}
}

func (w walker) order(list []OrderItem) {
	for i := range list {
		w.expr(list[i].Expr)
	}
}

func (w walker) targets(list []SelectItem) {
	for i := range list {
		w.expr(list[i].Expr)
	}
}

func (w walker) tables(list []TableExpr) {
	for _, t := range list {
		w.node(t)
	}
}

func (w walker) set(list []Assignment) {
	for i := range list {
		w.expr(list[i].Value)
	}
}

func (w walker) indexElems(list []IndexElem) {
	for i := range list {
		w.expr(list[i].Expr)
	}
}

func (w walker) colDefs(list []ColDef) {
	for i := range list {
		w.typeName(list[i].Type)
	}
}

func (w walker) exprChildren(e Expr) {
	switch e := e.(type) {
	case *TypedLiteral:
		w.typeName(e.Type)
	case *Cast:
		w.expr(e.Expr)
		w.typeName(e.Type)
	case *Unary:
		w.expr(e.Expr)
	case *Binary:
		w.expr(e.Left)
		w.expr(e.Right)
	case *Logic:
		w.exprs(e.Args)
	case *Not:
		w.expr(e.Expr)
	case *Is:
		w.expr(e.Expr)
	case *IsDistinct:
		w.expr(e.Left)
		w.expr(e.Right)
	case *Between:
		w.expr(e.Expr)
		w.expr(e.Lo)
		w.expr(e.Hi)
	case *In:
		w.expr(e.Expr)
		w.exprs(e.List)
		w.query(e.Query)
	case *LikeExpr:
		w.expr(e.Expr)
		w.expr(e.Pattern)
		w.expr(e.Escape)
	case *Quantified:
		w.expr(e.Left)
		w.expr(e.Array)
		w.query(e.Query)
	case *Case:
		w.expr(e.Operand)
		for i := range e.Whens {
			w.expr(e.Whens[i].Cond)
			w.expr(e.Whens[i].Then)
		}
		w.expr(e.Else)
	case *FuncCall:
		w.exprs(e.Args)
		w.order(e.OrderBy)
		w.expr(e.Filter)
		if e.Over != nil {
			w.node(e.Over)
		}
	default:
		w.bracketedChildren(e)
	}
}

func (w walker) bracketedChildren(e Expr) {
	switch e := e.(type) {
	case *Subquery:
		w.query(e.Query)
	case *Exists:
		w.query(e.Query)
	case *Array:
		w.exprs(e.Elems)
	case *ArrayQuery:
		w.query(e.Query)
	case *Row:
		w.exprs(e.Elems)
	case *Subscript:
		w.expr(e.Expr)
		w.expr(e.Lo)
		w.expr(e.Hi)
	case *Field:
		w.expr(e.Expr)
	case *Collate:
		w.expr(e.Expr)
	case *GroupingSet:
		w.exprs(e.Items)
	}
}

func (w walker) tableChildren(t TableExpr) {
	switch t := t.(type) {
	case *Table:
		w.asOf(t.AsOf)
		if t.Sample != nil {
			w.node(t.Sample)
		}
	case *Derived:
		w.query(t.Query)
	case *TableFunc:
		for i := range t.Funcs {
			w.node(t.Funcs[i].Func)
			w.colDefs(t.Funcs[i].ColDefs)
		}
		w.colDefs(t.ColDefs)
	case *Join:
		w.node(t.Left)
		w.node(t.Right)
		w.expr(t.On)
	}
}

func (w walker) bodyChildren(b QueryBody) {
	switch b := b.(type) {
	case *Query:
		w.with(b.With)
		w.node(b.Body)
		w.order(b.OrderBy)
		w.expr(b.Limit)
		w.expr(b.Offset)
	case *Select:
		w.exprs(b.DistinctOn)
		w.targets(b.Targets)
		w.tables(b.From)
		w.expr(b.Where)
		w.exprs(b.GroupBy)
		w.expr(b.Having)
		for _, win := range b.Windows {
			w.node(win)
		}
	case *Values:
		for _, row := range b.Rows {
			w.exprs(row)
		}
	case *SetOp:
		w.node(b.Left)
		w.node(b.Right)
	}
}

func (w walker) stmtChildren(s Stmt) {
	switch s := s.(type) {
	case *Insert:
		w.with(s.With)
		w.query(s.Query)
		if s.OnConflict != nil {
			w.node(s.OnConflict)
		}
		w.targets(s.Returning)
	case *Update:
		w.with(s.With)
		w.node(s.Table)
		w.set(s.Set)
		w.tables(s.From)
		w.expr(s.Where)
		w.targets(s.Returning)
	case *Delete:
		w.with(s.With)
		w.node(s.Table)
		w.tables(s.Using)
		w.expr(s.Where)
		w.targets(s.Returning)
	case *Merge:
		w.with(s.With)
		w.node(s.Table)
		w.node(s.Source)
		w.expr(s.On)
		for i := range s.Whens {
			w.expr(s.Whens[i].Cond)
			w.set(s.Whens[i].Set)
			w.exprs(s.Whens[i].Values)
		}
		w.targets(s.Returning)
	case *Copy:
		if s.Query != nil {
			w.node(s.Query)
		}
		w.expr(s.Where)
	case *Truncate:
		for _, t := range s.Tables {
			w.node(t)
		}
	case *Explain:
		w.node(s.Stmt)
	case *DeclareCursor:
		w.query(s.Query)
	case *Prepare:
		for _, t := range s.Types {
			w.typeName(t)
		}
		w.node(s.Stmt)
	case *Execute:
		w.exprs(s.Args)
	case *Set:
		for i := range s.Values {
			w.expr(s.Values[i].Value)
		}
	default:
		w.ddlChildren(s)
	}
}

func (w walker) ddlChildren(s Stmt) {
	switch s := s.(type) {
	case *CreateTable:
		for _, c := range s.Columns {
			w.node(c)
		}
		for _, c := range s.Constraints {
			w.node(c)
		}
	case *CreateTableAs:
		w.query(s.Query)
	case *CreatePin:
		w.asOf(s.AsOf)
	case *CloneTable:
		w.asOf(s.AsOf)
	case *CreateView:
		w.query(s.Query)
	case *CreateIndex:
		w.indexElems(s.Elems)
		w.expr(s.Where)
	case *AlterTable:
		for i := range s.Actions {
			a := &s.Actions[i]
			if a.Column != nil {
				w.node(a.Column)
			}
			w.typeName(a.Type)
			w.expr(a.Expr)
			if a.Constraint != nil {
				w.node(a.Constraint)
			}
		}
	}
}
