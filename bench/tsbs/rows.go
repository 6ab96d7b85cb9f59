package tsbs

import (
	"strconv"
	"strings"
)

// Encoder writes rows in the forms that systems load. Row n is host n % Hosts at step n / Hosts: rows come in order of time, as
// a fleet of agents sends them. It is safe for concurrent use.
type Encoder struct {
	w       *Workload
	prefix  []string // per host: what stands before the values
	between []string // per field: what stands before its value
	after   string   // behind each value
	tail    func(dst []byte, step int) []byte
}

// Lines encodes rows in InfluxDB's line protocol, with nanoseconds. No tag of the workload needs escaping.
func (w *Workload) Lines() *Encoder {
	e := &Encoder{w: w, after: "i"}
	for _, h := range w.hosts {
		var b strings.Builder
		b.WriteString("cpu")
		for i, name := range Tags {
			b.WriteString("," + name + "=" + h[i])
		}
		e.prefix = append(e.prefix, b.String())
	}
	for i, name := range Fields {
		separator := ","
		if i == 0 {
			separator = " "
		}
		e.between = append(e.between, separator+name+"=")
	}
	e.tail = func(dst []byte, step int) []byte {
		dst = append(dst, ' ')
		return strconv.AppendInt(dst, w.Time(step).UnixNano(), 10)
	}
	return e
}

// CSV encodes rows as comma-separated values: tags, fields, time. There is no header.
func (w *Workload) CSV() *Encoder {
	e := &Encoder{w: w, after: ","}
	for _, h := range w.hosts {
		e.prefix = append(e.prefix, strings.Join(h[:], ",")+",")
	}
	e.between = make([]string, len(Fields))
	e.tail = func(dst []byte, step int) []byte { return w.Time(step).AppendFormat(dst, "2006-01-02 15:04:05") }
	return e
}

// Append adds rows [first, end) to dst, each ended by a newline.
func (e *Encoder) Append(dst []byte, first, end int) []byte {
	for n := first; n < end; n++ {
		host, step := n%e.w.Hosts, n/e.w.Hosts
		dst = append(dst, e.prefix[host]...)
		for f, v := range e.w.row(host, step) {
			dst = append(dst, e.between[f]...)
			dst = strconv.AppendInt(dst, int64(v), 10)
			dst = append(dst, e.after...)
		}
		dst = e.tail(dst, step)
		dst = append(dst, '\n')
	}
	return dst
}
