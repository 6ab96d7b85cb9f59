package remotewrite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
)

// named is how many bad parts of a request its answer names; the rest are counted.
const named = 5

// problems are the parts of a request that were not stored.
type problems struct {
	count int
	first []string
}

func (p *problems) add(format string, args ...any) {
	p.count++
	if len(p.first) < named {
		p.first = append(p.first, fmt.Sprintf(format, args...))
	}
}

// PartialError says that a request was stored without some of its parts, which sending it again will not change. Its
// class is column.Invalid.
type PartialError struct {
	Report Report
	// Bad is how many series and samples were wrong; Named describes the first of them.
	Bad   int
	Named []string
}

// Error is one sentence.
func (e *PartialError) Error() string {
	b := []byte("stored ")
	b = strconv.AppendInt(b, int64(e.Report.Stored), 10)
	b = append(b, " of "...)
	b = strconv.AppendInt(b, int64(e.Report.Samples), 10)
	b = append(b, " samples"...)
	refused := func(n int, what string) {
		if n > 0 {
			b = append(b, "; "...)
			b = strconv.AppendInt(b, int64(n), 10)
			b = append(append(b, ' '), what...)
		}
	}
	refused(e.Report.Histograms, "native histograms refused: this version does not store them")
	refused(e.Report.Exemplars, "exemplars refused: this version does not store them")
	if e.Bad > 0 {
		refused(e.Bad, "series or samples are wrong: "+strings.Join(e.Named, "; "))
		if more := e.Bad - len(e.Named); more > 0 {
			b = append(b, "; and "...)
			b = append(strconv.AppendInt(b, int64(more), 10), " more"...)
		}
	}
	return string(b)
}

// Unwrap gives the class.
func (e *PartialError) Unwrap() error { return column.Invalid }

func quote(b []byte) string { return strconv.Quote(string(b)) }
