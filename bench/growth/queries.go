package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/automatanexus/aegis-db/bench/measure"
	"github.com/automatanexus/aegis-db/bench/peer"
	"github.com/automatanexus/aegis-db/bench/tsbs"
)

// queries asks the same of a day and of many days. Both begin with the same day, in which all windows are.
func (s settings) queries(ctx context.Context) ([]figure, error) {
	config := tsbs.Config{Hosts: s.hosts, Start: start2025, Span: 24 * time.Hour, Seed: 1}
	day, err := tsbs.New(config)
	if err != nil {
		return nil, err
	}
	config.Span *= time.Duration(s.days)
	all, err := tsbs.New(config)
	if err != nil {
		return nil, err
	}
	var medians [2][]float64
	for i, w := range []*tsbs.Workload{day, all} {
		fmt.Fprintf(s.progress, "queries: %s rows\n", number(float64(w.Rows())))
		if medians[i], err = s.ask(ctx, w, day, filepath.Join(s.work, fmt.Sprint("data-", i))); err != nil {
			return nil, err
		}
	}
	var out []figure
	logs := 0.0
	for i, k := range tsbs.Kinds {
		times := medians[1][i] / medians[0][i]
		logs += math.Log(times)
		out = append(out, figure{
			Name: k.Name, Value: times, Unit: "×",
			Note: fmt.Sprintf("%s ms with 1 day, %s ms with %d", measure.Digits(medians[0][i]), measure.Digits(medians[1][i]), s.days),
		})
	}
	return append(out, figure{
		Name: "geometric mean", Value: math.Exp(logs / float64(len(out))), Unit: "×",
		Note: fmt.Sprintf("of the medians, %d hosts, the same windows, one client", s.hosts),
	}), nil
}

// windowless are the kinds that look at whatever is newest, or at all.
var windowless = map[string]bool{"lastpoint": true, "groupby-orderby-limit": true}

// ask loads a workload and gives the median of each kind of query, drawn from the day; the answers are checked.
func (s settings) ask(ctx context.Context, w, day *tsbs.Workload, dir string) ([]float64, error) {
	system, err := peer.StartAegis(ctx, s.binary, dir)
	if err != nil {
		return nil, err
	}
	defer system.Close()
	if _, err := system.Load(ctx, w); err != nil {
		return nil, err
	}
	if err := system.Settle(ctx); err != nil {
		return nil, err
	}
	if n, err := system.Count(ctx, w); err != nil || n != int64(w.Values()) {
		return nil, errors.Join(err, fmt.Errorf("%d values are stored, %d were sent", n, w.Values()))
	}
	var out []float64
	for _, k := range tsbs.Kinds {
		source := day
		if windowless[k.Name] {
			source = w
		}
		q := source.Query(k, 0)
		got, err := system.Answer(ctx, q)
		if err != nil {
			return nil, err
		}
		if err := q.Equal(got, source.Expect(q)); err != nil {
			return nil, fmt.Errorf("%s: wrong answer: %w", k.Name, err)
		}
		var rounds []float64
		for round := range s.rounds {
			const perRound = 5000
			list := make([]tsbs.Query, perRound)
			for i := range list {
				list[i] = source.Query(k, 1000+round*perRound+i)
			}
			if _, err := system.Time(ctx, list[:perRound/2], 1, peer.Budget{Time: s.perCell / 5, Least: 1}); err != nil {
				return nil, err
			}
			took, err := system.Time(ctx, list[perRound/2:], 1, peer.Budget{Time: s.perCell, Least: 3})
			if err != nil {
				return nil, err
			}
			rounds = append(rounds, measure.NewTiming(took).P50)
		}
		median, _, _ := measure.Spread(rounds)
		out = append(out, median)
	}
	return out, nil
}
