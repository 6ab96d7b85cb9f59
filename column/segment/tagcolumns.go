package segment

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/scan"
)

// tagColumns makes the run-end encoded columns of a batch from the keys of its series: a value per run, never per row, and none at all while
// batches go on with the same series.
type tagColumns struct {
	r      *Reader
	wanted []wantedTag
	upTo   int   // tags before it are wanted
	last   int64 // the series the values belong to, if it is only one; -1 = none
	ends   []int32
}

type wantedTag struct {
	tag   int // place in Schema.Tags
	label string
	typ   column.Type
	build *column.Builder
	value *column.Vector

	unlike bool // the values at hand are of a page of last rows that has no value twice, and no NULL
}

func newTagColumns(r *Reader) *tagColumns { return &tagColumns{r: r, last: -1} }

// want asks for a tag, or a label of the label set, and gives its place.
func (t *tagColumns) want(tag int, label string) int {
	if i := slices.IndexFunc(t.wanted, func(w wantedTag) bool { return w.tag == tag && w.label == label }); i >= 0 {
		return i
	}
	typ := column.T(column.Text)
	if label == "" {
		schema := &t.r.meta.schema
		typ = schema.Fields[schema.Index(schema.Tags[tag])].Type
	}
	t.upTo = max(t.upTo, tag+1)
	t.wanted = append(t.wanted, wantedTag{tag: tag, label: label, typ: typ, build: column.NewBuilder(typ, 0)})
	return len(t.wanted) - 1
}

// fill computes the values of a batch.
func (t *tagColumns) fill(pieces []piece, runs []scan.Run) error {
	if len(t.wanted) == 0 {
		return nil
	}
	t.ends = make([]int32, len(runs)) // vectors keep it
	for i, r := range runs {
		t.ends[i] = r.Start + r.Len
	}
	first := int64(pieces[0].series)
	if len(runs) == 1 && t.last == first {
		return nil
	}
	last := int64(-1)
	for _, p := range pieces {
		if int64(p.series) == last {
			continue
		}
		last = int64(p.series)
		s, err := t.r.Series(int(p.series))
		if err != nil {
			return err
		}
		if err := t.add(s.Key); err != nil {
			return t.r.corrupt(t.r.sidecarName(), 0, "the key of series %d: %w", p.series, err)
		}
	}
	for i := range t.wanted {
		t.wanted[i].value = t.wanted[i].build.Finish()
	}
	t.last = -1
	if len(runs) == 1 {
		t.last = first
	}
	return nil
}

// add appends a series' values to the columns.
func (t *tagColumns) add(encoded []byte) error {
	for tag, typ := range t.r.meta.tags[:t.upTo] {
		value, null, rest, err := key.Next(encoded, typ, nil)
		if err != nil {
			return err
		}
		encoded = rest
		for i := range t.wanted {
			w := &t.wanted[i]
			switch {
			case w.tag != tag:
			case null, w.label == "":
				key.Put(w.build, value, null)
			default:
				if v, ok := labels.Lookup(value, w.label); ok {
					w.build.AppendBytes(v)
				} else {
					w.build.AppendNull()
				}
			}
		}
	}
	return nil
}

// column gives a wanted column of the batch that was filled last.
func (t *tagColumns) column(i, total int) *column.Vector {
	return &column.Vector{Type: t.wanted[i].typ, Enc: column.RunEnd, Len: total, Child: t.wanted[i].value, Ends: t.ends}
}
