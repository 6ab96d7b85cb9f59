package remotewrite

import (
	"context"
	"encoding/binary"
	"math"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// memory is a Sink that remembers; epochs end when a test says so.
type memory struct {
	mu     sync.Mutex
	epoch  uint64
	hashes map[ingest.SeriesHash]uint32
	keys   map[string]uint32
	names  []string
	limit  int
	ends   int // how many writes meet an epoch that ends
	rows   []row
	fail   error
}

type row struct {
	key   string
	time  int64
	value uint64
	stale bool
	start int64 // 0 = none
}

func newMemory() *memory {
	return &memory{hashes: map[ingest.SeriesHash]uint32{}, keys: map[string]uint32{}}
}

func (m *memory) Lookup(hashes []ingest.SeriesHash, refs []uint32) (uint64, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	missing := 0
	for i, h := range hashes {
		ref, ok := m.hashes[h]
		if !ok {
			ref = ingest.NoRef
			missing++
		}
		refs[i] = ref
	}
	return m.epoch, missing
}

func (m *memory) Define(epoch uint64, hash ingest.SeriesHash, key []byte) (uint32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch != m.epoch {
		return 0, ingest.ErrStale
	}
	ref, ok := m.keys[string(key)]
	if !ok {
		if m.limit > 0 && len(m.names) >= m.limit {
			return 0, column.Errorf(column.Limit, "table samples has %d series", m.limit)
		}
		ref = uint32(len(m.names))
		m.keys[string(key)] = ref
		m.names = append(m.names, string(key))
	}
	m.hashes[hash] = ref
	return ref, nil
}

func (m *memory) Write(_ context.Context, b *ingest.SampleBatch, _ meta.Ack) (meta.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	if m.ends > 0 {
		m.ends--
		m.epoch++
		clear(m.hashes)
		clear(m.keys)
		m.names = nil
		return 0, ingest.ErrStale
	}
	for i, ref := range b.Refs {
		r := row{m.names[ref], b.Times[i], math.Float64bits(b.Values[i]), !b.Valid.Get(i), 0}
		if b.Starts != nil && b.Started.Get(i) {
			r.start = b.Starts[i]
		}
		m.rows = append(m.rows, r)
	}
	return meta.Seq(len(m.rows)), nil
}

// The wire, written by hand.

func field(dst []byte, number int, content []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(number<<3|2))
	dst = binary.AppendUvarint(dst, uint64(len(content)))
	return append(dst, content...)
}

func label(name, value string) []byte {
	return field(nil, seriesLabels, field(field(nil, labelName, []byte(name)), labelValue, []byte(value)))
}

func labelFields(pairs ...string) (out []byte) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, label(pairs[i], pairs[i+1])...)
	}
	return out
}

func sampleField(v float64, millis int64) []byte {
	m := binary.LittleEndian.AppendUint64([]byte{sampleValue<<3 | 1}, math.Float64bits(v))
	m = binary.AppendUvarint(append(m, sampleTime<<3), uint64(millis))
	return field(nil, seriesSamples, m)
}

func request1(series ...[]byte) (out []byte) {
	for _, s := range series {
		out = field(out, requestSeries, s)
	}
	return out
}

func cat(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func metadataEntry(metric, unit, help string, kind uint64) []byte {
	m := binary.AppendUvarint([]byte{metadataType << 3}, kind)
	m = field(m, metadataMetric, []byte(metric))
	return field(field(m, metadataHelp, []byte(help)), metadataUnit, []byte(unit))
}

// symbolTable builds a Request of remote write 2.0.
type symbolTable struct {
	texts  []string
	number map[string]uint64
	body   []byte
}

func newSymbolTable() *symbolTable {
	return &symbolTable{texts: []string{""}, number: map[string]uint64{"": 0}}
}

func (s *symbolTable) ref(text string) uint64 {
	n, ok := s.number[text]
	if !ok {
		n = uint64(len(s.texts))
		s.texts, s.number[text] = append(s.texts, text), n
	}
	return n
}

// refs are the packed references of labels.
func (s *symbolTable) refs(pairs ...string) []byte {
	var b []byte
	for _, p := range pairs {
		b = binary.AppendUvarint(b, s.ref(p))
	}
	return field(nil, series2Labels, b)
}

func (s *symbolTable) metadata(kind uint64, unit, help string) []byte {
	m := binary.AppendUvarint([]byte{metadata2Type << 3}, kind)
	m = binary.AppendUvarint(append(m, metadata2Help<<3), s.ref(help))
	return field(nil, series2Metadata, binary.AppendUvarint(append(m, metadata2Unit<<3), s.ref(unit)))
}

func sample2Field(v float64, millis, start int64) []byte {
	m := binary.LittleEndian.AppendUint64([]byte{sample2Value<<3 | 1}, math.Float64bits(v))
	m = binary.AppendUvarint(append(m, sample2Time<<3), uint64(millis))
	if start != 0 {
		m = binary.AppendUvarint(append(m, sample2Start<<3), uint64(start))
	}
	return field(nil, series2Samples, m)
}

// add appends a series.
func (s *symbolTable) add(parts ...[]byte) *symbolTable {
	s.body = field(s.body, request2Series, cat(parts...))
	return s
}

// request is the body: symbols first, as writers have them.
func (s *symbolTable) request() []byte {
	var b []byte
	for _, t := range s.texts {
		b = field(b, request2Symbols, []byte(t))
	}
	return append(b, s.body...)
}

// describer is a MetadataSink that remembers.
type describer struct {
	calls [][]Metadata
	fail  error
}

func (d *describer) WriteMetadata(_ context.Context, m []Metadata, _ meta.Ack) (int, error) {
	if d.fail != nil {
		return 0, d.fail
	}
	d.calls = append(d.calls, m)
	return len(m), nil
}

func pack(b []byte) []byte { return s2.EncodeSnappy(nil, b) }
