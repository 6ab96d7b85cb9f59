package sql

import "strings"

// precPrimary is the binding power of what needs no parentheses anywhere.
const precPrimary = precPostfix + 1

// exprPrec is the binding power of an expression's outermost operator.
func exprPrec(e Expr) int {
	switch e := e.(type) {
	case *Logic:
		if e.Op == Or {
			return precOr
		}
		return precAnd
	case *Not:
		return precNot
	case *Is, *IsDistinct:
		return precIs
	case *Between, *In, *LikeExpr:
		return precBetween
	case *Binary:
		if e.OpSchema != "" {
			return precOp
		}
		return opPrec(e.Op)
	case *Quantified:
		if e.OpSchema != "" {
			return precOp
		}
		if strings.HasSuffix(e.Op, "LIKE") {
			return precBetween
		}
		return opPrec(e.Op)
	case *Unary:
		if e.OpSchema == "" && (e.Op == "-" || e.Op == "+") {
			return precUnary
		}
		return precOp
	case *Literal:
		if strings.HasPrefix(e.Text, "-") && (e.Kind == LitInt || e.Kind == LitNumber) {
			return precUnary
		}
	case *FuncCall:
		if e.Special && e.Name.Name == "timezone" {
			return precAt
		}
		if e.Special && e.Name.Name == "overlaps" {
			return precBetween
		}
		if e.Special && e.Name.Name == "is_normalized" {
			return precIs
		}
	case *Collate:
		return precCollate
	case *Cast:
		return precPostfix
	}
	return precPrimary
}

// operand writes e, in parentheses if it binds looser than min.
func (f *formatter) operand(e Expr, min int) {
	if exprPrec(e) >= min {
		f.expr(e)
		return
	}
	f.str("(")
	f.expr(e)
	f.str(")")
}

func (f *formatter) expr(e Expr) {
	switch e := e.(type) {
	case *ColumnRef:
		f.dotted(e.Parts)
	case *Star:
		for _, q := range e.Qualifier {
			f.ident(q)
			f.str(".")
		}
		f.str("*")
	case *Literal:
		f.literal(e)
	case *TypedLiteral:
		f.simpleType(e.Type, false)
		f.str(" ")
		f.quoted(e.Value, '\'')
		f.intervalFields(e.Type)
	case *Param:
		if e.Name != "" {
			f.str(":")
			f.word(e.Name)
		} else {
			f.str("$")
			f.int(e.Index)
		}
	case *Cast:
		f.operand(e.Expr, precPostfix)
		f.str("::")
		f.typeName(e.Type)
	case *FuncCall:
		f.call(e)
	case *Default:
		f.str("DEFAULT")
	case *GroupingSet:
		f.groupingSet(e)
	default:
		f.exprOperator(e)
	}
}

// dotted writes the parts of a dotted name.
func (f *formatter) dotted(parts []string) {
	for i, s := range parts {
		if i > 0 {
			f.str(".")
		}
		f.ident(s)
	}
}

func (f *formatter) literal(e *Literal) {
	switch e.Kind {
	case LitNull:
		f.str("NULL")
	case LitBool:
		f.str(e.Text) // in lower case, as PostgreSQL prints it
	case LitString:
		f.quoted(e.Text, '\'')
	case LitBits:
		f.str("B")
		f.quoted(e.Text, '\'')
	case LitHexBits:
		f.str("X")
		f.quoted(e.Text, '\'')
	default:
		f.str(e.Text)
	}
}

// exprOperator writes the expressions that have operands.
func (f *formatter) exprOperator(e Expr) {
	switch e := e.(type) {
	case *Unary:
		f.operator(e.Op, e.OpSchema)
		f.str(" ")
		if exprPrec(e) == precUnary {
			f.operand(e.Expr, precUnary)
		} else {
			f.operand(e.Expr, precOp+1)
		}
	case *Binary:
		f.binary(e)
	case *Logic:
		word, prec := " AND ", precAnd
		if e.Op == Or {
			word, prec = " OR ", precOr
		}
		for i, a := range e.Args {
			if i > 0 {
				f.str(word)
			}
			f.operand(a, prec+1)
		}
	case *Not:
		f.str("NOT ")
		f.operand(e.Expr, precNot)
	case *Is:
		f.operand(e.Expr, precIs+1)
		f.str(" IS ")
		f.flag(e.Not, "NOT ")
		f.str([...]string{IsNull: "NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN"}[e.Kind])
	case *IsDistinct:
		f.operand(e.Left, precIs+1)
		f.str(" IS ")
		f.flag(e.Not, "NOT ")
		f.str("DISTINCT FROM ")
		f.operand(e.Right, precIs+1)
	case *Between:
		f.between(e)
	case *In:
		f.operand(e.Expr, precBetween+1)
		f.flag(e.Not, " NOT")
		f.str(" IN (")
		f.queryOrExprs(e.Query, e.List)
		f.str(")")
	case *LikeExpr:
		f.like(e)
	case *Quantified:
		f.quantified(e)
	case *Collate:
		f.operand(e.Expr, precCollate)
		f.str(" COLLATE ")
		f.name(e.Collation)
	default:
		f.exprBracketed(e)
	}
}

// exprBracketed writes the expressions that are enclosed by something.
func (f *formatter) exprBracketed(e Expr) {
	switch e := e.(type) {
	case *Case:
		f.caseExpr(e)
	case *Subquery:
		f.parenQuery(e.Query)
	case *Exists:
		f.str("EXISTS ")
		f.parenQuery(e.Query)
	case *Array:
		f.str("ARRAY")
		f.arrayElems(e)
	case *ArrayQuery:
		f.str("ARRAY")
		f.parenQuery(e.Query)
	case *Row:
		f.flag(e.Explicit || len(e.Elems) < 2, "ROW")
		f.str("(")
		f.exprs(e.Elems)
		f.str(")")
	case *Subscript:
		f.indirectionBase(e.Expr, true, e.Paren)
		f.subscript(e)
	case *Field:
		f.indirectionBase(e.Expr, false, e.Paren)
		f.str(".")
		if e.Star {
			f.str("*")
		} else {
			f.word(e.Name)
		}
	}
}

// indirectionBase writes what a subscript or a field applies to. A column before
// a field needs parentheses: without them it would be a table.
func (f *formatter) indirectionBase(e Expr, subscript, paren bool) {
	bare := false
	switch e.(type) {
	case *Subscript, *Field:
		bare = !paren
	case *Param:
		bare = true
	case *ColumnRef:
		bare = subscript
	}
	if bare {
		f.expr(e)
		return
	}
	f.str("(")
	f.expr(e)
	f.str(")")
}

// subscript writes [i] or [lo : hi]. What would begin with the colon of a named
// parameter goes in parentheses, because a colon there is a slice.
func (f *formatter) subscript(e *Subscript) {
	f.str("[")
	if e.Lo != nil {
		start := len(f.b)
		f.expr(e.Lo)
		if f.b[start] == ':' {
			text := string(f.b[start:])
			f.b = f.b[:start]
			f.str("(" + text + ")")
		}
	}
	if e.Slice {
		f.str(" : ")
		if e.Hi != nil {
			f.expr(e.Hi)
		}
	}
	f.str("]")
}

func (f *formatter) operator(op, schema string) {
	if schema == "" {
		f.str(op)
		return
	}
	f.str("OPERATOR(")
	f.ident(schema)
	f.str(".")
	f.str(op)
	f.str(")")
}

func (f *formatter) binary(e *Binary) {
	prec := exprPrec(e)
	left := prec
	if prec == precComparison {
		left++ // cannot be chained
	}
	f.operand(e.Left, left)
	f.str(" ")
	f.operator(e.Op, e.OpSchema)
	f.str(" ")
	f.operand(e.Right, prec+1)
}

// restricted writes an expression where the grammar allows only b_expr.
func (f *formatter) restricted(e Expr) { f.operand(e, precUnary) }

func (f *formatter) between(e *Between) {
	f.operand(e.Expr, precBetween+1)
	f.flag(e.Not, " NOT")
	f.str(" BETWEEN ")
	f.flag(e.Symmetric, "SYMMETRIC ")
	f.restricted(e.Lo)
	f.str(" AND ")
	f.operand(e.Hi, precBetween+1)
}

func (f *formatter) like(e *LikeExpr) {
	f.operand(e.Expr, precBetween+1)
	f.flag(e.Not, " NOT")
	f.str([...]string{Like: " LIKE ", ILike: " ILIKE ", SimilarTo: " SIMILAR TO "}[e.Kind])
	f.operand(e.Pattern, precBetween+1)
	if e.Escape != nil {
		f.str(" ESCAPE ")
		f.operand(e.Escape, precBetween+1)
	}
}

func (f *formatter) quantified(e *Quantified) {
	f.operand(e.Left, exprPrec(e)+1)
	f.str(" ")
	f.operator(e.Op, e.OpSchema)
	if e.All {
		f.str(" ALL (")
	} else {
		f.str(" ANY (")
	}
	if e.Query != nil {
		f.query(e.Query)
	} else {
		f.expr(e.Array)
	}
	f.str(")")
}

func (f *formatter) queryOrExprs(q *Query, list []Expr) {
	if q != nil {
		f.query(q)
		return
	}
	f.exprs(list)
}

func (f *formatter) caseExpr(e *Case) {
	f.str("CASE")
	if e.Operand != nil {
		f.str(" ")
		f.expr(e.Operand)
	}
	for _, w := range e.Whens {
		f.str(" WHEN ")
		f.expr(w.Cond)
		f.str(" THEN ")
		f.expr(w.Then)
	}
	if e.Else != nil {
		f.str(" ELSE ")
		f.expr(e.Else)
	}
	f.str(" END")
}

// arrayElems writes [...]; an array of arrays repeats only the brackets.
func (f *formatter) arrayElems(a *Array) {
	f.str("[")
	nested := len(a.Elems) > 0
	for _, e := range a.Elems {
		_, ok := e.(*Array)
		nested = nested && ok
	}
	f.list(len(a.Elems), func(i int) {
		if nested {
			f.arrayElems(a.Elems[i].(*Array))
			return
		}
		f.expr(a.Elems[i])
	})
	f.str("]")
}

func (f *formatter) groupingSet(g *GroupingSet) {
	f.str([...]string{GroupEmpty: "", GroupRollup: "ROLLUP", GroupCube: "CUBE", GroupSets: "GROUPING SETS "}[g.Kind])
	f.str("(")
	f.exprs(g.Items)
	f.str(")")
}
