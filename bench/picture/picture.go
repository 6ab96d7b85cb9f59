// Package picture draws how many times as long as Aegis its peers take, as an SVG.
package picture

import (
	"bytes"
	"fmt"
	"html"
	"math"

	"github.com/automatanexus/aegis-db/bench/measure"
)

// The picture is a table of horizontal bars: per query a bar for each peer, from 1 to how many times as long as Aegis it
// takes, on a logarithmic scale. Bars to the right are queries that Aegis wins.
const (
	pictureWidth = 920
	labelWidth   = 200
	plotRight    = pictureWidth - 40
	headHeight   = 92
	barHeight    = 11
	rowGap       = 9
)

// peerColors are the bars' colours, one per peer; neighbours differ in brightness, too.
var peerColors = []string{"#7a3e9d", "#e3a21a", "#3a8f5c", "#c0392b", "#2d6cb5", "#8a8a8a"}

// scale maps ratios to places. Its ends are powers of ten.
type scale struct{ low, high float64 }

// Row is the bars of one query: each peer's ratio, NaN where there is none.
type Row struct {
	Label string
	Times []float64
}

// scaleFor holds all ratios, and at least a tenth to ten.
func scaleFor(list []Row) scale {
	s := scale{-1, 1}
	for _, r := range list {
		for _, times := range r.Times {
			if !math.IsNaN(times) {
				s.low, s.high = min(s.low, math.Floor(math.Log10(times))), max(s.high, math.Ceil(math.Log10(times)))
			}
		}
	}
	return s
}

func (s scale) x(times float64) float64 {
	return labelWidth + (math.Log10(times)-s.low)/(s.high-s.low)*(plotRight-labelWidth)
}

// Draw draws rows of as many ratios as there are peers.
func Draw(title string, peers []string, list []Row) []byte {
	rowHeight := max(len(peers), 1)*barHeight + rowGap
	height := headHeight + len(list)*rowHeight + 30
	s := scaleFor(list)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		pictureWidth, height, pictureWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", pictureWidth, height)
	text(&b, 10, 22, `font-size="15" font-weight="bold"`, title)
	legend(&b, peers)
	for power := s.low; power <= s.high; power++ {
		for digit := 1.0; digit < 10 && (power < s.high || digit == 1); digit++ {
			stroke := "#eeeeee"
			if digit == 1 {
				stroke = "#cccccc"
			}
			x := s.x(digit * math.Pow(10, power))
			fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>`+"\n", x, headHeight-8, x, height-24, stroke)
		}
		text(&b, s.x(math.Pow(10, power)), height-8, `text-anchor="middle" fill="#555555"`, fmt.Sprintf("%v×", math.Pow(10, power)))
	}
	for i, row := range list {
		drawRow(&b, s, row, headHeight+i*rowHeight)
	}
	fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#000000" stroke-width="1.5"/>`+"\n</svg>\n", s.x(1), headHeight-8, s.x(1), height-24)
	return b.Bytes()
}

func legend(b *bytes.Buffer, peers []string) {
	x, y := 10.0, 36
	for i, label := range peers {
		width := 40 + 7*float64(len(label))
		if x+width > pictureWidth {
			x, y = 10, y+18
		}
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="12" height="12" fill="%s"/>`+"\n", x, y, peerColors[i%len(peerColors)])
		text(b, x+17, y+10, `fill="#333333"`, label)
		x += width
	}
	text(b, plotRight, headHeight-14, `text-anchor="end" fill="#333333"`, "right of 1×: Aegis is faster")
}

func drawRow(b *bytes.Buffer, s scale, r Row, y int) {
	middle := float64(y) + float64(len(r.Times)*barHeight)/2 + 4
	text(b, labelWidth-8, int(middle), `text-anchor="end" fill="#000000"`, r.Label)
	for i, times := range r.Times {
		top := y + i*barHeight
		if math.IsNaN(times) {
			text(b, s.x(1)+5, top+barHeight-2, `font-size="10" fill="#999999"`, "no figure")
			continue
		}
		from, to := min(s.x(1), s.x(times)), max(s.x(1), s.x(times))
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", from, top, max(to-from, 1), barHeight-1, peerColors[i%len(peerColors)])
		at, anchor := to+4, "start"
		if times < 1 {
			at, anchor = from-4, "end"
		}
		text(b, at, top+barHeight-2, `font-size="10" fill="#333333" text-anchor="`+anchor+`"`, measure.Ratio(times)+"×")
	}
}

func text(b *bytes.Buffer, x float64, y int, attributes, content string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%d" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(content))
}
