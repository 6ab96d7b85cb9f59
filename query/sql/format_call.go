package sql

// call writes a function call.
func (f *formatter) call(e *FuncCall) {
	if e.Special {
		f.specialCall(e)
		return
	}
	f.name(e.Name)
	f.str("(")
	switch {
	case e.Star:
		f.str("*")
	default:
		f.flag(e.Distinct, "DISTINCT ")
		f.list(len(e.Args), func(i int) {
			f.flag(e.Variadic && i == len(e.Args)-1, "VARIADIC ")
			if i < len(e.ArgNames) && e.ArgNames[i] != "" {
				f.ident(e.ArgNames[i])
				f.str(" => ")
			}
			f.expr(e.Args[i])
		})
	}
	if !e.WithinGroup {
		f.orderBy(e.OrderBy)
	}
	f.str(")")
	if e.WithinGroup {
		f.str(" WITHIN GROUP (")
		f.orderItems(e.OrderBy)
		f.str(")")
	}
	if e.Filter != nil {
		f.str(" FILTER (WHERE ")
		f.expr(e.Filter)
		f.str(")")
	}
	if e.Over != nil {
		f.str(" OVER ")
		if e.Over.Name != "" {
			f.ident(e.Over.Name)
		} else {
			f.window(e.Over)
		}
	}
}

// specialCall writes a call in the syntax that belongs to its name.
func (f *formatter) specialCall(e *FuncCall) {
	a := e.Args
	switch n := e.Name.Name; n {
	case "timezone":
		f.operand(a[len(a)-1], precAt)
		if len(a) == 1 {
			f.str(" AT LOCAL")
			return
		}
		f.str(" AT TIME ZONE ")
		f.operand(a[0], precAt+1)
	case "overlaps":
		f.str("(")
		f.exprs(a[:2])
		f.str(") OVERLAPS (")
		f.exprs(a[2:])
		f.str(")")
	case "extract":
		f.str("EXTRACT(")
		f.expr(a[0])
		f.str(" FROM ")
		f.expr(a[1])
		f.str(")")
	case "position":
		f.str("POSITION(")
		f.restricted(a[1])
		f.str(" IN ")
		f.restricted(a[0])
		f.str(")")
	case "substring", "overlay", "substring_similar":
		f.wordCall(n, a)
	case "btrim", "ltrim", "rtrim":
		f.trim(n, a)
	case "is_normalized":
		f.operand(a[0], precIs+1)
		f.str(" IS ")
		if len(a) > 1 {
			f.str(upper(a[1].(*Literal).Text) + " ")
		}
		f.str("NORMALIZED")
	case "normalize":
		f.str("NORMALIZE(")
		f.expr(a[0])
		if len(a) > 1 {
			f.str(", " + upper(a[1].(*Literal).Text))
		}
		f.str(")")
	default:
		f.str(upper(n))
		if len(a) > 0 {
			f.str("(")
			f.exprs(a)
			f.str(")")
		}
	}
}

// wordCall writes substring and overlay, whose arguments are set apart by words.
func (f *formatter) wordCall(name string, args []Expr) {
	words := []string{" FROM ", " FOR "}
	switch name {
	case "overlay":
		words = []string{" PLACING ", " FROM ", " FOR "}
	case "substring_similar":
		name = "substring"
		words = []string{" SIMILAR ", " ESCAPE "}
	}
	f.str(upper(name) + "(")
	for i, a := range args {
		if i > 0 {
			f.str(words[i-1])
		}
		// The words are operators' too in places: FROM, FOR are not, SIMILAR and
		// ESCAPE are.
		f.operand(a, precBetween+1)
	}
	f.str(")")
}

func (f *formatter) trim(name string, args []Expr) {
	f.str(map[string]string{"btrim": "TRIM(BOTH ", "ltrim": "TRIM(LEADING ", "rtrim": "TRIM(TRAILING "}[name])
	if len(args) == 2 {
		f.expr(args[1])
		f.str(" ")
	}
	f.str("FROM ")
	if len(args) == 2 {
		args = args[:1]
	}
	f.exprs(args)
	f.str(")")
}

// orderBy writes " ORDER BY ..." unless there is none.
func (f *formatter) orderBy(list []OrderItem) {
	if len(list) > 0 {
		f.str(" ")
		f.orderItems(list)
	}
}

func (f *formatter) orderItems(list []OrderItem) {
	f.str("ORDER BY ")
	f.list(len(list), func(i int) {
		o := list[i]
		f.expr(o.Expr)
		if o.Using != "" {
			f.str(" USING " + o.Using)
		}
		f.direction(o.Desc, o.Nulls)
	})
}

func (f *formatter) direction(desc bool, nulls NullsOrder) {
	f.flag(desc, " DESC")
	f.str([...]string{NullsDefault: "", NullsFirst: " NULLS FIRST", NullsLast: " NULLS LAST"}[nulls])
}

// window writes a definition in parentheses.
func (f *formatter) window(w *Window) {
	f.str("(")
	sep := ""
	if w.Ref != "" {
		f.ident(w.Ref)
		sep = " "
	}
	if len(w.PartitionBy) > 0 {
		f.str(sep + "PARTITION BY ")
		f.exprs(w.PartitionBy)
		sep = " "
	}
	if len(w.OrderBy) > 0 {
		f.str(sep)
		f.orderItems(w.OrderBy)
		sep = " "
	}
	if w.Frame != nil {
		f.str(sep)
		f.frame(w.Frame)
	}
	f.str(")")
}

func (f *formatter) frame(fr *Frame) {
	f.str([...]string{FrameRange: "RANGE", FrameRows: "ROWS", FrameGroups: "GROUPS"}[fr.Mode])
	f.str(" BETWEEN ")
	f.bound(fr.Start)
	f.str(" AND ")
	f.bound(fr.End)
	f.str([...]string{
		ExcludeNone: "", ExcludeCurrentRow: " EXCLUDE CURRENT ROW", ExcludeGroup: " EXCLUDE GROUP", ExcludeTies: " EXCLUDE TIES",
	}[fr.Exclude])
}

func (f *formatter) bound(b FrameBound) {
	switch b.Kind {
	case UnboundedPreceding:
		f.str("UNBOUNDED PRECEDING")
	case CurrentRow:
		f.str("CURRENT ROW")
	case UnboundedFollowing:
		f.str("UNBOUNDED FOLLOWING")
	case Preceding, Following:
		f.operand(b.Offset, precAdd)
		if b.Kind == Preceding {
			f.str(" PRECEDING")
		} else {
			f.str(" FOLLOWING")
		}
	}
}
