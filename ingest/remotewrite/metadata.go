package remotewrite

import (
	"bytes"
	"context"
	"encoding/binary"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Metadata describes a metric.
type Metadata struct {
	Metric string // the name of the family: of the buckets, sum and count of a histogram, what they have in common
	Type   string // counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown
	Unit   string
	Help   string
}

// MetadataSink takes what metrics are described as.
type MetadataSink interface {
	// WriteMetadata stores what differs from what is stored, and says how much that was.
	WriteMetadata(ctx context.Context, m []Metadata, ack meta.Ack) (changed int, err error)
}

// metricTypes are numbered alike in both versions of the protocol.
var metricTypes = [...]string{"unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"}

// familySuffixes are what the series of a metric's type have behind the name of their family.
var familySuffixes = map[string][]string{
	"histogram": {"_bucket", "_count", "_sum"}, "gaugehistogram": {"_bucket", "_gcount", "_gsum"}, "summary": {"_count", "_sum"},
}

// described is metadata as it stands in a request.
type described struct {
	hash               ingest.SeriesHash
	metric, unit, help []byte
	kind               uint64
	ofSeries           bool // metric is the name of a series, not of its family
}

// metadataBatch is what a request says about metrics, as far as that was not handed on lately.
type metadataBatch struct {
	seen *seenMetadata
	list []described
	buf  []byte

	// The series before this one: neighbours are mostly of one metric.
	lastMetric, lastUnit, lastHelp uint32
	lastKind                       uint64
	any                            bool
}

// maxDescribed bounds the list; the rest is taken when it comes again. An entry takes describedBytes in it and on its way to the sink.
const (
	maxDescribed   = 32 << 10
	describedStep  = 256
	describedBytes = 256
)

func (m *metadataBatch) emptied() metadataBatch {
	clear(m.list)
	return metadataBatch{list: m.list[:0], buf: m.buf[:0]}
}

// metadataEntry reads an entry of remote write 1.0.
func (b *batch) metadataEntry(m []byte, at int) error {
	b.report.Metadata++
	var d described
	var f easyproto.FieldContext
	for rest := m; len(rest) > 0; {
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "metadata: %w", err)
		}
		ok := f.FieldNum != 0
		switch f.FieldNum {
		case metadataType:
			d.kind, ok = f.Uint64()
		case metadataMetric:
			d.metric, ok = f.Bytes()
		case metadataHelp:
			d.help, ok = f.Bytes()
		case metadataUnit:
			d.unit, ok = f.Bytes()
		}
		if !ok {
			return malformed(at, "metadata: field %d has the wrong wire type", f.FieldNum)
		}
	}
	if b.metadata.seen == nil {
		return nil
	}
	buf := b.metadata.buf[:0]
	for _, text := range [][]byte{d.metric, d.unit, d.help} {
		h := xxh3.Hash128Seed(text, b.seed).Bytes()
		buf = append(buf, h[:]...)
	}
	buf = append(binary.LittleEndian.AppendUint64(buf, d.kind), 'f') // of a family
	d.hash, b.metadata.buf = hash128(buf, b.seed), buf
	return b.metadata.add(d, b.pool)
}

// Field numbers of io.prometheus.write.v2.Metadata.
const (
	metadata2Type = 1
	metadata2Help = 3
	metadata2Unit = 4
)

// describeSeries reads the metadata of a series of remote write 2.0, whose metric's name is a symbol (0 = it has none).
func (b *batch) describeSeries(m []byte, metric, number uint32, at int) error {
	var kind uint64
	var unit, help uint32
	var f easyproto.FieldContext
	for rest := m; len(rest) > 0; {
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "series %d: metadata: %w", number, err)
		}
		ok := f.FieldNum != 0
		switch f.FieldNum {
		case metadata2Type:
			kind, ok = f.Uint64()
		case metadata2Help:
			help, ok = f.Uint32()
		case metadata2Unit:
			unit, ok = f.Uint32()
		}
		if !ok {
			return malformed(at, "series %d: metadata: field %d has the wrong wire type", number, f.FieldNum)
		}
	}
	known := uint32(len(b.symbols.text))
	if unit >= known || help >= known {
		return badSeries("its metadata refers to symbols %d and %d of %d", unit, help, known)
	}
	if kind == 0 && len(b.symbols.text[unit]) == 0 && len(b.symbols.text[help]) == 0 {
		return nil // it says nothing
	}
	b.report.Metadata++
	d := &b.metadata
	if d.seen == nil || metric == 0 || d.any && metric == d.lastMetric && unit == d.lastUnit && help == d.lastHelp && kind == d.lastKind {
		return nil
	}
	d.any, d.lastMetric, d.lastUnit, d.lastHelp, d.lastKind = true, metric, unit, help, kind
	buf := d.buf[:0]
	for _, ref := range [...]uint32{metric, unit, help} {
		buf = append(buf, b.symbols.hashes[ref][:]...)
	}
	d.buf = binary.LittleEndian.AppendUint64(buf, kind)
	text := b.symbols.text
	return d.add(described{
		hash: hash128(d.buf, b.seed), metric: text[metric], unit: text[unit], help: text[help], kind: kind, ofSeries: true,
	}, b.pool)
}

// add takes metadata that was not handed on lately.
func (m *metadataBatch) add(d described, pool *mem.Pool) error {
	if len(m.list) == maxDescribed || m.seen.has(d.hash) {
		return nil
	}
	if len(m.list)%describedStep == 0 {
		if err := pool.Grow(describedStep * describedBytes); err != nil {
			return column.Errorf(column.Overloaded, "too many remote write requests at once: %w", err)
		}
	}
	m.list = append(m.list, d)
	return nil
}

// storeMetadata hands the metadata of the request on.
func (q *request) storeMetadata(ctx context.Context, to *Request) error {
	b := &q.batch
	if len(b.metadata.list) == 0 {
		return nil
	}
	// Series of one metric that do not stand together say the same more than once.
	hashes := make(map[ingest.SeriesHash]bool, min(len(b.metadata.list), 1<<10))
	var list []Metadata
	for i := range b.metadata.list {
		d := &b.metadata.list[i]
		if hashes[d.hash] {
			continue
		}
		if err := d.check(q.namer.limits); err != nil {
			b.problems.add("metadata of %s: %v", short(d.metric), err)
			continue
		}
		hashes[d.hash] = true
		list = append(list, d.metadata())
	}
	changed, err := to.Metadata.WriteMetadata(ctx, list, to.Ack)
	if err != nil {
		return err
	}
	b.report.Described = changed
	b.metadata.seen.add(hashes)
	return nil
}

func (d *described) check(l *Limits) error {
	switch {
	case len(d.metric) == 0:
		return column.Errorf(column.Invalid, "it names no metric")
	case max(len(d.metric), len(d.unit), len(d.help)) > l.ValueBytes:
		return column.Errorf(column.Invalid, "a text takes more than %d bytes", l.ValueBytes)
	case !utf8.Valid(d.metric) || !utf8.Valid(d.unit) || !utf8.Valid(d.help):
		return column.Errorf(column.Invalid, "it is not valid UTF-8")
	}
	return nil
}

func (d *described) metadata() Metadata {
	kind := metricTypes[0]
	if d.kind < uint64(len(metricTypes)) {
		kind = metricTypes[d.kind]
	}
	metric := d.metric
	if d.ofSeries {
		for _, suffix := range familySuffixes[kind] {
			if family, ok := bytes.CutSuffix(metric, []byte(suffix)); ok && len(family) > 0 {
				metric = family
				break
			}
		}
	}
	return Metadata{Metric: string(metric), Type: kind, Unit: string(d.unit), Help: string(d.help)}
}

// seenMetadata remembers what was handed on, so that the metadata of a known series costs a look-up. It forgets after seenTime: where
// two targets describe a metric differently, each of them is heard once in that time and not at every scrape.
type seenMetadata struct {
	mu    sync.RWMutex
	set   map[ingest.SeriesHash]struct{}
	until time.Time
	now   func() time.Time
}

const (
	seenTime = time.Hour
	maxSeen  = 128 << 10 // 16 bytes each; ten times the metrics of a large site
)

func (s *seenMetadata) has(h ingest.SeriesHash) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.set[h]
	return ok
}

func (s *seenMetadata) add(hashes map[ingest.SeriesHash]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked()
	for h := range hashes {
		if len(s.set) >= maxSeen {
			clear(s.set)
		}
		s.set[h] = struct{}{}
	}
}

// forget drops what was remembered too long ago.
func (s *seenMetadata) forget() {
	s.mu.RLock()
	over := s.now().After(s.until)
	s.mu.RUnlock()
	if over {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forgetLocked()
	}
}

func (s *seenMetadata) forgetLocked() {
	if now := s.now(); now.After(s.until) {
		s.set, s.until = map[ingest.SeriesHash]struct{}{}, now.Add(seenTime)
	}
}
