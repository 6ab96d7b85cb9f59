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
	"testing/iotest"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

func seriesKey(metric, labels string) string {
	return string(key.AppendBytes(key.AppendBytes(nil, []byte(metric)), []byte(labels)))
}

func receive(r *Receiver, m Sink, body []byte) (Report, error) {
	return r.Receive(context.Background(), Request{Samples: m}, bytes.NewReader(pack(body)))
}

func TestStored(t *testing.T) {
	stale := math.Float64frombits(staleBits)
	odd := math.Float64frombits(0x7ff8000000001234)
	up := labelFields("__name__", "up", "instance", "a:9100", "job", "node")
	body := request1(
		cat(up, sampleField(1, 1000), sampleField(math.Inf(-1), -5), sampleField(stale, 2000), sampleField(odd, 3000)),
		// Unsorted, an empty label, quotes; labels in two pieces around a sample; an unknown field.
		cat(labelFields("zz", "q\"é", "empty", ""), sampleField(2, 7), labelFields("__name__", "up", "aa", "x"), field(nil, 99, []byte("?"))),
		up,                         // no samples: nothing to store
		cat(sampleField(5, 9), up), // labels last
	)
	body = field(body, requestMetadata, metadataEntry("up", "", "h", 2))
	want := []row{
		{seriesKey("up", `{"instance":"a:9100","job":"node"}`), 1_000_000, math.Float64bits(1), false, 0},
		{seriesKey("up", `{"instance":"a:9100","job":"node"}`), -5000, math.Float64bits(math.Inf(-1)), false, 0},
		{seriesKey("up", `{"instance":"a:9100","job":"node"}`), 2_000_000, staleBits, true, 0},
		{seriesKey("up", `{"instance":"a:9100","job":"node"}`), 3_000_000, math.Float64bits(odd), false, 0},
		{seriesKey("up", `{"aa":"x","zz":"q\"é"}`), 7000, math.Float64bits(2), false, 0},
		{seriesKey("up", `{"instance":"a:9100","job":"node"}`), 9000, math.Float64bits(5), false, 0},
	}
	m, r := newMemory(), New(Limits{})
	for round := range 3 { // known series, and reused buffers, must not change the answer
		m.rows = nil
		got, err := receive(r, m, body)
		if err != nil {
			t.Fatal(err)
		}
		defined := 0
		if round == 0 {
			defined = 3 // the first series twice: it is looked up before it is known
		}
		if want := (Report{Series: 3, Samples: 6, Stored: 6, Defined: defined, Metadata: 1, Seq: 6}); got != want {
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

// TestLongLabels crosses the length where a field's length takes two bytes.
func TestLongLabels(t *testing.T) {
	m, r := newMemory(), New(Limits{})
	for n := 100; n < 300; n += 7 {
		v := strings.Repeat("x", n)
		if _, err := receive(r, m, request1(cat(labelFields("__name__", "m", "a", v, "b", "y"), sampleField(1, 1)))); err != nil {
			t.Fatal(err)
		}
		if got, want := m.rows[len(m.rows)-1].key, seriesKey("m", `{"a":"`+v+`","b":"y"}`); got != want {
			t.Fatalf("key %q, want %q", got, want)
		}
	}
}

func TestBadParts(t *testing.T) {
	good := cat(labelFields("__name__", "up"), sampleField(1, 1))
	many := labelFields("__name__", "up")
	for i := range 5 {
		many = append(many, labelFields(fmt.Sprint("l", i), "v")...)
	}
	l := Limits{Labels: 5, NameBytes: 10, ValueBytes: 20}
	cases := []struct {
		name   string
		series []byte
		want   string
	}{
		{"no name", labelFields("job", "a"), `series 1 {"job"="a"}: it has no __name__`},
		{"empty name", labelFields("__name__", "", "job", "a"), "it has no __name__"},
		{"twice", labelFields("__name__", "up", "a", "1", "a", "2"), `label "a" is there twice`},
		{"twice, once empty", labelFields("__name__", "up", "a", "", "a", "2"), `label "a" is there twice`},
		{"name twice", labelFields("__name__", "up", "__name__", "up"), `label "__name__" is there twice`},
		{"name not UTF-8", labelFields("__name__", "u\xff"), `label "__name__" is not valid UTF-8`},
		{"value not UTF-8", labelFields("__name__", "up", "a", "\xc3"), `label "a" is not valid UTF-8`},
		{"label without name", labelFields("__name__", "up", "", "x"), "the name of a label is empty"},
		{"many", many, "it has 6 labels, limit 5"},
		{"long name", labelFields("__name__", "up", "abcdefghijk", "x"), `the name of label "abcdefghijk" takes 11 bytes, limit 10`},
		{"long value", labelFields("__name__", "up", "a", strings.Repeat("x", 21)), `the value of label "a" takes 21 bytes, limit 20`},
		{"no labels", nil, "it has no __name__"},
	}
	for _, c := range cases {
		m := newMemory()
		got, err := receive(New(l), m, request1(good, cat(c.series, sampleField(1, 1), sampleField(2, 2)), good))
		var partial *PartialError
		if !errors.As(err, &partial) || !errors.Is(err, column.Invalid) {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "stored 2 of 4 samples; 1 series or samples are wrong: ") {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if len(m.rows) != 2 || got.Stored != 2 || got.BadSamples != 2 {
			t.Errorf("%s: %d rows, %+v", c.name, len(m.rows), got)
		}
	}
}

func TestRefusedKinds(t *testing.T) {
	m := newMemory()
	up := labelFields("__name__", "up")
	body := request1(
		cat(up, sampleField(1, 1), field(nil, seriesExemplars, nil), field(nil, seriesExemplars, nil)),
		cat(up, field(nil, seriesHistograms, []byte{8, 1})),
	)
	got, err := receive(New(Limits{}), m, body)
	if want := (Report{Series: 1, Samples: 1, Stored: 1, Defined: 1, Exemplars: 2, Histograms: 1, Seq: 1}); got != want {
		t.Errorf("report %+v, want %+v", got, want)
	}
	want := "stored 1 of 1 samples; 1 native histograms refused: this version does not store them; 2 exemplars refused: this version does not store them"
	if err == nil || err.Error() != want || !errors.Is(err, column.Invalid) {
		t.Errorf("error %v", err)
	}
}

func TestTimes(t *testing.T) {
	up := labelFields("__name__", "up")
	tz := column.T(column.TimestampTZ)
	for _, ms := range []int64{minMillis, maxMillis, 0} {
		if !literal.InRange(ms*1000, tz) {
			t.Errorf("%d ms is no timestamp", ms)
		}
		if _, err := receive(New(Limits{}), newMemory(), request1(cat(up, sampleField(1, ms)))); err != nil {
			t.Error(err)
		}
	}
	for _, ms := range []int64{minMillis - 1, maxMillis + 1, math.MinInt64, math.MaxInt64} {
		m := newMemory()
		_, err := receive(New(Limits{}), m, request1(cat(up, sampleField(1, ms), sampleField(2, 1))))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("series 0: time %d ms is out of range", ms)) || len(m.rows) != 1 {
			t.Errorf("%d ms: %v, %d rows", ms, err, len(m.rows))
		}
	}
}

func TestManyProblems(t *testing.T) {
	var all [][]byte
	for i := range 20 {
		all = append(all, cat(labelFields("n", fmt.Sprint(i)), sampleField(1, 1)))
	}
	_, err := receive(New(Limits{}), newMemory(), request1(all...))
	if err == nil || !strings.HasPrefix(err.Error(), "stored 0 of 20 samples; 20 series") || !strings.HasSuffix(err.Error(), "; and 15 more") {
		t.Errorf("%v", err)
	}
}

func TestRefusedBodies(t *testing.T) {
	whole := request1(cat(labelFields("__name__", "up", "a", "b"), sampleField(1, 1)))
	bomb := binary.AppendUvarint(nil, 1<<20)
	huge := binary.AppendUvarint(nil, 1<<31)
	bent := cat(labelFields("__name__", "up"), field(nil, seriesLabels, []byte{labelName<<3 | 2, 9, 'x'}), sampleField(1, 1))
	l := Limits{BodyBytes: 1000, DecodedBytes: 1 << 22}
	cases := []struct {
		name  string
		body  []byte
		class column.Class
		want  string
	}{
		{"not snappy", []byte("hello world, this is text"), column.Invalid, "snappy"},
		{"empty", nil, column.Invalid, "not snappy"},
		{"snappy cut off", pack(whole)[:len(pack(whole))-3], column.Invalid, "not snappy"},
		{"bomb", append(bomb, 0), column.Invalid, "which snappy cannot"},
		{"huge", append(huge, make([]byte, 900)...), column.Limit, "decodes to 2147483648 bytes, limit 4194304"},
		{"large body", make([]byte, 1001), column.Limit, "larger than 1000 bytes"},
		{"protobuf cut off", pack(whole[:len(whole)-1]), column.Invalid, "byte 0 of the decoded body"},
		{"series of wrong type", pack([]byte{requestSeries << 3, 5}), column.Invalid, "timeseries is no message"},
		{"metadata of wrong type", pack([]byte{requestMetadata << 3, 5}), column.Invalid, "metadata is no message"},
		{"labels of wrong type", pack(request1([]byte{seriesLabels << 3, 1})), column.Invalid, "series 0: field 1 is no message"},
		{"samples of wrong type", pack(request1([]byte{seriesSamples << 3, 1})), column.Invalid, "series 0: field 2 is no message"},
		{"histogram of wrong type", pack(request1([]byte{seriesHistograms << 3, 1})), column.Invalid, "series 0: field 4 is no message"},
		{"value of wrong type", pack(request1(field(nil, seriesSamples, []byte{sampleValue << 3, 1}))), column.Invalid, "sample: field 1 has the wrong wire type"},
		{"time of wrong type", pack(request1(field(nil, seriesSamples, append([]byte{sampleTime<<3 | 1}, make([]byte, 8)...)))), column.Invalid, "sample: field 2 has the wrong wire type"},
		{"label cut off", pack(request1(bent)), column.Invalid, "series 0: labels:"},
		{"field number 0", pack([]byte{2, 0}), column.Invalid, "number 0"},
		{"group", pack([]byte{requestSeries<<3 | 3}), column.Invalid, "wireType"},
		{"samples without end", pack(request1(bytes.Repeat([]byte{seriesSamples<<3 | 2, 0}, maxSamples+1))), column.Limit, "more than 1048576 samples"},
	}
	for _, c := range cases {
		m, l := newMemory(), l
		if c.class == column.Limit && len(c.body) > 2000 {
			l = Limits{}
		}
		r := New(l)
		_, err := r.Receive(context.Background(), Request{Samples: m}, bytes.NewReader(c.body))
		if column.ClassOf(err) != c.class || !strings.Contains(fmt.Sprint(err), c.want) || len(m.rows) != 0 {
			t.Errorf("%s: %v, %d rows; want %s: %s", c.name, err, len(m.rows), c.class, c.want)
		}
		if r.pool.Used() != 0 {
			t.Errorf("%s: %d bytes are still reserved", c.name, r.pool.Used())
		}
	}
}

func TestSinkTrouble(t *testing.T) {
	body := request1(
		cat(labelFields("__name__", "a"), sampleField(1, 1)),
		cat(labelFields("n", "wrong"), sampleField(1, 1)),
		cat(labelFields("__name__", "b"), sampleField(2, 1)),
	)
	// Refs that end twice: looked up again; what is wrong is told once.
	m := newMemory()
	m.ends = 2
	got, err := receive(New(Limits{}), m, body)
	if len(m.rows) != 2 || got.Stored != 2 || m.rows[1].key != seriesKey("b", "{}") || !strings.Contains(fmt.Sprint(err), "; 1 series or samples are wrong: ") {
		t.Errorf("%v, %+v, %v", err, got, m.rows)
	}
	m.ends = attempts
	if _, err := receive(New(Limits{}), m, body); column.ClassOf(err) != column.Overloaded {
		t.Errorf("refs that always end: %v", err)
	}
	// A full table keeps what it knows.
	m = newMemory()
	m.limit = 1
	if _, err := receive(New(Limits{}), m, body); len(m.rows) != 1 || !strings.Contains(fmt.Sprint(err), `series 2 {__name__="b"}: table samples has 1 series`) {
		t.Errorf("full: %v, %v", err, m.rows)
	}
	m.fail = column.Errorf(column.Overloaded, "full of work")
	if _, err := receive(New(Limits{}), m, body); !errors.Is(err, m.fail) {
		t.Errorf("overloaded: %v", err)
	}
	// Requests that together need too much are to come again.
	if _, err := receive(New(Limits{InflightBytes: 1 << 10}), newMemory(), body); column.ClassOf(err) != column.Overloaded {
		t.Errorf("in flight: %v", err)
	}
	_, err = New(Limits{}).Receive(context.Background(), Request{Samples: newMemory()}, iotest.ErrReader(errors.New("gone")))
	if column.ClassOf(err) != column.Cancelled {
		t.Errorf("client gone: %v", err)
	}
}

// FuzzDecode: bytes of any kind are stored in part, or refused with a class; what is stored is what decoding again gives.
func FuzzDecode(f *testing.F) {
	f.Add(request1(cat(labelFields("__name__", "up", "job", "x"), sampleField(1, 1000))))
	f.Add(request1(cat(sampleField(1, 1), labelFields("a", "b"), sampleField(2, -1), labelFields("__name__", "z"))))
	f.Add(field(nil, requestMetadata, []byte{8, 1}))
	r := New(Limits{})
	f.Fuzz(func(t *testing.T, body []byte) {
		a, b := newMemory(), newMemory()
		one, err := receive(r, a, body)
		two, again := receive(r, b, body)
		if fmt.Sprint(err) != fmt.Sprint(again) || one != two || !reflect.DeepEqual(a.rows, b.rows) {
			t.Fatalf("%v, %+v; then %v, %+v", err, one, again, two)
		}
		if err != nil && column.ClassOf(err) != column.Invalid && column.ClassOf(err) != column.Limit {
			t.Fatalf("class of %v", err)
		}
		if one.Stored != len(a.rows) && err == nil {
			t.Fatalf("%d rows, %+v", len(a.rows), one)
		}
		if r.pool.Used() != 0 {
			t.Fatal("memory is still reserved")
		}
	})
}

// dictSink resolves series with the head's dictionary, as ingest.Samples does, and adds up what it gets.
type dictSink struct {
	dict *head.Dict
	sum  float64
	rows int
}

func (k *dictSink) Lookup(hashes []ingest.SeriesHash, refs []uint32) (uint64, int) {
	return k.dict.Epoch(), k.dict.Resolve(hashes, refs)
}

func (k *dictSink) Define(_ uint64, hash ingest.SeriesHash, key []byte) (uint32, error) {
	return k.dict.Define(hash, key, 0)
}

func (k *dictSink) Write(_ context.Context, b *ingest.SampleBatch, _ meta.Ack) (meta.Seq, error) {
	for _, v := range b.Values {
		k.sum += v
	}
	k.rows += len(b.Refs)
	return 1, nil
}
