package load

import (
	"github.com/VictoriaMetrics/easyproto"
	"github.com/klauspost/compress/s2"
)

// Label is one label of a series.
type Label struct{ Name, Value string }

// Sample is one measurement; T is milliseconds since 1970.
type Sample struct {
	T int64
	V float64
}

// Series is a label set, sorted by name and with __name__ among them, and some of its samples in time order.
type Series struct {
	Labels  []Label
	Samples []Sample
}

var marshalers easyproto.MarshalerPool

// AppendWriteRequest appends the protobuf of a remote write 1.0 WriteRequest.
func AppendWriteRequest(dst []byte, series []Series) []byte {
	m := marshalers.Get()
	defer marshalers.Put(m)
	request := m.MessageMarshaler()
	for i := range series {
		one := request.AppendMessage(1)
		for _, l := range series[i].Labels {
			label := one.AppendMessage(1)
			label.AppendString(1, l.Name)
			label.AppendString(2, l.Value)
		}
		for _, s := range series[i].Samples {
			sample := one.AppendMessage(2)
			sample.AppendDouble(1, s.V)
			sample.AppendInt64(2, s.T)
		}
	}
	return m.Marshal(dst)
}

// Body is a request as it goes over the wire: snappy block format around the protobuf.
type Body struct {
	Data    []byte
	Samples int
	Raw     int // bytes before compression
}

// Encode makes the body of a request.
func Encode(series []Series) Body {
	raw := AppendWriteRequest(nil, series)
	b := Body{Data: s2.EncodeSnappy(nil, raw), Raw: len(raw)}
	for i := range series {
		b.Samples += len(series[i].Samples)
	}
	return b
}
