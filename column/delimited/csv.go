package delimited

// splitCSV reads CSV: a quoted value may have line ends in it. A value without quotes is a slice of the data.
func (s *Splitter) splitCSV(data []byte, last bool) ([]Field, int, error) {
	s.fields = s.fields[:0]
	var value []byte // of the field, if it is no slice of the data
	from, quoted, inQuotes := 0, false, false
	finish := func(end int) {
		if !quoted {
			value = data[from:end:end]
		}
		k := len(s.fields)
		null := string(value) == s.Null && (!quoted && (k >= len(s.NotNull) || !s.NotNull[k]) || quoted && k < len(s.AsNull) && s.AsNull[k])
		s.fields = append(s.fields, Field{Value: value, Null: null})
		value, quoted, from = nil, false, end+1
	}
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inQuotes && c == s.Escape && i+1 == len(data) && !last:
			return nil, 0, ErrMore // what follows decides
		case inQuotes && c == s.Escape && i+1 < len(data) && (data[i+1] == s.Quote || data[i+1] == s.Escape):
			i++
			value = append(value, data[i])
		case c == s.Quote:
			if !quoted {
				value = append(make([]byte, 0, usualField), data[from:i]...)
			}
			inQuotes, quoted = !inQuotes, true
		case inQuotes:
			value = append(value, c)
		case c == s.Delimiter:
			finish(i)
		case c == '\n':
			finish(i)
			return s.fields, i + 1, nil
		case c == '\r' && i+1 == len(data) && !last:
			return nil, 0, ErrMore
		case c == '\r' && i+1 == len(data):
			finish(i)
			return s.fields, i + 1, nil
		case c == '\r' && data[i+1] == '\n':
			finish(i)
			return s.fields, i + 2, nil
		default:
			if quoted {
				value = append(value, c)
			}
		}
	}
	if !last || inQuotes {
		return nil, 0, ErrMore
	}
	finish(len(data))
	return s.fields, len(data), nil
}

// usualField is room that most quoted values find enough.
const usualField = 64
