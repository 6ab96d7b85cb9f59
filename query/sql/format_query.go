package sql

func (f *formatter) parenQuery(q *Query) {
	f.str("(")
	f.query(q)
	f.str(")")
}

func (f *formatter) query(q *Query) {
	f.with(q.With)
	f.body(q.Body)
	f.orderBy(q.OrderBy)
	if q.Limit != nil && !q.WithTies {
		f.str(" LIMIT ")
		f.expr(q.Limit)
	}
	if q.Offset != nil {
		f.str(" OFFSET ")
		f.expr(q.Offset)
	}
	if q.Limit != nil && q.WithTies {
		f.str(" FETCH FIRST ")
		f.operand(q.Limit, precUnary)
		f.str(" ROWS WITH TIES")
	}
}

// with writes "WITH ... " including the blank behind it.
func (f *formatter) with(w *With) {
	if w == nil {
		return
	}
	f.str("WITH ")
	f.flag(w.Recursive, "RECURSIVE ")
	f.list(len(w.CTEs), func(i int) { f.cte(w.CTEs[i]) })
	f.str(" ")
}

func (f *formatter) cte(c *CTE) {
	f.ident(c.Name)
	f.identsParens(c.Columns)
	f.str(" AS ")
	f.str([...]string{MaterializeDefault: "", MaterializeAlways: "MATERIALIZED ", MaterializeNever: "NOT MATERIALIZED "}[c.Materialize])
	f.str("(")
	f.stmt(c.Stmt)
	f.str(")")
	if s := c.Search; s != nil {
		f.str(map[bool]string{false: " SEARCH DEPTH FIRST BY ", true: " SEARCH BREADTH FIRST BY "}[s.Breadth])
		f.idents(s.Columns)
		f.str(" SET ")
		f.ident(s.Sequence)
	}
	if y := c.Cycle; y != nil {
		f.str(" CYCLE ")
		f.idents(y.Columns)
		f.str(" SET ")
		f.ident(y.Mark)
		if y.To != nil {
			f.str(" TO ")
			f.expr(y.To)
			f.str(" DEFAULT ")
			f.expr(y.Default)
		}
		f.str(" USING ")
		f.ident(y.Path)
	}
}

func setPrec(k SetOpKind) int {
	if k == Intersect {
		return 2
	}
	return 1
}

func (f *formatter) body(b QueryBody) {
	switch b := b.(type) {
	case *Select:
		f.selectBody(b)
	case *Values:
		f.str("VALUES ")
		f.list(len(b.Rows), func(i int) {
			f.str("(")
			f.exprs(b.Rows[i])
			f.str(")")
		})
	case *SetOp:
		f.setOperand(b.Left, setPrec(b.Kind))
		f.str([...]string{Union: " UNION ", Intersect: " INTERSECT ", Except: " EXCEPT "}[b.Kind])
		f.flag(b.All, "ALL ")
		f.setOperand(b.Right, setPrec(b.Kind)+1)
	case *Query:
		f.parenQuery(b)
	}
}

func (f *formatter) setOperand(b QueryBody, min int) {
	if op, ok := b.(*SetOp); ok && setPrec(op.Kind) < min {
		f.str("(")
		f.body(b)
		f.str(")")
		return
	}
	f.body(b)
}

func (f *formatter) selectBody(s *Select) {
	f.str("SELECT")
	if s.Distinct {
		f.str(" DISTINCT")
		if len(s.DistinctOn) > 0 {
			f.str(" ON (")
			f.exprs(s.DistinctOn)
			f.str(")")
		}
	}
	if len(s.Targets) > 0 {
		f.str(" ")
		f.targets(s.Targets)
	}
	f.from(" FROM ", s.From)
	f.clause(" WHERE ", s.Where)
	if len(s.GroupBy) > 0 {
		f.str(" GROUP BY ")
		f.flag(s.GroupDistinct, "DISTINCT ")
		f.exprs(s.GroupBy)
	}
	f.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		f.str(" WINDOW ")
		f.list(len(s.Windows), func(i int) {
			f.ident(s.Windows[i].Name)
			f.str(" AS ")
			f.window(s.Windows[i])
		})
	}
}

// clause writes an introduced expression unless it is nil.
func (f *formatter) clause(intro string, e Expr) {
	if e != nil {
		f.str(intro)
		f.expr(e)
	}
}

func (f *formatter) targets(list []SelectItem) {
	f.list(len(list), func(i int) {
		f.expr(list[i].Expr)
		if a := list[i].Alias; a != "" {
			f.str(" AS ")
			f.ident(a)
		}
	})
}

func (f *formatter) from(intro string, list []TableExpr) {
	if len(list) > 0 {
		f.str(intro)
		f.list(len(list), func(i int) { f.tableExpr(list[i]) })
	}
}

func (f *formatter) tableExpr(t TableExpr) {
	switch t := t.(type) {
	case *Table:
		f.table(t)
	case *Derived:
		f.flag(t.Lateral, "LATERAL ")
		f.parenQuery(t.Query)
		f.alias(t.Alias)
	case *TableFunc:
		f.tableFunc(t)
	case *Join:
		if t.Alias != nil {
			f.str("(")
			f.join(t)
			f.str(")")
			f.alias(t.Alias)
			return
		}
		f.join(t)
	}
}

func (f *formatter) table(t *Table) {
	f.flag(t.Only, "ONLY ")
	f.name(t.Name)
	f.asOf(t.AsOf)
	f.alias(t.Alias)
	if t.Sample != nil {
		f.str(" ")
		f.sample(t.Sample)
	}
}

func (f *formatter) sample(s *TableSample) {
	f.str("TABLESAMPLE ")
	f.name(s.Method)
	f.str("(")
	f.exprs(s.Args)
	f.str(")")
	if s.Repeatable != nil {
		f.str(" REPEATABLE (")
		f.expr(s.Repeatable)
		f.str(")")
	}
}

func (f *formatter) alias(a *Alias) {
	if a != nil {
		f.str(" AS ")
		f.ident(a.Name)
		f.identsParens(a.Columns)
	}
}

func (f *formatter) tableFunc(t *TableFunc) {
	f.flag(t.Lateral, "LATERAL ")
	f.flag(t.RowsFrom, "ROWS FROM (")
	f.list(len(t.Funcs), func(i int) {
		f.call(t.Funcs[i].Func)
		if len(t.Funcs[i].ColDefs) > 0 {
			f.str(" AS ")
			f.colDefs(t.Funcs[i].ColDefs)
		}
	})
	f.flag(t.RowsFrom, ")")
	f.flag(t.Ordinality, " WITH ORDINALITY")
	f.alias(t.Alias)
	if len(t.ColDefs) > 0 {
		f.flag(t.Alias == nil, " AS")
		f.str(" ")
		f.colDefs(t.ColDefs)
	}
}

func (f *formatter) colDefs(list []ColDef) {
	f.str("(")
	f.list(len(list), func(i int) {
		f.ident(list[i].Name)
		f.str(" ")
		f.typeName(list[i].Type)
		if c := list[i].Collation; c != nil {
			f.str(" COLLATE ")
			f.name(*c)
		}
	})
	f.str(")")
}

// join writes a join. A join on the right goes in parentheses, as it would read
// as leaning to the left otherwise.
func (f *formatter) join(j *Join) {
	f.tableExpr(j.Left)
	f.flag(j.Natural, " NATURAL")
	f.flag(j.Asof, " ASOF")
	f.str([...]string{
		InnerJoin: " JOIN ", LeftJoin: " LEFT JOIN ", RightJoin: " RIGHT JOIN ", FullJoin: " FULL JOIN ", CrossJoin: " CROSS JOIN ",
	}[j.Kind])
	if r, ok := j.Right.(*Join); ok && r.Alias == nil {
		f.str("(")
		f.join(r)
		f.str(")")
	} else {
		f.tableExpr(j.Right)
	}
	if len(j.Using) > 0 {
		f.str(" USING (")
		f.idents(j.Using)
		f.str(")")
		if j.UsingAlias != "" {
			f.str(" AS ")
			f.ident(j.UsingAlias)
		}
	}
	f.clause(" ON ", j.On)
}
