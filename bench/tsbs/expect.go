package tsbs

import (
	"slices"
	"time"
)

// Expect computes the right answer from the generated values.
func (w *Workload) Expect(q Query) Answer {
	switch q.shape {
	case avgByHost:
		return w.expectAverages(q)
	case lastRows:
		return w.expectLast(q)
	case highRows:
		return w.expectHigh(q)
	case newestMaxima:
		// A minute that To cuts counts with the rows before To, as in SQL.
		all := w.expectMaxima(q)
		slices.Reverse(all)
		return all[:min(len(all), newestMinutes)]
	}
	return w.expectMaxima(q)
}

func (w *Workload) bucket(q Query, step int) int64 { return w.Time(step).Truncate(q.Bucket).Unix() }

func (w *Workload) expectMaxima(q Query) (answer Answer) {
	first, end := w.steps(q.From, q.To)
	for step := first; step < end; step++ {
		if at := w.bucket(q, step); len(answer) == 0 || answer[len(answer)-1].Time != at {
			answer = append(answer, Row{Time: at, Values: make([]float64, q.Fields)}) // no value is below 0
		}
		maxima := answer[len(answer)-1].Values
		for _, h := range q.hosts {
			for f, v := range w.row(h, step)[:q.Fields] {
				maxima[f] = max(maxima[f], float64(v))
			}
		}
	}
	return answer
}

func (w *Workload) expectAverages(q Query) (answer Answer) {
	first, end := w.steps(q.From, q.To)
	perBucket := int(q.Bucket / Interval)
	for ; first < end; first += perBucket {
		for _, h := range q.hosts {
			row := Row{Time: w.bucket(q, first), Tags: []string{w.hosts[h].Name()}, Values: make([]float64, q.Fields)}
			for step := first; step < first+perBucket; step++ {
				for f, v := range w.row(h, step)[:q.Fields] {
					row.Values[f] += float64(v)
				}
			}
			for f := range row.Values {
				row.Values[f] /= float64(perBucket)
			}
			answer = append(answer, row)
		}
	}
	slices.SortFunc(answer, compareRows)
	return answer
}

func (w *Workload) expectLast(q Query) (answer Answer) {
	for _, h := range q.hosts {
		row := w.wholeRow(h, w.Steps-1)
		row.Tags = row.Tags[:1]
		answer = append(answer, row)
	}
	return answer
}

func (w *Workload) expectHigh(q Query) (answer Answer) {
	first, end := w.steps(q.From, q.To)
	for _, h := range q.hosts {
		for step := first; step < end; step++ {
			if w.row(h, step)[0] > Threshold {
				answer = append(answer, w.wholeRow(h, step))
			}
		}
	}
	return answer
}

func (w *Workload) wholeRow(host, step int) Row {
	row := Row{Time: w.Time(step).Truncate(time.Second).Unix(), Tags: w.hosts[host][:], Values: make([]float64, 0, len(Fields))}
	for _, v := range w.row(host, step) {
		row.Values = append(row.Values, float64(v))
	}
	return row
}
