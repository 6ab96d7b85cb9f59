package picture

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestScale(t *testing.T) {
	s := scaleFor([]Row{{Times: []float64{0.03, math.NaN(), 2}}})
	if s != (scale{-2, 1}) || s.x(0.01) != labelWidth || s.x(10) != plotRight {
		t.Errorf("%+v: %v…%v", s, s.x(0.01), s.x(10))
	}
}

// TestDraw: the picture is XML, with a bar for each ratio, whatever the names are.
func TestDraw(t *testing.T) {
	peers := []string{"A <1>", "B & C", strings.Repeat("a long name ", 8)}
	d := xml.NewDecoder(strings.NewReader(string(Draw("title", peers, []Row{{"q<1", []float64{2, 0.5, math.NaN()}}, {"q2", []float64{1, 100, 3}}}))))
	bars := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if want := 1 + len(peers) + 5; bars != want {
		t.Errorf("%d rectangles, want %d", bars, want)
	}
}
