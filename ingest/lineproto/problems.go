package lineproto

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// named is how many bad lines of a request its answer names; the rest are counted.
const named = 5

// problems are the lines of a request that were not stored. They do not come in order: some are found when their series are.
type problems struct {
	count int
	first []problem // by line, at most named
}

type problem struct {
	line int
	text string
}

// add notes a line. Text is made only for lines that will be named.
func (p *problems) add(line int, err error) {
	p.count++
	at := len(p.first)
	for at > 0 && p.first[at-1].line > line {
		at--
	}
	if at == named {
		return
	}
	p.first = slices.Insert(p.first, at, problem{line, err.Error()})
	if len(p.first) > named {
		p.first = p.first[:named]
	}
}

// PartialError says that lines were dropped, which sending them again will not change. Its class is column.Invalid.
type PartialError struct {
	Dropped int
	Named   []string // the first of them
}

func (p *problems) err() error {
	if p.count == 0 {
		return nil
	}
	e := &PartialError{Dropped: p.count}
	for _, one := range p.first {
		e.Named = append(e.Named, fmt.Sprintf("line %d: %s", one.line, one.text))
	}
	return e
}

// Error is what InfluxDB's clients look for: "partial write" tells them not to send the request again, and dropped how many
// lines are lost.
func (e *PartialError) Error() string {
	text := "partial write: " + strings.Join(e.Named, "; ")
	if more := e.Dropped - len(e.Named); more > 0 {
		text += "; and " + strconv.Itoa(more) + " more"
	}
	return text + " dropped=" + strconv.Itoa(e.Dropped)
}

// Unwrap gives the class.
func (e *PartialError) Unwrap() error { return column.Invalid }
