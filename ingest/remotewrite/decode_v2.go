package remotewrite

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/VictoriaMetrics/easyproto"
)

// Field numbers of io.prometheus.write.v2.Request and what is in it. Histograms and exemplars have changed places since 1.0.
const (
	request2Symbols = 4
	request2Series  = 5

	series2Labels     = 1
	series2Samples    = 2
	series2Histograms = 3
	series2Exemplars  = 4
	series2Metadata   = 5

	sample2Value = 1
	sample2Time  = 2
	sample2Start = 3
)

// decodeV2 reads a Request of remote write 2.0. Symbols may stand after the series that refer to them, so they are read first.
func (b *batch) decodeV2(body []byte, limits *Limits) error {
	if err := b.readSymbols(body); err != nil {
		return err
	}
	var f easyproto.FieldContext
	number := uint32(0)
	for rest := body; len(rest) > 0; {
		at := len(body) - len(rest)
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "%w", err)
		}
		if f.FieldNum != request2Series {
			continue
		}
		m, ok := f.MessageData()
		if !ok {
			return malformed(at, "timeseries is no message")
		}
		if err := b.timeSeriesV2(m, number, at, limits); err != nil {
			return err
		}
		number++
	}
	return nil
}

// readSymbols collects the symbols of a request, and refuses one that is a message of 1.0: its series would be passed over.
func (b *batch) readSymbols(body []byte) error {
	var f easyproto.FieldContext
	for rest := body; len(rest) > 0; {
		at := len(body) - len(rest)
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "%w", err)
		}
		switch f.FieldNum {
		case 0:
			return malformed(at, "a field has number 0")
		case requestSeries, requestMetadata:
			if _, ok := f.MessageData(); ok {
				return malformed(at, "this is a prometheus.WriteRequest, sent as io.prometheus.write.v2.Request")
			}
		case request2Symbols:
			text, ok := f.Bytes()
			if !ok {
				return malformed(at, "a symbol is no text")
			}
			if err := b.symbols.add(text, b.seed, b.pool); err != nil {
				return err
			}
		}
	}
	return nil
}

// timeSeriesV2 reads one series. What is wrong with it as a whole makes it a bad part of the request; its samples are dropped.
func (b *batch) timeSeriesV2(m []byte, number uint32, at int, limits *Limits) error {
	var labels labelRefs
	var described []byte
	before, samples, histograms := len(b.times), 0, 0
	var f easyproto.FieldContext
	for rest := m; len(rest) > 0; {
		var err error
		if rest, err = f.NextField(rest); err != nil {
			return malformed(at, "series %d: %w", number, err)
		}
		field, ok := []byte(nil), f.FieldNum != 0
		switch {
		case f.FieldNum == series2Labels:
			ok = labels.add(b, &f)
		case ok && f.FieldNum <= series2Metadata:
			field, ok = f.MessageData()
		}
		if !ok {
			return malformed(at, "series %d: field %d has the wrong wire type", number, f.FieldNum)
		}
		switch f.FieldNum {
		case series2Samples:
			samples++
			if err := b.sampleV2(field, number, at); err != nil {
				return err
			}
		case series2Histograms:
			histograms++
		case series2Exemplars:
			b.report.Exemplars++
		case series2Metadata:
			described = field
		}
	}
	b.report.Histograms += histograms
	hash, metric, err := b.symbols.series(labels.refs, limits.Labels)
	if err == nil && samples+histograms == 0 {
		err = badSeries("it has neither samples nor histograms")
	}
	if err == nil && len(described) > 0 {
		err = b.describeSeries(described, metric, number, at)
	}
	if err != nil {
		b.drop(before)
		return b.refuse(err, number)
	}
	if len(b.times) > before {
		b.series = append(b.series, series{labels: labels.refs, number: number})
		b.hashes = append(b.hashes, hash)
		b.report.Series++
	}
	return nil
}

// refuse notes that a series is wrong. Errors of other kinds end the request.
func (b *batch) refuse(err error, number uint32) error {
	var wrong errSeries
	if !errors.As(err, &wrong) {
		return err
	}
	b.problems.add("series %d: %s", number, wrong.reason)
	return nil
}

// labelRefs collects the references of a series: packed, as writers write them, or one by one. Those that come in one piece stay
// where they are, others are put together in the batch's split.
type labelRefs struct {
	refs []byte
	from int // in split
	cut  bool
}

func (l *labelRefs) add(b *batch, f *easyproto.FieldContext) bool {
	piece, packed := f.Bytes()
	if packed && l.refs == nil {
		l.refs = piece
		return true
	}
	if !l.cut {
		l.cut, l.from = true, len(b.split)
		b.split = append(b.split, l.refs...)
	}
	ok := packed
	if packed {
		b.split = append(b.split, piece...)
	} else {
		var ref uint32
		ref, ok = f.Uint32()
		b.split = binary.AppendUvarint(b.split, uint64(ref))
	}
	l.refs = b.split[l.from:]
	return ok
}

// sampleV2 reads a message of a double (value) and two varints (time and start in milliseconds); each is 0 where it is missing.
func (b *batch) sampleV2(m []byte, number uint32, at int) error {
	value, millis, start := 0.0, int64(0), int64(0)
	if len(m) > 10 && m[0] == sample2Value<<3|1 && m[9] == sample2Time<<3 {
		// The way every writer writes it.
		t, n := binary.Uvarint(m[10:])
		if n > 0 && n == len(m)-10 {
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
		case sample2Value:
			value, ok = f.Double()
		case sample2Time:
			millis, ok = f.Int64()
		case sample2Start:
			start, ok = f.Int64()
		}
		if !ok {
			return malformed(at, "series %d: sample: field %d has the wrong wire type", number, f.FieldNum)
		}
	}
	return b.add(value, millis, start, number)
}
