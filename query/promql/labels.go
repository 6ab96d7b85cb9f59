package promql

import (
	"slices"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/automatanexus/aegis-db/column"
	set "github.com/automatanexus/aegis-db/column/labels"
)

// namer makes the labels of a target's series from the values of its tags.
type namer struct {
	target  *target
	builder labels.ScratchBuilder
	// names are those of the tags of an ordinary table, and order their places by name.
	names  []string
	order  []int
	values [][]byte
}

func newNamer(t *target) *namer {
	n := &namer{target: t, builder: labels.NewScratchBuilder(16)}
	n.builder.SetUnsafeAdd(true) // what is added is a view; Labels copies
	if t.samples() {
		return n
	}
	n.names = tagNames(&t.table.Columns)
	n.values = make([][]byte, len(n.names))
	n.order = make([]int, len(n.names))
	for i := range n.order {
		n.order[i] = i
	}
	slices.SortFunc(n.order, func(a, b int) int {
		if n.names[a] < n.names[b] {
			return -1
		}
		return 1
	})
	return n
}

func tagNames(s *column.Schema) []string {
	names := make([]string, len(s.Tags))
	for i, id := range s.Tags {
		names[i] = s.Fields[s.Index(id)].Name
	}
	return names
}

// labels gives the labels of a series under the target's metric number k. tags is what appendTags made.
func (n *namer) labels(tags []byte, k int) (labels.Labels, error) {
	n.builder.Reset()
	if n.target.samples() {
		name, rest := nextTag(tags)
		members, _ := nextTag(rest)
		return n.ofSet(name, members)
	}
	for i := range n.values {
		n.values[i], tags = nextTag(tags)
	}
	named := false
	addName := func() {
		n.builder.Add(nameLabel, n.target.metrics[k].name)
		named = true
	}
	for _, i := range n.order {
		if !named && n.names[i] >= nameLabel {
			addName()
		}
		// A tag of the name's own name would be a second name.
		if len(n.values[i]) > 0 && n.names[i] != nameLabel {
			n.builder.Add(n.names[i], view(n.values[i]))
		}
	}
	if !named {
		addName()
	}
	return n.builder.Labels(), nil
}

// ofSet gives the labels of a canonical label set, which are sorted, and the metric's name among them.
func (n *namer) ofSet(name, members []byte) (labels.Labels, error) {
	named := len(name) == 0
	add := func(label, value []byte) {
		if !named && string(label) >= nameLabel {
			n.builder.Add(nameLabel, view(name))
			named = true
		}
		n.builder.Add(view(label), view(value))
	}
	if len(members) > 0 {
		if err := set.Visit(members, add); err != nil {
			return labels.EmptyLabels(), column.Errorf(column.Corrupt, "labels of metric %s: %w", name, err)
		}
	}
	if !named {
		n.builder.Add(nameLabel, view(name))
	}
	return n.builder.Labels(), nil
}

// view shows bytes as a string, for as long as they do not change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
