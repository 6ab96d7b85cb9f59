package remotewrite

import (
	"encoding/binary"
	"math"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
)

// Field numbers of prometheus.WriteRequest and what is in it.
const (
	requestSeries   = 1
	requestMetadata = 3

	metadataType   = 1
	metadataMetric = 2
	metadataHelp   = 4
	metadataUnit   = 5

	seriesLabels     = 1
	seriesSamples    = 2
	seriesExemplars  = 3
	seriesHistograms = 4

	labelName  = 1
	labelValue = 2

	sampleValue = 1
	sampleTime  = 2
)

// labelTag is the first byte of a label inside a series: its field number and the wire type of a message.
const labelTag = seriesLabels<<3 | 2

// staleBits is the NaN that says that a series has ended. Its row has no value.
const staleBits = 0x7ff0000000000002

// Times that microseconds of a timestamp can say, in milliseconds: from 4714-11-24 BC on, and below what stands for infinity.
const (
	minMillis = -2440588 * 86_400_000
	maxMillis = (math.MaxInt64 - 1) / 1000
)

// series is one that has samples, as it stands in the body.
type series struct {
	labels []byte // 1.0: the label fields, tags and lengths included; 2.0: references to symbols, as varints
	number uint32 // among all series of the request, from 0
	bad    bool
}

// batch is a decoded request. Its slices are kept for the next one.
type batch struct {
	seed   uint64
	report Report

	series []series
	hashes []ingest.SeriesHash // by series
	refs   []uint32            // by series

	of     []uint32 // by sample: the series
	times  []int64  // microseconds
	values []float64
	starts []int64 // microseconds, noStart where there is none; empty if no sample has one
	stale  bool    // any value is a stale marker
	anyBad bool    // any series is

	symbols  symbols
	metadata metadataBatch
	problems problems
	split    []byte // labels of series that do not have them in one piece

	pool *mem.Pool
	room int // samples that memory is reserved for
}

// maxSamples bounds the samples of one request: two bytes of protobuf can stand for a sample, which takes a hundred here.
const maxSamples = 1 << 20

// Memory is reserved for so many samples at a time, each with a series of its own: 8 times what Prometheus sends.
const (
	roomStep    = 16 << 10
	sampleBytes = 128
)

// more reserves memory for further samples.
func (b *batch) more() error {
	if b.room >= maxSamples {
		return column.Errorf(column.Limit, "remote write: the request has more than %d samples", maxSamples)
	}
	if err := b.pool.Grow(roomStep * sampleBytes); err != nil {
		return column.Errorf(column.Overloaded, "too many remote write requests at once: %w", err)
	}
	b.room += roomStep
	return nil
}

// reset empties the batch for a request whose memory is taken from pool.
func (b *batch) reset(seed uint64, pool *mem.Pool) {
	clear(b.series) // they point into the body
	*b = batch{
		seed: seed, pool: pool, series: b.series[:0], hashes: b.hashes[:0], refs: b.refs[:0],
		of: b.of[:0], times: b.times[:0], values: b.values[:0], starts: b.starts[:0], split: b.split[:0],
		symbols: b.symbols.emptied(), metadata: b.metadata.emptied(),
	}
}

// decode reads a WriteRequest. Nothing in b survives a change of body.
func (b *batch) decode(body []byte) error {
	var f easyproto.FieldContext
	number := uint32(0)
	for rest := body; len(rest) > 0; {
		at := len(body) - len(rest)
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "%w", err)
		}
		switch f.FieldNum {
		case 0:
			return malformed(at, "a field has number 0")
		case requestSeries:
			m, ok := f.MessageData()
			if !ok {
				return malformed(at, "timeseries is no message")
			}
			if err := b.timeSeries(m, number, at); err != nil {
				return err
			}
			number++
		case requestMetadata:
			m, ok := f.MessageData()
			if !ok {
				return malformed(at, "metadata is no message")
			}
			if err := b.metadataEntry(m, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// timeSeries reads one series. Writers put the labels first and in one piece, so that the piece is hashed as it stands.
func (b *batch) timeSeries(m []byte, number uint32, at int) error {
	names := m[:labelRun(m)]
	copied, before := -1, len(b.times)
	var f easyproto.FieldContext
	for from := len(names); from < len(m); {
		rest, err := f.NextField(m[from:])
		if err != nil {
			return malformed(at, "series %d: %w", number, err)
		}
		to := len(m) - len(rest)
		field, ok := []byte(nil), f.FieldNum != 0
		if ok && f.FieldNum <= seriesHistograms {
			field, ok = f.MessageData()
		}
		if !ok {
			return malformed(at, "series %d: field %d is no message", number, f.FieldNum)
		}
		switch f.FieldNum {
		case seriesLabels:
			switch {
			case copied >= 0:
				b.split = append(b.split, m[from:to]...)
			case from == len(names):
				names = m[:to]
			default:
				copied = len(b.split)
				b.split = append(append(b.split, names...), m[from:to]...)
			}
		case seriesSamples:
			if err := b.sample(field, number, at); err != nil {
				return err
			}
		case seriesExemplars:
			b.report.Exemplars++
		case seriesHistograms:
			b.report.Histograms++
		}
		from = to
	}
	if len(b.times) == before {
		return nil
	}
	if copied >= 0 {
		names = b.split[copied:]
	}
	h := xxh3.Hash128Seed(names, b.seed)
	b.series = append(b.series, series{labels: names, number: number})
	b.hashes = append(b.hashes, ingest.SeriesHash{Hi: h.Hi, Lo: h.Lo})
	b.report.Series++
	return nil
}

// labelRun gives the length of the label fields that m begins with, as far as they are shorter than 128 bytes each: the loop
// that most bytes of a request go through. Whatever it leaves the caller reads field by field.
func labelRun(m []byte) int {
	i := 0
	for i+1 < len(m) && m[i] == labelTag && m[i+1] < 0x80 {
		end := i + 2 + int(m[i+1])
		if end > len(m) {
			break
		}
		i = end
	}
	return i
}

// sample reads a message of a double (value) and a varint (time in milliseconds); either is 0 where it is missing.
func (b *batch) sample(m []byte, number uint32, at int) error {
	value, millis := 0.0, int64(0)
	if len(m) > 10 && m[0] == sampleValue<<3|1 && m[9] == sampleTime<<3 {
		// The way every writer writes it.
		t, n := binary.Uvarint(m[10:])
		if n == len(m)-10 {
			return b.add(math.Float64frombits(binary.LittleEndian.Uint64(m[1:])), int64(t), 0, number)
		}
	}
	var f easyproto.FieldContext
	for rest := m; len(rest) > 0; {
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "series %d: sample: %w", number, err)
		}
		ok := true
		switch f.FieldNum {
		case sampleValue:
			value, ok = f.Double()
		case sampleTime:
			millis, ok = f.Int64()
		}
		if !ok {
			return malformed(at, "series %d: sample: field %d has the wrong wire type", number, f.FieldNum)
		}
	}
	return b.add(value, millis, 0, number)
}

// noStart stands for the start of a sample that has none.
const noStart = math.MinInt64

// add takes a sample; a start of 0 is none.
func (b *batch) add(value float64, millis, start int64, number uint32) error {
	b.report.Samples++
	if len(b.times) == b.room {
		if err := b.more(); err != nil {
			return err
		}
	}
	if millis < minMillis || millis > maxMillis {
		b.problems.add("series %d: time %d ms is out of range", number, millis)
		return nil
	}
	if start != 0 || len(b.starts) > 0 {
		if start < minMillis || start > maxMillis {
			b.problems.add("series %d: start time %d ms is out of range", number, start)
			return nil
		}
		b.addStart(start)
	}
	b.of = append(b.of, uint32(len(b.series)))
	b.times = append(b.times, millis*1000)
	b.values = append(b.values, value)
	b.stale = b.stale || math.Float64bits(value) == staleBits
	return nil
}

// addStart notes the start of the sample that is being added. The samples before the first one that has a start have none.
func (b *batch) addStart(millis int64) {
	for len(b.starts) < len(b.times) {
		b.starts = append(b.starts, noStart)
	}
	micros := int64(noStart)
	if millis != 0 {
		micros = millis * 1000
	}
	b.starts = append(b.starts, micros)
}

// drop forgets the samples from n on.
func (b *batch) drop(n int) {
	b.of, b.times, b.values = b.of[:n], b.times[:n], b.values[:n]
	b.starts = b.starts[:min(n, len(b.starts))]
}
