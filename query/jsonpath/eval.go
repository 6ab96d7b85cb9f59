package jsonpath

import (
	"errors"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// Options are what a query takes besides path and document.
type Options struct {
	Vars *jsonvalue.Value // an object; nil = none
	// Compute applies + - * / % as numeric does.
	Compute func(sign byte, a, b *apd.Decimal) (*apd.Decimal, error)
	Print   func(d *apd.Decimal) string
	Zone    *time.Location // of times without one where they meet times with one; nil = that is an error
	// Look, if not nil, is called for each step with an amount of work; the walk ends with its error, which must stay once it is there.
	Look func(bytes int) error
	// existence says that only whether there is a result is asked: results that a sign cannot be put before are passed over then.
	existence bool
}

// stepWork is what a step counts as work.
const stepWork = 64

// errEnough ends a walk whose first result is enough.
var errEnough = errors.New("enough")

// Query calls emit with each result. What was found before an error stays found.
func (p *Path) Query(doc jsonvalue.Value, opt Options, emit func(v jsonvalue.Value) error) error {
	e := &evaluator{Options: opt, root: doc, lax: !p.strict}
	err := e.item(p.root, doc, e.lax, emit)
	if e.fatal != nil {
		return e.fatal
	}
	return err
}

// Exists reports whether there is a result. In strict mode the whole document is walked over, for there must be no error.
func (p *Path) Exists(doc jsonvalue.Value, opt Options) (bool, error) {
	found := false
	opt.existence = !p.strict
	err := p.Query(doc, opt, func(jsonvalue.Value) error {
		found = true
		if p.strict {
			return nil
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

type emitter func(v jsonvalue.Value) error

// evaluator walks over one document.
type evaluator struct {
	Options
	root    jsonvalue.Value
	current jsonvalue.Value // @
	length  int             // of the innermost array, for last
	lax     bool
	// loose is set below .**, where members that are missing are none of strict mode's errors.
	loose bool
	// fatal is an error that conditions do not turn into unknown: a variable that the caller did not give.
	fatal error
}

func (e *evaluator) forgiving() bool { return e.lax || e.loose }

// then goes on with what follows a node.
func (e *evaluator) then(n *node, v jsonvalue.Value, emit emitter) error {
	if n.next == nil {
		return emit(v)
	}
	return e.item(n.next, v, e.lax, emit)
}

// each applies a node to the elements of an array, which it does not unwrap further.
func (e *evaluator) each(n *node, v jsonvalue.Value, emit emitter) error {
	for _, item := range v.Items {
		if err := e.item(n, item, false, emit); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluator) item(n *node, v jsonvalue.Value, unwrap bool, emit emitter) error {
	if e.Look != nil {
		if err := e.Look(stepWork); err != nil {
			return err
		}
	}
	if n.predicate() {
		t := e.predicate(n, v)
		out := jsonvalue.Value{}
		if t != unknown {
			out = jsonvalue.Of(t == yes)
		}
		return e.then(n, out, emit)
	}
	switch n.op {
	case opRoot:
		return e.then(n, e.root, emit)
	case opCurrent:
		return e.then(n, e.current, emit)
	case opLiteral:
		return e.then(n, n.value, emit)
	case opVariable:
		if e.Vars != nil {
			if x, ok := e.Vars.Get(n.text); ok {
				return e.then(n, x, emit)
			}
		}
		e.fatal = fail("42704", "could not find jsonpath variable \"%s\"", n.text)
		return e.fatal
	case opKey, opAnyKey:
		return e.member(n, v, unwrap, emit)
	case opAny:
		return e.anyLevel(n, v, 0, emit)
	case opElements:
		if v.Kind != jsonvalue.Array {
			if !e.lax {
				return e.structural("22039", "jsonpath wildcard array accessor can only be applied to an array")
			}
			return e.then(n, v, emit)
		}
		for _, item := range v.Items {
			if err := e.then(n, item, emit); err != nil {
				return err
			}
		}
		return nil
	case opSubscripts:
		return e.elements(n, v, emit)
	case opLast:
		return e.then(n, jsonvalue.Digits(e.Print(apd.New(int64(e.length-1), 0))), emit)
	case opFilter:
		if unwrap && v.Kind == jsonvalue.Array {
			return e.each(n, v, emit)
		}
		outer := e.current
		e.current = v
		ok := e.predicate(n.left, v)
		e.current = outer
		if ok != yes {
			return nil
		}
		return e.then(n, v, emit)
	case opMethod:
		return e.method(n, v, unwrap, emit)
	case opArithmetic:
		return e.arithmetic(n, v, emit)
	}
	return e.signed(n, v, emit)
}

// structural is an error about the shape of the document; below .** there are none.
func (e *evaluator) structural(state, format string, args ...any) error {
	if e.forgiving() {
		return nil
	}
	return fail(state, format, args...)
}

func (e *evaluator) member(n *node, v jsonvalue.Value, unwrap bool, emit emitter) error {
	switch {
	case v.Kind == jsonvalue.Object && n.op == opKey:
		if m, ok := v.Get(n.text); ok {
			return e.then(n, m, emit)
		}
		return e.structural("2203A", "JSON object does not contain key \"%s\"", n.text)
	case v.Kind == jsonvalue.Object:
		for _, m := range v.Members {
			if err := e.then(n, m.Value, emit); err != nil {
				return err
			}
		}
		return nil
	case v.Kind == jsonvalue.Array && unwrap:
		return e.each(n, v, emit)
	case n.op == opKey:
		return e.structural("2203A", "jsonpath member accessor can only be applied to an object")
	}
	return e.structural("2203C", "jsonpath wildcard member accessor can only be applied to an object")
}

// anyLevel gives a value and all below it, down to the level asked for.
func (e *evaluator) anyLevel(n *node, v jsonvalue.Value, level int, emit emitter) error {
	if level == 0 && n.lo == 0 {
		outer := e.loose
		e.loose = true
		err := e.then(n, v, emit)
		if e.loose = outer; err != nil {
			return err
		}
	}
	if level >= n.hi && n.hi >= 0 {
		return nil
	}
	children := v.Items
	for _, m := range v.Members {
		children = append(children[:len(children):len(children)], m.Value)
	}
	for _, c := range children {
		below := level + 1
		if below >= n.lo && n.lo >= 0 || n.lo < 0 && c.IsScalar() {
			outer := e.loose
			e.loose = true
			err := e.then(n, c, emit)
			if e.loose = outer; err != nil {
				return err
			}
		}
		if err := e.anyLevel(n, c, below, emit); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluator) elements(n *node, v jsonvalue.Value, emit emitter) error {
	items := v.Items
	if v.Kind != jsonvalue.Array {
		if !e.lax {
			return e.structural("22039", "jsonpath array accessor can only be applied to an array")
		}
		items = []jsonvalue.Value{v}
	}
	outer := e.length
	defer func() { e.length = outer }()
	for _, s := range n.subscripts {
		e.length = len(items)
		from, err := e.subscript(s.from, v)
		if err != nil {
			return err
		}
		to := from
		if s.to != nil {
			if to, err = e.subscript(s.to, v); err != nil {
				return err
			}
		}
		if !e.forgiving() && (from < 0 || from > to || to >= int64(len(items))) {
			return fail("22033", "jsonpath array subscript is out of bounds")
		}
		for i := max(from, 0); i <= min(to, int64(len(items)-1)); i++ {
			if err := e.then(n, items[i], emit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *evaluator) subscript(n *node, v jsonvalue.Value) (int64, error) {
	list, err := e.list(n, v, false)
	if err != nil {
		return 0, err
	}
	if len(list) != 1 || list[0].Kind != jsonvalue.Number {
		return 0, fail("22033", "jsonpath array subscript is not a single numeric value")
	}
	d := list[0].Decimal()
	var whole apd.Decimal
	var frac apd.Decimal
	d.Modf(&whole, &frac)
	k, err := whole.Int64()
	if err != nil || k != int64(int32(k)) {
		return 0, fail("22033", "jsonpath array subscript is out of integer range")
	}
	return k, nil
}

// list collects results; in lax mode arrays among them are unwrapped if asked for.
func (e *evaluator) list(n *node, v jsonvalue.Value, unwrap bool) ([]jsonvalue.Value, error) {
	var out []jsonvalue.Value
	outer := e.existence
	e.existence = false
	defer func() { e.existence = outer }()
	err := e.item(n, v, e.lax, func(x jsonvalue.Value) error {
		if unwrap && e.lax && x.Kind == jsonvalue.Array {
			out = append(out, x.Items...)
		} else {
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

func (e *evaluator) arithmetic(n *node, v jsonvalue.Value, emit emitter) error {
	operand := func(side *node, which string) (*apd.Decimal, error) {
		list, err := e.list(side, v, true)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 || list[0].Kind != jsonvalue.Number {
			return nil, fail("22038", "%s operand of jsonpath operator %s is not a single numeric value", which, n.text)
		}
		return list[0].Decimal(), nil
	}
	a, err := operand(n.left, "left")
	if err != nil {
		return err
	}
	b, err := operand(n.right, "right")
	if err != nil {
		return err
	}
	d, err := e.Compute(n.text[0], a, b)
	if err != nil {
		return err
	}
	return e.then(n, jsonvalue.Digits(e.Print(d)), emit)
}

// signed is + and - before a path, applied to each result.
func (e *evaluator) signed(n *node, v jsonvalue.Value, emit emitter) error {
	list, err := e.list(n.left, v, true)
	if err != nil {
		return err
	}
	sign := map[op]string{opNegate: "-", opPlus: "+"}[n.op]
	for _, x := range list {
		if x.Kind != jsonvalue.Number {
			if e.existence && n.next == nil {
				continue
			}
			return fail("2203B", "operand of unary jsonpath operator %s is not a numeric value", sign)
		}
		if n.op == opNegate {
			x = jsonvalue.Negated(x)
		}
		if err := e.then(n, x, emit); err != nil {
			return err
		}
	}
	return nil
}
