package oracletest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	official "github.com/influxdata/line-protocol/v2/lineprotocol"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/ingesttest"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
	"github.com/automatanexus/aegis-db/meta"
)

// The differences from the official decoder that are meant:
//
//   - In strings only \" and \\ are escapes, as in InfluxDB itself; the decoder also takes \n, \r and \t, which turns the path
//     "C:\new" into two lines.
//   - Floats are decimal: the decoder takes Go's hexadecimal ones as well.
//   - Any bytes may stand in a comment; the decoder refuses control characters there.
//   - A line with a carriage return in it, outside of strings, is one bad line.
//   - What no table can hold is refused: a tag that is there twice, a name that is a tag and a field, a tag or field called
//     time, unsigned integers above the greatest bigint, the two times that stand for infinity, a type other than the column's.
//   - Of a field that is there twice the last counts; the decoder gives both.

var noon = time.Unix(1_234_567_891, 234_567_891)

// point is a line in a form that both sides print.
type point struct {
	measurement  string
	tags, fields []string
	time         int64
}

func (p *point) String() string {
	sort.Strings(p.tags)
	sort.Strings(p.fields)
	return fmt.Sprintf("%q %v %v %d", p.measurement, p.tags, p.fields, p.time)
}

// sink keeps rows as text.
type sink struct {
	keys map[meta.TableID][]string
	rows []string
}

func (s *sink) Lookup(_ meta.TableID, _ []ingest.SeriesHash, refs []uint32) (uint64, int) {
	for i := range refs {
		refs[i] = ingest.NoRef
	}
	return 0, len(refs)
}

func (s *sink) Define(t meta.TableID, _ uint64, _ ingest.SeriesHash, encoded []byte) (uint32, error) {
	s.keys[t] = append(s.keys[t], string(encoded))
	return uint32(len(s.keys[t]) - 1), nil
}

func (s *sink) Write(_ context.Context, batches []ingest.PointBatch, _ meta.Ack) (meta.Seq, error) {
	for i := range batches {
		b := &batches[i]
		for row := range b.Rows {
			p, err := stored(b, s.keys[b.Table.ID][b.Refs[row]], row)
			if err != nil {
				return 0, err
			}
			s.rows = append(s.rows, p.String())
		}
	}
	return 1, nil
}

// stored reads a row back.
func stored(b *ingest.PointBatch, encoded string, row int) (*point, error) {
	schema := &b.Table.Columns
	p := &point{measurement: b.Table.Name}
	rest := []byte(encoded)
	for _, id := range schema.Tags {
		if len(rest) == 0 {
			break
		}
		value, null, after, err := key.Next(rest, column.T(column.Text), nil)
		if err != nil {
			return nil, err
		}
		if rest = after; !null {
			p.tags = append(p.tags, fmt.Sprintf("%q=%q", schema.Fields[schema.Index(id)].Name, value))
		}
	}
	for _, c := range b.Columns {
		v := c.Vector
		switch {
		case c.Field.ID == schema.Time:
			p.time = v.Int(row)
		case v.IsNull(row):
		case v.Type.Kind == column.Text:
			p.fields = append(p.fields, fmt.Sprintf("%q=%q", c.Field.Name, v.Bytes(row)))
		case v.Type.Kind == column.Bool:
			p.fields = append(p.fields, fmt.Sprintf("%q=%v", c.Field.Name, v.Bool(row)))
		case v.Type.Kind == column.Int64:
			p.fields = append(p.fields, fmt.Sprintf("%q=%di", c.Field.Name, v.Int(row)))
		default:
			p.fields = append(p.fields, fmt.Sprintf("%q=%s", c.Field.Name, floatText(v.Float(row))))
		}
	}
	return p, nil
}

func floatText(f float64) string { return fmt.Sprintf("%x", math.Float64bits(f)) }

// ours stores a body in an empty database.
func ours(body string, unit lineproto.Precision) (rows []string, dropped int, err error) {
	catalog := ingesttest.NewCatalog()
	made, err := catalog.Propose(context.Background(), meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase}})
	if err != nil {
		return nil, 0, err
	}
	s := &sink{keys: map[meta.TableID][]string{}}
	target := lineproto.Target{Catalog: catalog, Database: meta.DatabaseID(made.ID), Sink: s}
	_, err = lineproto.New(lineproto.Limits{}).Receive(context.Background(), target, lineproto.Request{Body: []byte(body), Precision: unit, Now: noon})
	var partial *lineproto.PartialError
	if errors.As(err, &partial) {
		dropped, err = partial.Dropped, nil
	}
	sort.Strings(s.rows)
	return s.rows, dropped, err
}

// tables is the model of what lines make: the role or type of every name of every measurement.
type tables map[string]map[string]string

const aTag = "tag"

// theirs decodes a body with the official decoder.
func theirs(body string, unit official.Precision) (rows []string, dropped int) {
	d := official.NewDecoderWithBytes([]byte(body))
	model := tables{}
	for d.Next() {
		p, err := model.point(d, unit)
		if err != nil {
			dropped++
			continue
		}
		rows = append(rows, p.String())
	}
	sort.Strings(rows)
	return rows, dropped
}

// point reads a line to its end and says whether a table can hold it.
func (m tables) point(d *official.Decoder, unit official.Precision) (*point, error) {
	measurement, err := d.Measurement()
	if err != nil {
		return nil, err
	}
	p := &point{measurement: string(measurement)}
	known := m[p.measurement]
	here := map[string]string{}
	var refused error
	for {
		k, v, err := d.NextTag()
		if err != nil {
			return nil, err
		}
		if k == nil {
			break
		}
		if role := known[string(k)]; here[string(k)] != "" || string(k) == "time" || role != "" && role != aTag {
			refused = fmt.Errorf("tag %q", k)
		}
		here[string(k)] = aTag
		p.tags = append(p.tags, fmt.Sprintf("%q=%q", k, v))
	}
	fields := map[string]string{}
	for {
		k, v, err := d.NextField()
		if err != nil {
			return nil, err
		}
		if k == nil {
			break
		}
		kind, text := textOf(v)
		role := known[string(k)]
		if role == "float" && kind == "int" {
			kind, text = "float", floatText(number(v))
		}
		if here[string(k)] == aTag || string(k) == "time" || role == aTag || kind == "" {
			refused = fmt.Errorf("field %q", k)
			continue
		}
		here[string(k)], fields[string(k)] = kind, text
	}
	for k, text := range fields {
		if role := known[k]; role != "" && role != here[k] {
			refused = fmt.Errorf("field %q", k)
		}
		p.fields = append(p.fields, fmt.Sprintf("%q=%s", k, text))
	}
	at, err := d.Time(unit, noon)
	if err != nil {
		return nil, err
	}
	p.time = at.UnixNano()
	if refused != nil || p.time == math.MinInt64 || p.time == math.MaxInt64 {
		return nil, fmt.Errorf("no table can hold it: %w", refused)
	}
	if known == nil {
		known = map[string]string{}
		m[p.measurement] = known
	}
	for name, role := range here {
		known[name] = role
	}
	return p, nil
}

// textOf gives the type of a value, "" for one that does not fit, and its text.
func textOf(v official.Value) (kind, text string) {
	switch v.Kind() {
	case official.String:
		return "string", fmt.Sprintf("%q", v.BytesV())
	case official.Bool:
		return "bool", fmt.Sprint(v.BoolV())
	case official.Int:
		return "int", fmt.Sprintf("%di", v.IntV())
	case official.Uint:
		if v.UintV() > math.MaxInt64 {
			return "", ""
		}
		return "int", fmt.Sprintf("%di", v.UintV())
	}
	return "float", floatText(v.FloatV())
}

// number is an integer of either sign as a float.
func number(v official.Value) float64 {
	if v.Kind() == official.Uint {
		return float64(v.UintV())
	}
	return float64(v.IntV())
}

// differs finds bodies whose reading differs on purpose.
var differs = regexp.MustCompile(`(?m)\\[nrt]|[0-9.]_|0[xX]|^ *#.*[\x00-\x09\x0b-\x1f\x7f]`)

// loneReturn finds carriage returns outside of line ends. The decoder stops at them in the middle of a line, and may count the rest as
// another bad line.
var loneReturn = regexp.MustCompile(`\r([^\n]|$)`)

func compare(t *rapid.T, body string) {
	if differs.MatchString(body) {
		t.Skip("differs on purpose")
	}
	units := []struct {
		ours   lineproto.Precision
		theirs official.Precision
	}{
		{lineproto.Nanosecond, official.Nanosecond},
		{lineproto.Microsecond, official.Microsecond},
		{lineproto.Millisecond, official.Millisecond},
		{lineproto.Second, official.Second},
	}
	unit := rapid.SampledFrom(units).Draw(t, "unit")
	got, dropped, err := ours(body, unit.ours)
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	want, wantDropped := theirs(body, unit.theirs)
	if strings.Join(got, "\n") != strings.Join(want, "\n") || dropped != wantDropped && !loneReturn.MatchString(body) {
		t.Fatalf("%q\nours, dropped %d:\n%s\ntheirs, dropped %d:\n%s", body, dropped, strings.Join(got, "\n"), wantDropped, strings.Join(want, "\n"))
	}
}

// TestValidLines: lines as the official encoder writes them.
func TestValidLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		compare(t, strings.Join(rapid.SliceOfN(rapid.Custom(drawLine), 1, 8).Draw(t, "lines"), "\n"))
	})
}

// TestBrokenLines: the same with bytes changed, taken out and put in.
func TestBrokenLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(strings.Join(rapid.SliceOfN(rapid.Custom(drawLine), 1, 5).Draw(t, "lines"), "\n"))
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
			c := rapid.SampledFrom([]byte("\\\\,,==  \"\"\n\r\r\t#\x00\xff0-.eiutT")).Draw(t, "byte")
			switch rapid.IntRange(0, 2).Draw(t, "change") {
			case 0:
				body[at] = c
			case 1:
				body = append(body[:at], body[at+1:]...)
			default:
				body = append(body[:at], append([]byte{c}, body[at:]...)...)
			}
			if len(body) == 0 {
				return
			}
		}
		compare(t, string(body))
	})
}

// TestSoup: bytes that mean something, in any order.
func TestSoup(t *testing.T) {
	soup := rapid.StringOfN(rapid.SampledFrom([]rune("mmfa,,== \"\\\n\r#012.-eiutTé\x01")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) { compare(t, soup.Draw(t, "body")) })
}

// drawLine makes a line with few names, so that lines meet in tables and series.
func drawLine(t *rapid.T) string {
	var e official.Encoder
	e.SetLax(true)
	name := rapid.SampledFrom([]string{"m", "cpu", "a b", "c,d", `e\f`, "x=y", "é"})
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab ,=\"\\\né#")), 1, 6, -1)
	e.StartLine(name.Draw(t, "measurement"))
	tags := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"host", "a b", "c,d", "e=f"}), 0, 3, rapid.ID).Draw(t, "tags")
	sort.Strings(tags)
	for _, k := range tags {
		e.AddTag(k, strings.Map(func(r rune) rune {
			if r == '\n' || r == '\\' {
				return 'x'
			}
			return r
		}, text.Draw(t, "value")))
	}
	for _, k := range rapid.SliceOfN(rapid.SampledFrom([]string{"f", "g", "h i", "j,k", "time", "host"}), 1, 4).Draw(t, "fields") {
		var v official.Value
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			v = official.IntValue(rapid.Int64().Draw(t, "int"))
		case 1:
			v = official.UintValue(rapid.Uint64().Draw(t, "uint"))
		case 2:
			v = official.BoolValue(rapid.Bool().Draw(t, "bool"))
		case 3:
			v, _ = official.StringValue(text.Draw(t, "string"))
		default:
			v, _ = official.FloatValue(rapid.Float64().Draw(t, "float"))
		}
		e.AddField(k, v)
	}
	if rapid.Bool().Draw(t, "timed") {
		e.EndLine(time.Unix(0, rapid.Int64().Draw(t, "time")))
	} else {
		e.EndLine(time.Time{})
	}
	return string(e.Bytes())
}
