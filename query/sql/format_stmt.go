package sql

func (f *formatter) stmt(s Stmt) {
	switch s := s.(type) {
	case *Query:
		f.query(s)
	case *Insert:
		f.insert(s)
	case *Update:
		f.update(s)
	case *Delete:
		f.with(s.With)
		f.str("DELETE FROM ")
		f.table(s.Table)
		f.from(" USING ", s.Using)
		f.clause(" WHERE ", s.Where)
		f.returning(s.Returning)
	case *Merge:
		f.merge(s)
	case *Truncate:
		f.str("TRUNCATE ")
		f.list(len(s.Tables), func(i int) { f.table(s.Tables[i]) })
		f.flag(s.Restart, " RESTART IDENTITY")
		f.flag(s.Cascade, " CASCADE")
	case *Copy:
		f.copy(s)
	case *CreateTable, *CreateTableAs, *CreateIndex, *CreateSchema, *CreateDatabase, *CreateView, *RefreshView,
		*CreateSequence, *AlterSequence,
		*Drop, *Comment, *AlterTable:
		f.ddl(s)
	default:
		if !f.users(s) && !f.cursor(s) && !f.past(s) {
			f.session(s)
		}
	}
}

func (f *formatter) returning(list []SelectItem) {
	if len(list) > 0 {
		f.str(" RETURNING ")
		f.targets(list)
	}
}

func (f *formatter) insert(s *Insert) {
	f.with(s.With)
	f.str("INSERT INTO ")
	f.name(s.Table)
	if s.Alias != "" {
		f.str(" AS ")
		f.ident(s.Alias)
	}
	f.identsParens(s.Columns)
	if s.Overriding != "" {
		f.str(" OVERRIDING " + upper(s.Overriding) + " VALUE")
	}
	if s.Query == nil {
		f.str(" DEFAULT VALUES")
	} else {
		f.str(" ")
		f.query(s.Query)
	}
	if s.OnConflict != nil {
		f.str(" ")
		f.onConflict(s.OnConflict)
	}
	f.returning(s.Returning)
}

func (f *formatter) onConflict(c *OnConflict) {
	f.str("ON CONFLICT")
	if c.Constraint != "" {
		f.str(" ON CONSTRAINT ")
		f.ident(c.Constraint)
	} else if len(c.Target) > 0 {
		f.str(" ")
		f.indexElems(c.Target)
		f.clause(" WHERE ", c.TargetWhere)
	}
	if !c.DoUpdate {
		f.str(" DO NOTHING")
		return
	}
	f.str(" DO UPDATE SET ")
	f.assignments(c.Set)
	f.clause(" WHERE ", c.Where)
}

func (f *formatter) assignments(list []Assignment) {
	f.list(len(list), func(i int) {
		a := list[i]
		if a.Multi {
			f.str("(")
			f.idents(a.Columns)
			f.str(")")
		} else {
			f.idents(a.Columns)
		}
		f.str(" = ")
		f.expr(a.Value)
	})
}

func (f *formatter) update(s *Update) {
	f.with(s.With)
	f.str("UPDATE ")
	f.table(s.Table)
	f.str(" SET ")
	f.assignments(s.Set)
	f.from(" FROM ", s.From)
	f.clause(" WHERE ", s.Where)
	f.returning(s.Returning)
}

func (f *formatter) merge(s *Merge) {
	f.with(s.With)
	f.str("MERGE INTO ")
	f.table(s.Table)
	f.str(" USING ")
	f.tableExpr(s.Source)
	f.clause(" ON ", s.On)
	for i := range s.Whens {
		f.mergeWhen(&s.Whens[i])
	}
	f.returning(s.Returning)
}

func (f *formatter) mergeWhen(w *MergeWhen) {
	f.str([...]string{
		Matched: " WHEN MATCHED", NotMatchedBySource: " WHEN NOT MATCHED BY SOURCE", NotMatchedByTarget: " WHEN NOT MATCHED",
	}[w.Match])
	f.clause(" AND ", w.Cond)
	f.str(" THEN ")
	switch w.Action {
	case MergeNothing:
		f.str("DO NOTHING")
	case MergeDelete:
		f.str("DELETE")
	case MergeUpdate:
		f.str("UPDATE SET ")
		f.assignments(w.Set)
	case MergeInsert:
		f.str("INSERT")
		f.identsParens(w.Columns)
		if w.Overriding != "" {
			f.str(" OVERRIDING " + upper(w.Overriding) + " VALUE")
		}
		if w.Values == nil {
			f.str(" DEFAULT VALUES")
			return
		}
		f.str(" VALUES (")
		f.exprs(w.Values)
		f.str(")")
	}
}

func (f *formatter) copy(s *Copy) {
	f.str("COPY ")
	if s.Table != nil {
		f.name(*s.Table)
		f.identsParens(s.Columns)
	} else {
		f.str("(")
		f.stmt(s.Query)
		f.str(")")
	}
	std := "STDOUT"
	if s.From {
		f.str(" FROM ")
		std = "STDIN"
	} else {
		f.str(" TO ")
	}
	f.flag(s.Program, "PROGRAM ")
	if s.File == "" && !s.Program {
		f.str(std)
	} else {
		f.quoted(s.File, '\'')
	}
	if len(s.Options) > 0 {
		f.str(" WITH ")
		f.optionList(s.Options, " ")
	}
	f.clause(" WHERE ", s.Where)
}

// session writes the statements about the session and its transaction.
func (f *formatter) session(s Stmt) {
	switch s := s.(type) {
	case *Explain:
		f.explain(s)
	case *Transaction:
		f.transaction(s)
	case *Set:
		f.set(s)
	case *SetTransaction:
		f.str("SET ")
		f.flag(s.Session, "SESSION CHARACTERISTICS AS ")
		f.str("TRANSACTION")
		f.txModes(s.Modes)
	case *Show:
		f.str("SHOW ")
		f.settingOrAll(s.Name, s.All)
	case *Reset:
		f.str("RESET ")
		f.settingOrAll(s.Name, s.All)
	case *Discard:
		f.str("DISCARD " + upper(s.What))
	case *Unlisten:
		f.str("UNLISTEN ")
		if s.Channel.Name == "" {
			f.str("*")
		} else {
			f.ident(s.Channel.Name)
		}
	case *Prepare:
		f.str("PREPARE ")
		f.ident(s.Name)
		if len(s.Types) > 0 {
			f.str(" (")
			f.list(len(s.Types), func(i int) { f.typeName(s.Types[i]) })
			f.str(")")
		}
		f.str(" AS ")
		f.stmt(s.Stmt)
	case *Execute:
		f.str("EXECUTE ")
		f.ident(s.Name)
		if len(s.Args) > 0 {
			f.str(" (")
			f.exprs(s.Args)
			f.str(")")
		}
	case *Deallocate:
		f.str("DEALLOCATE ")
		if s.All {
			f.str("ALL")
		} else {
			f.ident(s.Name)
		}
	case *Reindex:
		f.str("REINDEX ")
		f.flag(s.Verbose, "(VERBOSE) ")
		f.str(upper(s.What))
		f.flag(s.Concurrently, " CONCURRENTLY")
		f.str(" ")
		f.name(s.Name)
	case *Vacuum:
		f.vacuum(s)
	case *Checkpoint:
		f.str("CHECKPOINT")
	}
}

func (f *formatter) explain(s *Explain) {
	f.str("EXPLAIN ")
	if len(s.Options) > 0 {
		f.optionList(s.Options, " ")
		f.str(" ")
	} else {
		f.flag(s.Analyze, "ANALYZE ")
		f.flag(s.Verbose, "VERBOSE ")
	}
	f.stmt(s.Stmt)
}

func (f *formatter) vacuum(s *Vacuum) {
	f.flag(s.Vacuum, "VACUUM")
	f.flag(s.Full, " FULL")
	if !s.Vacuum {
		f.str("ANALYZE")
	}
	f.flag(s.Verbose, " VERBOSE")
	f.flag(s.Vacuum && s.Analyze, " ANALYZE")
	if len(s.Tables) > 0 {
		f.str(" ")
		f.names(s.Tables)
	}
}

func (f *formatter) transaction(s *Transaction) {
	if s.Start {
		f.str("START TRANSACTION")
		f.txModes(s.Modes)
		return
	}
	f.str([...]string{
		TxBegin: "BEGIN", TxCommit: "COMMIT", TxRollback: "ROLLBACK", TxSavepoint: "SAVEPOINT ", TxRelease: "RELEASE ",
		TxRollbackTo: "ROLLBACK TO ",
	}[s.Kind])
	if s.Name != "" {
		f.ident(s.Name)
	}
	f.txModes(s.Modes)
	f.flag(s.Chain, " AND CHAIN")
}

func (f *formatter) txModes(modes []TxMode) {
	for i, m := range modes {
		f.flag(i > 0, ",")
		f.str([...]string{
			TxReadCommitted: " ISOLATION LEVEL READ COMMITTED", TxReadUncommitted: " ISOLATION LEVEL READ UNCOMMITTED",
			TxRepeatableRead: " ISOLATION LEVEL REPEATABLE READ", TxSerializable: " ISOLATION LEVEL SERIALIZABLE",
			TxReadOnly: " READ ONLY", TxReadWrite: " READ WRITE", TxDeferrable: " DEFERRABLE", TxNotDeferrable: " NOT DEFERRABLE",
		}[m])
	}
}

func (f *formatter) settingOrAll(name string, all bool) {
	if all {
		f.str("ALL")
		return
	}
	f.setting(name)
}

// setting writes a setting's name part by part.
func (f *formatter) setting(name string) {
	start := 0
	for i := 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			f.ident(name[start:i])
			if i < len(name) {
				f.str(".")
			}
			start = i + 1
		}
	}
}

func (f *formatter) set(s *Set) {
	f.str("SET ")
	f.flag(s.Local, "LOCAL ")
	if s.Name == "timezone" && len(s.Values) == 1 {
		if t, ok := s.Values[0].Value.(*TypedLiteral); ok {
			f.str("TIME ZONE ")
			f.expr(t)
			return
		}
	}
	f.setting(s.Name)
	f.str(" TO ")
	if len(s.Values) == 0 {
		f.str("DEFAULT")
	}
	f.list(len(s.Values), func(i int) {
		v := s.Values[i]
		lit, ok := v.Value.(*Literal)
		switch {
		case v.Word && ok && (lit.Text == "on" || lit.Text == "true" || lit.Text == "false"):
			f.str(lit.Text)
		case v.Word && ok:
			f.ident(lit.Text)
		default:
			f.expr(v.Value)
		}
	})
}
