package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// worsening is a figure that got worse by more than the limit and more than it varies.
type worsening struct {
	figure, unit string
	percent      float64 // the change, as benchstat writes it
	p            string
}

func (w worsening) String() string {
	return fmt.Sprintf("%s, %s: %+.2f %% (%s)", w.figure, w.unit, w.percent, w.p)
}

// judged says whether a figure in this unit can fail a comparison, and whether more of it is better. Memory is shown, not judged: a
// cache may use what it is allowed.
func judged(unit string) (yes, moreIsBetter bool) {
	switch {
	case strings.HasSuffix(unit, "/s"):
		return true, true
	case strings.HasSuffix(unit, "sec/op"), unit == "stored-B":
		return true, false
	}
	return false, false
}

// readTable reads benchstat's CSV: tables with a heading of two lines whose second names the unit, a line per figure, and an
// empty line behind. "~" is a difference that may be chance, and what only one side has is not compared.
func readTable(text []byte, limit float64) (worse []worsening, compared int, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	unit, change := "", -1
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return worse, compared, nil
		}
		if err != nil {
			return nil, 0, err
		}
		if at := slices.Index(record, "vs base"); at >= 0 && at+1 < len(record) {
			unit, change = record[1], at
			continue
		}
		yes, moreIsBetter := judged(unit)
		if !yes || change < 0 || len(record) <= change+1 || record[0] == "" || record[0] == "geomean" || record[change] == "" {
			continue
		}
		compared++
		if record[change] == "~" {
			continue
		}
		percent, err := percentage(record[change])
		if err != nil {
			return nil, 0, fmt.Errorf("benchstat's line %q: %w", record, err)
		}
		if moreIsBetter && percent < -limit || !moreIsBetter && percent > limit {
			worse = append(worse, worsening{record[0], unit, percent, record[change+1]})
		}
	}
}

// percentage reads "+12.34%"; a "?" stands for a change from nothing, which is endless.
func percentage(text string) (float64, error) {
	if text == "?" {
		return math.Inf(1), nil
	}
	return strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
}
