package literal

// finish makes the moment of a text that must have a date.
func (f *fields) finish() error {
	if err := f.finishDate(); err != nil {
		return err
	}
	if err := f.finishMeridian(); err != nil {
		return err
	}
	switch {
	case f.m.infinite != 0:
		return nil
	case f.epoch:
		f.m.days, f.m.within, f.m.fixed, f.m.displace = 0, 0, true, 0
		return nil
	case !f.all(dateParts), f.summerOfNamedZone():
		return errFormat
	}
	f.m.dated = true
	f.m.within = f.sinceMidnight()
	return nil
}

// sinceMidnight may be a day or more: 24:00, and digits run together that say more.
func (f *fields) sinceMidnight() int64 {
	return (f.hour*3600+f.minute*60+f.second)*pow10(f.m.digits) + f.fraction
}

// finishClock makes the time of day of a text that may have a date.
func (f *fields) finishClock() error {
	if err := f.finishDate(); err != nil {
		return err
	}
	if err := f.finishMeridian(); err != nil {
		return err
	}
	switch {
	case f.overflows():
		return errField
	case !f.all(timeParts), f.summerOfNamedZone():
		return errFormat
	}
	if f.m.dated = f.all(dateParts); !f.m.dated && f.m.zone != nil {
		// A zone whose distance changes needs a date.
		if start, end := f.opt.Now.In(f.m.zone).ZoneBounds(); !start.IsZero() || !end.IsZero() {
			return errFormat
		}
	}
	if !f.m.dated && !f.m.fixed && f.m.zone == nil && f.seen&dateParts != 0 {
		return errFormat
	}
	f.m.within = f.sinceMidnight()
	return nil
}

// summerOfNamedZone reports whether DST comes without a zone that says nothing of summer time itself.
func (f *fields) summerOfNamedZone() bool {
	return f.all(summerPart) && (f.m.zone != nil || f.m.abbreviation != nil || !f.all(zonePart))
}

func (f *fields) finishDate() error {
	if f.all(yearPart) && !f.julian {
		switch {
		case f.bc:
			if f.year <= 0 {
				return errField
			}
			f.year = 1 - f.year
		case f.twoDigits && f.year < 70:
			f.year += 2000
		case f.twoDigits && f.year < 100:
			f.year += 1900
		case !f.twoDigits && f.year <= 0:
			return errField
		}
	}
	if f.julian {
		f.m.days = f.julianDay + minDay
		return nil
	}
	tooFar := f.year > 6_000_000 || f.year < -5000 // out of every type's range, and of this calendar's
	if f.all(dayOfYearPart) {
		f.m.days = DaysFromCivil(min(f.year, 6_000_000), 1, 1) + f.dayOfYear - 1
		return nil
	}
	if f.all(monthPart) && (f.month < 1 || f.month > 12) || f.all(dayPart) && (f.day < 1 || f.day > 31) {
		return errFieldMDY
	}
	if !f.all(dateParts) {
		return nil
	}
	if tooFar {
		f.m.days = maxDay + 1
		return nil
	}
	if f.day > int64(DaysInMonth(f.year, int(f.month))) {
		return errField
	}
	f.m.days = DaysFromCivil(f.year, int(f.month), int(f.day))
	return nil
}

func (f *fields) finishMeridian() error {
	switch {
	case f.meridian != 0 && f.hour > 12:
		return errField
	case f.meridian == 'a' && f.hour == 12:
		f.hour = 0
	case f.meridian == 'p' && f.hour != 12:
		f.hour += 12
	}
	return nil
}
