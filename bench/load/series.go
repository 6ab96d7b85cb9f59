package load

import (
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/s2"
)

// Encoded is the label set of a series as remote write has it, encoded once: who sends it again and again only appends samples.
type Encoded []byte

// EncodeLabels encodes a label set that is sorted by name.
func EncodeLabels(labels []Label) (out Encoded) {
	for _, l := range labels {
		name, value := textBytes(len(l.Name)), textBytes(len(l.Value))
		out = binary.AppendUvarint(append(out, 1<<3|2), uint64(name+value))
		out = append(binary.AppendUvarint(append(out, 1<<3|2), uint64(len(l.Name))), l.Name...)
		out = append(binary.AppendUvarint(append(out, 2<<3|2), uint64(len(l.Value))), l.Value...)
	}
	return out
}

// textBytes is what a text of n bytes takes as a field whose number is less than 16.
func textBytes(n int) int { return 1 + varintBytes(uint64(n)) + n }

func varintBytes(v uint64) (n int) {
	for n = 1; v >= 1<<7; n++ {
		v >>= 7
	}
	return n
}

// BodyWriter makes bodies of remote write 1.0, one after the other, in memory that it keeps.
type BodyWriter struct {
	raw, packed []byte
	samples     int
}

// Add appends a series with some samples, which is one message: field 1 of a WriteRequest.
func (w *BodyWriter) Add(labels Encoded, samples ...Sample) {
	n := len(labels)
	for _, s := range samples {
		n += 2 + sampleBytes(s)
	}
	w.raw = append(binary.AppendUvarint(append(w.raw, 1<<3|2), uint64(n)), labels...)
	for _, s := range samples {
		w.raw = append(w.raw, 2<<3|2, byte(sampleBytes(s)), 1<<3|1)
		w.raw = binary.LittleEndian.AppendUint64(w.raw, math.Float64bits(s.V))
		w.raw = binary.AppendUvarint(append(w.raw, 2<<3), uint64(s.T))
	}
	w.samples += len(samples)
}

// sampleBytes is what the message of a sample takes: always less than 128.
func sampleBytes(s Sample) int { return 9 + 1 + varintBytes(uint64(s.T)) }

// Samples is how many there are in the body that is being made.
func (w *BodyWriter) Samples() int { return w.samples }

// Body ends a body. Its bytes are good until the next one ends.
func (w *BodyWriter) Body() Body {
	w.packed = s2.EncodeSnappy(w.packed[:cap(w.packed)], w.raw)
	b := Body{Data: w.packed, Samples: w.samples, Raw: len(w.raw)}
	w.raw, w.samples = w.raw[:0], 0
	return b
}
