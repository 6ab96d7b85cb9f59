package fn

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// numberPattern is the pattern of a number, with what its fields say together.
type numberPattern struct {
	nodes []formatNode

	pre, post          int // digits before and behind the point
	zeroStart, zeroEnd int // where the field 0 stands first, from 1, and last
	multi              int // digits behind V
	preSign            int // digits before the field S
	sign               signPlace

	fill, zero, blank, decimal, bracket, minus, plus, roman, shift, science bool
}

// signPlace says where the field S puts the sign.
type signPlace uint8

const (
	noSign signPlace = iota
	signBefore
	signBehind
)

func parseNumberPattern(s string) (*numberPattern, error) {
	p := &numberPattern{nodes: parsePattern(s, numberFields, false)}
	for i := range p.nodes {
		n := &p.nodes[i]
		n.field = numberField(n.field)
		if n.field == "" {
			continue
		}
		if err := p.add(n.field); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// numberField spells fields in upper case, but those whose case tells how the result is written.
func numberField(f string) string {
	if f == "rn" || f == "th" {
		return f
	}
	return strings.ToUpper(f)
}

func badPattern(text string) error { return sqlError("42601", "%s", text) }

// add checks a field against those before it and counts it.
func (p *numberPattern) add(f string) error {
	if p.science && f != "EEEE" {
		return badPattern(`"EEEE" must be the last pattern used`)
	}
	switch f {
	case "9", "0":
		return p.addDigit(f)
	case "B":
		p.blank = p.blank || p.pre == 0 && p.post == 0 && !p.zero
	case "D", ".":
		switch {
		case p.decimal:
			return badPattern("multiple decimal points")
		case p.shift:
			return badPattern(`cannot use "V" and decimal point together`)
		}
		p.decimal = true
	case "FM":
		p.fill = true
	case "S", "MI", "PL", "SG", "PR":
		return p.addSign(f)
	case "RN", "rn":
		p.roman = true
	case "V":
		if p.decimal {
			return badPattern(`cannot use "V" and decimal point together`)
		}
		p.shift = true
	case "EEEE":
		switch {
		case p.science:
			return badPattern(`cannot use "EEEE" twice`)
		case p.blank || p.fill || p.sign != noSign || p.bracket || p.minus || p.plus || p.roman || p.shift:
			e := badPattern(`"EEEE" is incompatible with other formats`).(*column.Error)
			e.Detail = `"EEEE" may only be used together with digit and decimal point patterns.`
			return e
		}
		p.science = true
	}
	return nil
}

func (p *numberPattern) addDigit(f string) error {
	if p.bracket {
		return badPattern(`"` + f + `" must be ahead of "PR"`)
	}
	if f == "9" && p.shift {
		p.multi++
		return nil
	}
	if f == "0" && !p.zero && !p.decimal {
		p.zero, p.zeroStart = true, p.pre+1
	}
	if p.decimal {
		p.post++
	} else {
		p.pre++
	}
	if f == "0" {
		p.zeroEnd = p.pre + p.post
	}
	return nil
}

func (p *numberPattern) addSign(f string) error {
	if f == "S" {
		switch {
		case p.sign != noSign:
			return badPattern(`cannot use "S" twice`)
		case p.plus || p.minus || p.bracket:
			return badPattern(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		}
		p.sign, p.preSign = signBefore, p.pre
		if p.decimal {
			p.sign = signBehind
		}
		return nil
	}
	if f == "PR" {
		if p.sign != noSign || p.plus || p.minus {
			return badPattern(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		p.bracket = true
		return nil
	}
	if p.sign != noSign {
		return badPattern(`cannot use "S" and "` + f + `" together`)
	}
	p.minus = p.minus || f != "PL"
	p.plus = p.plus || f != "MI"
	return nil
}
