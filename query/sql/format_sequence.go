package sql

func (f *formatter) sequenceOptions(list []SequenceOption) {
	for _, o := range list {
		f.str(" ")
		switch o.Word {
		case "as":
			f.str("AS ")
			f.typeName(o.Type)
		case "owned by":
			f.str("OWNED BY ")
			if o.Owner == nil {
				f.str("NONE")
			}
			for i, part := range o.Owner {
				f.flag(i > 0, ".")
				f.ident(part)
			}
		default:
			f.str(upper(o.Word))
			if o.Value != "" {
				f.str(" ")
				f.str(o.Value)
			}
		}
	}
}

func (f *formatter) createSequence(s *CreateSequence) {
	f.str("CREATE ")
	f.flag(s.Temp, "TEMPORARY ")
	f.str("SEQUENCE ")
	f.flag(s.IfNotExists, "IF NOT EXISTS ")
	f.name(s.Name)
	f.sequenceOptions(s.Options)
}

func (f *formatter) alterSequence(s *AlterSequence) {
	f.str("ALTER SEQUENCE ")
	f.flag(s.IfExists, "IF EXISTS ")
	f.name(s.Name)
	f.sequenceOptions(s.Options)
}

func (f *formatter) tableLike(l *TableLike) {
	f.str("LIKE ")
	f.name(l.Name)
	for _, o := range l.Options {
		if o.Excluding {
			f.str(" EXCLUDING ")
		} else {
			f.str(" INCLUDING ")
		}
		f.str(upper(o.What))
	}
}
