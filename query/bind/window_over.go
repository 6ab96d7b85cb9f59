package bind

import (
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// namedWindows binds the WINDOW clause.
func (b *binder) namedWindows(s *scope, list []*sql.Window) error {
	for _, n := range list {
		if s.windows.find(n.Name) != nil {
			return errorAt(n.Pos, "42P20", "window \"%s\" is already defined", n.Name)
		}
		def, err := b.definition(s, n)
		if err != nil {
			return err
		}
		def.name = n.Name
		s.windows.defs = append(s.windows.defs, *def)
	}
	return nil
}

func (w *windows) find(name string) *windowDef {
	for i := range w.defs {
		if w.defs[i].name == name {
			return &w.defs[i]
		}
	}
	return nil
}

// over gives the window behind OVER: one that has a name, or a definition, perhaps of a window that has one.
func (b *binder) over(s *scope, n *sql.Window) (*windowSpec, *expr.Frame, error) {
	var def *windowDef
	if n.Name != "" {
		if def = s.windows.find(n.Name); def == nil {
			return nil, nil, errorAt(n.Pos, "42704", "window \"%s\" does not exist", n.Name)
		}
	} else {
		var err error
		if def, err = b.definition(s, n); err != nil {
			return nil, nil, err
		}
	}
	if def.frame == nil {
		frame := expr.DefaultFrame
		return &def.spec, &frame, nil
	}
	return &def.spec, def.frame, nil
}

// definition binds what stands in the parentheses of OVER or of a named window.
func (b *binder) definition(s *scope, n *sql.Window) (*windowDef, error) {
	s.windows.defining = true
	defer func() { s.windows.defining = false }()
	def := &windowDef{order: len(n.OrderBy) > 0}
	var base *windowDef
	if n.Ref != "" {
		if base = s.windows.find(n.Ref); base == nil {
			return nil, errorAt(n.Pos, "42704", "window \"%s\" does not exist", n.Ref)
		}
	}
	for _, item := range n.OrderBy {
		key, err := b.windowKey(s, item)
		if err != nil {
			return nil, err
		}
		if !containsKey(def.spec.order, key.Expr) {
			def.spec.order = append(def.spec.order, key)
		}
	}
	for _, item := range n.PartitionBy {
		e, err := b.value(s, item)
		if err != nil {
			return nil, err
		}
		if err := distinguishable(e); err != nil {
			return nil, err
		}
		if !containsExpr(def.spec.partition, e) {
			def.spec.partition = append(def.spec.partition, e)
		}
	}
	if base != nil {
		if err := inherit(def, base, n); err != nil {
			return nil, err
		}
	}
	if n.Frame != nil {
		var err error
		if def.frame, err = b.frame(s, n.Frame, def, n.Pos); err != nil {
			return nil, err
		}
	}
	return def, nil
}

func containsKey(list []plan.SortKey, e expr.Expr) bool {
	for _, k := range list {
		if expr.Equal(k.Expr, e) {
			return true
		}
	}
	return false
}

// windowKey binds an element of a window's ORDER BY, in which neither numbers nor output names stand for columns.
func (b *binder) windowKey(s *scope, item sql.OrderItem) (plan.SortKey, error) {
	e, err := b.value(s, item.Expr)
	if err != nil {
		return plan.SortKey{}, err
	}
	key, err := sortKey(item, target{bound: e}, 0)
	key.Expr = e
	return key, err
}

// inherit takes over what a window that is referred to says.
func inherit(def, base *windowDef, n *sql.Window) error {
	switch {
	case len(n.PartitionBy) > 0:
		return errorAt(n.Pos, "42P20", "cannot override PARTITION BY clause of window \"%s\"", n.Ref)
	case len(n.OrderBy) > 0 && base.order:
		return errorAt(n.Pos, "42P20", "cannot override ORDER BY clause of window \"%s\"", n.Ref)
	case base.frame != nil:
		e := errorAt(n.Pos, "42P20", "cannot copy window \"%s\" because it has a frame clause", n.Ref)
		if n.Name == "" && len(n.OrderBy) == 0 && n.Frame == nil {
			e.Hint = "Omit the parentheses in this OVER clause."
		}
		return e
	}
	def.spec.partition = base.spec.partition
	if base.order {
		def.spec.order, def.order = base.spec.order, true
	}
	return nil
}

// frame binds a frame clause of a window of which all else is known.
func (b *binder) frame(s *scope, n *sql.Frame, def *windowDef, pos int) (*expr.Frame, error) {
	f := &expr.Frame{
		Mode:    [...]expr.FrameMode{sql.FrameRange: expr.FrameRange, sql.FrameRows: expr.FrameRows, sql.FrameGroups: expr.FrameGroups}[n.Mode],
		Exclude: [...]expr.FrameExclude{sql.ExcludeNone: expr.ExcludeNone, sql.ExcludeCurrentRow: expr.ExcludeCurrentRow, sql.ExcludeGroup: expr.ExcludeGroup, sql.ExcludeTies: expr.ExcludeTies}[n.Exclude],
	}
	if f.Mode == expr.FrameGroups && !def.order {
		return nil, errorAt(pos, "42P20", "GROUPS mode requires an ORDER BY clause")
	}
	var err error
	if f.Start, err = b.frameBound(s, n, &n.Start, def, pos); err != nil {
		return nil, err
	}
	f.End, err = b.frameBound(s, n, &n.End, def, pos)
	return f, err
}

var boundKinds = [...]expr.BoundKind{
	sql.UnboundedPreceding: expr.UnboundedPreceding, sql.Preceding: expr.Preceding, sql.CurrentRow: expr.CurrentRow,
	sql.Following: expr.Following, sql.UnboundedFollowing: expr.UnboundedFollowing,
}

func (b *binder) frameBound(s *scope, n *sql.Frame, at *sql.FrameBound, def *windowDef, pos int) (expr.FrameBound, error) {
	out := expr.FrameBound{Kind: boundKinds[at.Kind]}
	if at.Offset == nil {
		return out, nil
	}
	mode := [...]string{sql.FrameRange: "RANGE", sql.FrameRows: "ROWS", sql.FrameGroups: "GROUPS"}[n.Mode]
	if n.Mode == sql.FrameRange && len(def.spec.order) != 1 {
		return out, errorAt(pos, "42P20", "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	e, err := b.expr(s.withoutWindows("window "+mode).within("window "+mode), at.Offset)
	if err != nil {
		return out, err
	}
	if columns := expr.Columns(e); len(columns) > 0 {
		return out, errorAt(firstColumn(e), "42P10", "argument of %s must not contain variables", mode)
	}
	if n.Mode == sql.FrameRange {
		return out, b.rangeOffset(&out, e, def.spec.order[0])
	}
	bigint := column.T(column.Int64)
	if t := e.Type(); t != unknown && !b.Functions.CanCast(t, bigint, fn.Assignment) {
		return out, errorAt(e.Pos(), "42804", "argument of %s must be type bigint, not type %s", mode, t)
	}
	out.Offset, err = b.coerce(e, bigint, fn.Assignment)
	return out, err
}

func firstColumn(e expr.Expr) int {
	at := e.Pos()
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && !found {
			at, found = c.At, true
		}
		return !found
	})
	return at
}

// rangeTypes are the types that rows can be ordered by for RANGE with an offset, and what the offset is measured in.
var rangeTypes = map[column.Kind]column.Kind{
	column.Int16: column.Int64, column.Int32: column.Int64, column.Int64: column.Int64, column.Float32: column.Float64, column.Float64: column.Float64,
	column.Numeric: column.Numeric, column.Date: column.IntervalKind, column.Timestamp: column.IntervalKind, column.TimestampTZ: column.IntervalKind,
	column.TimestampNS: column.IntervalKind, column.IntervalKind: column.IntervalKind,
}

// rangeOffset binds the offset of a bound in mode RANGE.
func (b *binder) rangeOffset(out *expr.FrameBound, e expr.Expr, key plan.SortKey) error {
	t := key.Expr.Type()
	kind, ok := rangeTypes[t.Kind]
	if !ok {
		return errorAt(e.Pos(), "0A000", "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", t)
	}
	of := column.T(kind)
	if from := e.Type(); from != unknown && !b.Functions.CanCast(from, of, fn.Implicit) {
		err := errorAt(e.Pos(), "0A000", "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", t, from)
		err.Hint = "Cast the offset value to an appropriate type."
		return err
	}
	var err error
	if out.Offset, err = b.coerce(e, of, fn.Implicit); err != nil {
		return err
	}
	if t.IsInteger() || t.IsFloat() {
		return nil
	}
	// A date is moved by an interval as the timestamp it begins with.
	out.Value = key.Expr
	if t.Kind == column.Date {
		if out.Value, err = b.coerce(key.Expr, column.T(column.Timestamp), fn.Implicit); err != nil {
			return err
		}
	}
	op := "+"
	if (out.Kind == expr.Preceding) != key.Desc {
		op = "-"
	}
	out.Limit, err = b.operator(op, e.Pos(), out.Value, out.Offset)
	var e2 *column.Error
	if errors.As(err, &e2) {
		return err
	}
	if out.Limit.Type() != out.Value.Type() {
		return errorAt(e.Pos(), "0A000", "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", t)
	}
	return nil
}
