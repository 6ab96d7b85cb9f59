package remotewrite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

func receive2(r *Receiver, m Sink, body []byte) (Report, error) {
	return r.Receive(context.Background(), Request{Message: V2, Samples: m}, bytes.NewReader(pack(body)))
}

func TestStoredV2(t *testing.T) {
	stale := math.Float64frombits(staleBits)
	s := newSymbolTable()
	var unpacked []byte
	for _, text := range []string{"zz", "q\"é", "empty", "", "__name__", "up", "aa", "x"} {
		unpacked = binary.AppendUvarint(append(unpacked, series2Labels<<3), s.ref(text))
	}
	s.add(s.refs("__name__", "up", "instance", "a:9100", "job", "node"), sample2Field(1, 1000, 0), sample2Field(math.Inf(-1), -5, -10), sample2Field(stale, 2000, 0))
	// Unsorted, one by one, around a sample; an empty label, quotes; an unknown field.
	s.add(unpacked[:4], sample2Field(2, 7, 3), unpacked[4:], field(nil, 99, []byte("?")))
	s.add(sample2Field(5, 9, 0), s.refs("__name__", "up"), s.refs("instance", "a:9100"), s.refs("job", "node")) // labels last, in pieces
	body := s.request()
	var symbolsLast []byte
	for _, text := range s.texts {
		symbolsLast = field(symbolsLast, request2Symbols, []byte(text))
	}
	symbolsLast = append(bytes.Clone(s.body), symbolsLast...)

	up := seriesKey("up", `{"instance":"a:9100","job":"node"}`)
	want := []row{
		{up, 1_000_000, math.Float64bits(1), false, 0},
		{up, -5000, math.Float64bits(math.Inf(-1)), false, -10_000},
		{up, 2_000_000, staleBits, true, 0},
		{seriesKey("up", `{"aa":"x","zz":"q\"é"}`), 7000, math.Float64bits(2), false, 3000},
		{up, 9000, math.Float64bits(5), false, 0},
	}
	for _, body := range [][]byte{body, symbolsLast} {
		m, r := newMemory(), New(Limits{})
		for round := range 3 { // known series, and reused buffers, must not change the answer
			m.rows = nil
			got, err := receive2(r, m, body)
			if err != nil {
				t.Fatal(err)
			}
			defined := 0
			if round == 0 {
				defined = 3
			}
			if want := (Report{Series: 3, Samples: 5, Stored: 5, Defined: defined, Seq: 5}); got != want {
				t.Errorf("round %d: report %+v, want %+v", round, got, want)
			}
			if !reflect.DeepEqual(m.rows, want) {
				t.Errorf("round %d: rows\n%v\nwant\n%v", round, m.rows, want)
			}
		}
		if used := r.pool.Used(); used != 0 {
			t.Errorf("%d bytes are still reserved", used)
		}
	}
}

// TestSameSeries: a series is the same one in both messages, and with other symbols around it.
func TestSameSeries(t *testing.T) {
	m, r := newMemory(), New(Limits{})
	pairs := []string{"__name__", "up", "job", "node"}
	if _, err := receive(r, m, request1(cat(labelFields(pairs...), sampleField(1, 1)))); err != nil {
		t.Fatal(err)
	}
	for _, before := range []string{"", "other", "job"} {
		s := newSymbolTable()
		s.ref(before)
		if _, err := receive2(r, m, s.add(s.refs(pairs...), sample2Field(1, 1, 0)).request()); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.names) != 1 || len(m.rows) != 4 || len(m.hashes) != 2 {
		t.Errorf("%d series, %d rows, %d hashes", len(m.names), len(m.rows), len(m.hashes))
	}
}

func TestBadPartsV2(t *testing.T) {
	l := Limits{Labels: 5, NameBytes: 10, ValueBytes: 20}
	one := sample2Field(1, 1, 0)
	many := []string{"__name__", "up"}
	for i := range 5 {
		many = append(many, fmt.Sprint("l", i), "v")
	}
	cases := []struct {
		name   string
		series func(s *symbolTable) []byte
		want   string
	}{
		{"no name", func(s *symbolTable) []byte { return cat(s.refs("job", "a"), one, one) }, `series 1 {"job"="a"}: it has no __name__`},
		{"twice", func(s *symbolTable) []byte { return cat(s.refs("__name__", "up", "a", "1", "a", "2"), one, one) }, `label "a" is there twice`},
		{"not UTF-8", func(s *symbolTable) []byte { return cat(s.refs("__name__", "up", "a", "\xc3"), one, one) }, `label "a" is not valid UTF-8`},
		{"long value", func(s *symbolTable) []byte {
			return cat(s.refs("__name__", "up", "a", strings.Repeat("x", 21)), one, one)
		}, "takes 21 bytes, limit 20"},
		{"many", func(s *symbolTable) []byte { return cat(s.refs(many...), one, one) }, "it has more than 5 labels"},
		{"no labels", func(*symbolTable) []byte { return cat(one, one) }, "series 1: it has no labels"},
		{"odd", func(s *symbolTable) []byte { return cat(s.refs("__name__", "up", "a"), one, one) }, "it has 3 label references"},
		{"outside", func(*symbolTable) []byte { return cat(field(nil, series2Labels, []byte{1, 99}), one, one) }, "label reference 99 is outside of the table of"},
		{"cut off", func(*symbolTable) []byte { return cat(field(nil, series2Labels, []byte{1, 0x80}), one, one) }, "its labels are no list of references"},
		{"metadata outside", func(s *symbolTable) []byte {
			return cat(s.refs("__name__", "up"), one, one, field(nil, series2Metadata, []byte{metadata2Help << 3, 99}))
		}, "its metadata refers to symbols 0 and 99 of"},
		{"start", func(s *symbolTable) []byte {
			return cat(s.refs("__name__", "up"), sample2Field(1, 1, math.MaxInt64), sample2Field(1, math.MaxInt64, 0))
		}, "series 1: start time 9223372036854775807 ms is out of range; series 1: time 9223372036854775807 ms is out of range"},
	}
	for _, c := range cases {
		m, s := newMemory(), newSymbolTable()
		good := cat(s.refs("__name__", "up"), one)
		body := s.add(good).add(c.series(s)).add(good).request()
		got, err := receive2(New(l), m, body)
		var partial *PartialError
		if !errors.As(err, &partial) || !errors.Is(err, column.Invalid) {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "stored 2 of 4 samples; ") {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if len(m.rows) != 2 || got.Stored != 2 || got.BadSamples != 2 {
			t.Errorf("%s: %d rows, %+v", c.name, len(m.rows), got)
		}
	}
	// A series of nothing is wrong as well, though no sample is missing.
	s := newSymbolTable()
	if _, err := receive2(New(l), newMemory(), s.add(s.refs("__name__", "up")).request()); err == nil || !strings.Contains(err.Error(), "series 0: it has neither samples nor histograms") {
		t.Error(err)
	}
}

func TestRefusedKindsV2(t *testing.T) {
	m, s := newMemory(), newSymbolTable()
	s.add(s.refs("__name__", "up"), sample2Field(1, 1, 0), field(nil, series2Exemplars, nil), field(nil, series2Exemplars, nil))
	s.add(s.refs("__name__", "up"), field(nil, series2Histograms, []byte{8, 1}))
	got, err := receive2(New(Limits{}), m, s.request())
	if want := (Report{Series: 1, Samples: 1, Stored: 1, Defined: 1, Exemplars: 2, Histograms: 1, Seq: 1}); got != want {
		t.Errorf("report %+v, want %+v", got, want)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "stored 1 of 1 samples; 1 native histograms refused") || !errors.Is(err, column.Invalid) {
		t.Errorf("error %v", err)
	}
}

func TestRefusedBodiesV2(t *testing.T) {
	series := func(b ...byte) []byte { return field(nil, request2Series, b) }
	long := newSymbolTable()
	for i := range 100 {
		pairs := []string{"__name__", fmt.Sprint(i)}
		for l := range 50 {
			pairs = append(pairs, fmt.Sprint(l), strings.Repeat("x", 1000))
		}
		long.add(long.refs(pairs...), sample2Field(1, 1, 0))
	}
	cases := []struct {
		name   string
		body   []byte
		limits Limits
		class  column.Class
		want   string
	}{
		{"message of 1.0", request1(cat(labelFields("__name__", "up"), sampleField(1, 1))), Limits{}, column.Invalid, "this is a prometheus.WriteRequest"},
		{"cut off", series(1, 2, 3)[:3], Limits{}, column.Invalid, "byte 0 of the decoded body"},
		{"field number 0", []byte{2, 0}, Limits{}, column.Invalid, "number 0"},
		{"symbol of wrong type", []byte{request2Symbols << 3, 5}, Limits{}, column.Invalid, "a symbol is no text"},
		{"series of wrong type", []byte{request2Series << 3, 5}, Limits{}, column.Invalid, "timeseries is no message"},
		{"labels of wrong type", series(series2Labels<<3|1, 0, 0, 0, 0, 0, 0, 0, 0), Limits{}, column.Invalid, "series 0: field 1 has the wrong wire type"},
		{"samples of wrong type", series(series2Samples<<3, 1), Limits{}, column.Invalid, "series 0: field 2 has the wrong wire type"},
		{"metadata of wrong type", series(series2Metadata<<3, 1), Limits{}, column.Invalid, "series 0: field 5 has the wrong wire type"},
		{"start of wrong type", series(field(nil, series2Samples, append([]byte{sample2Start<<3 | 1}, make([]byte, 8)...))...), Limits{}, column.Invalid, "sample: field 3 has the wrong wire type"},
		{"many symbols", bytes.Repeat([]byte{request2Symbols<<3 | 2, 0}, maxSymbols+1), Limits{}, column.Limit, "more than 2097152 symbols"},
		{"small body of large series", long.request(), Limits{DecodedBytes: 1 << 20}, column.Limit, "the request's new series take more than 1048576 bytes"},
		{"no memory", long.request(), Limits{InflightBytes: 200 << 10}, column.Overloaded, "too many remote write requests at once"},
	}
	for _, c := range cases {
		m, r := newMemory(), New(c.limits)
		_, err := receive2(r, m, c.body)
		if column.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.want) || len(m.rows) != 0 {
			t.Errorf("%s: %v, %d rows; want %s: %s", c.name, err, len(m.rows), c.class, c.want)
		}
		if r.pool.Used() != 0 {
			t.Errorf("%s: %d bytes are still reserved", c.name, r.pool.Used())
		}
	}
}

func TestMetadata(t *testing.T) {
	one := sample2Field(1, 1, 0)
	s := newSymbolTable()
	s.add(s.refs("__name__", "requests_total"), one, s.metadata(1, "", "Requests."))
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		s.add(s.refs("__name__", "took_seconds"+suffix), one, s.metadata(3, "seconds", "Time."))
		s.add(s.refs("__name__", "size"+suffix), one, s.metadata(5, "", "Size."))
	}
	s.add(s.refs("__name__", "plain"), one, s.metadata(0, "", ""))  // says nothing
	s.add(s.refs("__name__", "new"), one, s.metadata(99, "", "N.")) // of a type that is not known yet
	body2 := s.request()
	want := map[Metadata]bool{
		{"requests_total", "counter", "", "Requests."}: true, {"took_seconds", "histogram", "seconds", "Time."}: true,
		{"size", "summary", "", "Size."}: true, {"size_bucket", "summary", "", "Size."}: true, {"new", "unknown", "", "N."}: true,
	}
	m, r := newMemory(), New(Limits{})
	now := time.Unix(0, 0)
	r.seen.now = func() time.Time { return now }
	d := &describer{}
	send := func(message Message, body []byte) (Report, error) {
		return r.Receive(context.Background(), Request{Message: message, Samples: m, Metadata: d}, bytes.NewReader(pack(body)))
	}
	d.fail = column.Errorf(column.Overloaded, "full of work")
	if _, err := send(V2, body2); !errors.Is(err, column.Overloaded) || len(m.rows) > 0 {
		t.Errorf("%v, %d rows", err, len(m.rows))
	}
	d.fail = nil
	for round := range 3 {
		got, err := send(V2, body2)
		if err != nil || got.Metadata != 8 || got.Stored != 9 {
			t.Fatalf("%+v, %v", got, err)
		}
		if handed := len(d.calls); handed != 1 {
			t.Fatalf("round %d: handed on %d times", round, handed)
		}
	}
	seen := map[Metadata]bool{}
	for _, x := range d.calls[0] {
		seen[x] = true
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("%v, want %v", seen, want)
	}
	// After an hour it is said again.
	now = now.Add(seenTime + time.Second)
	if _, err := send(V2, body2); err != nil || len(d.calls) != 2 {
		t.Errorf("%v, handed on %d times", err, len(d.calls))
	}

	// 1.0 names families as they are.
	d.calls = nil
	body1 := field(field(nil, requestMetadata, metadataEntry("took_seconds_sum", "s", "h", 3)), requestMetadata, metadataEntry("a\xff", "", "", 1))
	body1 = field(body1, requestMetadata, metadataEntry("b", "", strings.Repeat("x", defaultValueBytes+1), 1))
	body1 = field(body1, requestMetadata, metadataEntry("", "", "x", 1))
	got, err := send(V1, body1)
	if got.Metadata != 4 || got.Described != 1 || err == nil || !strings.Contains(err.Error(), `metadata of "a\xff": it is not valid UTF-8; metadata of "b": a text takes more than 16384 bytes; metadata of "": it names no metric`) {
		t.Errorf("%+v, %v", got, err)
	}
	if want := [][]Metadata{{{"took_seconds_sum", "histogram", "s", "h"}}}; !reflect.DeepEqual(d.calls, want) {
		t.Errorf("%v, want %v", d.calls, want)
	}
	if r.pool.Used() != 0 {
		t.Errorf("%d bytes are still reserved", r.pool.Used())
	}
}

// FuzzDecodeV2: bytes of any kind are stored in part, or refused with a class; what is stored is what decoding again gives.
func FuzzDecodeV2(f *testing.F) {
	s := newSymbolTable()
	s.add(s.refs("__name__", "up", "job", "x"), sample2Field(1, 1000, 5), s.metadata(1, "s", "h"))
	f.Add(s.request())
	f.Add(append(bytes.Clone(s.body), field(nil, request2Symbols, nil)...))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, b, d := newMemory(), newMemory(), &describer{}
		r := New(Limits{})
		one, err := r.Receive(context.Background(), Request{Message: V2, Samples: a, Metadata: d}, bytes.NewReader(pack(body)))
		two, again := r.Receive(context.Background(), Request{Message: V2, Samples: b, Metadata: d}, bytes.NewReader(pack(body)))
		one.Described, two.Described = 0, 0
		if column.ClassOf(err) != column.ClassOf(again) || one != two || !reflect.DeepEqual(a.rows, b.rows) {
			t.Fatalf("%v, %+v; then %v, %+v", err, one, again, two)
		}
		if err != nil && column.ClassOf(err) != column.Invalid && column.ClassOf(err) != column.Limit {
			t.Fatalf("class of %v", err)
		}
		if r.pool.Used() != 0 {
			t.Fatal("memory is still reserved")
		}
	})
}
