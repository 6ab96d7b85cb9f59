package column

// Widens reports whether every stored value of a type, under the limits of its declaration, reads the same as another type: bit for bit in its layout,
// printed, compared and as part of a key. Such a change of type touches nothing that is stored.
func (t Type) Widens(mod Mod, to Type, toMod Mod) bool {
	if t == to && mod == toMod {
		return true
	}
	switch {
	case t.IsInteger():
		return to.IsInteger() && to.Kind >= t.Kind
	case t.Kind == Float32 && to.Kind == Float64:
		return true
	case t.Kind == Numeric && to == t:
		// Stored numerics of one scale show its digits: another scale would not.
		p, s, limited := mod.Numeric()
		toP, toS, toLimited := toMod.Numeric()
		return !toLimited || limited && s == toS && p <= toP
	case t.Kind == Varchar && to.Kind == Text:
		return true
	case (t.Kind == Varchar || t.Kind == Text) && to.Kind == Varchar:
		return toMod == 0 || t.Kind == Varchar && mod != 0 && mod.Length() <= toMod.Length()
	case (t.Kind == Timestamp || t.Kind == TimestampTZ || t.Kind == Time || t.Kind == TimeTZ) && to == t:
		return toMod == 0 || mod != 0 && mod.Precision() <= toMod.Precision()
	case t.Kind == IntervalKind && to == t:
		return toMod == 0
	case t.Kind == Array && to == t:
		return t.Element().Widens(mod, to.Element(), toMod)
	}
	return false
}
