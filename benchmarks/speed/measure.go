package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// A contender is one implementation of the work that a group measures.
type contender struct {
	name string
	peer bool // a library other than jwtexp
	// op does the work once. i counts the calls.
	op      func(i int) error
	workers int // concurrent goroutines; 0 means one
	bytes   int // size of the work, if the result is the time per byte
	// value replaces op if the result is not a time.
	value func() (float64, error)
}

// A measurement holds the result of each round: ns per op or per byte, or the value.
type measurement struct {
	contender
	rounds      []float64
	allocations float64 // per op
}

// measure runs the contenders one after the other, for about d each, in every round. So other load
// on the machine affects neighbors alike. Every second round has the reverse order, so that no
// contender is always first.
func measure(contenders []contender, rounds int, d time.Duration) ([]measurement, error) {
	runs := make([]run, len(contenders))
	for i, c := range contenders {
		runs[i].c = c
		if err := runs[i].prepare(d); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	measured := make([]measurement, len(contenders))
	for i := range runs {
		measured[i] = measurement{contender: contenders[i], allocations: runs[i].allocations}
	}
	for round := range rounds {
		for i := range runs {
			if round%2 == 1 {
				i = len(runs) - 1 - i
			}
			took, err := runs[i].once()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			measured[i].rounds = append(measured[i].rounds, took)
		}
	}
	return measured, nil
}

// A run is the state of a contender between rounds.
type run struct {
	c           contender
	value       float64
	ops         int // per round and worker
	next        int // argument of the next op
	allocations float64
}

// prepare finds the number of ops that take d, which also warms up. It measures a value once,
// because other load on the machine does not change it.
func (r *run) prepare(d time.Duration) (err error) {
	if r.c.value != nil {
		r.value, err = r.c.value()
		return err
	}
	for r.ops = 1; ; r.ops *= 2 {
		took, err := r.ns()
		if err != nil {
			return err
		}
		if took >= float64(d)/4 {
			r.ops = max(1, int(float64(r.ops)*float64(d)/took))
			break
		}
	}
	r.allocations = testing.AllocsPerRun(100, func() {
		if fault := r.c.op(r.next); fault != nil {
			err = fault
		}
		r.next++
	})
	return err
}

// once runs one round.
func (r *run) once() (float64, error) {
	if r.c.value != nil {
		return r.value, nil
	}
	took, err := r.ns()
	return took / float64(r.ops*max(1, r.c.workers)*max(1, r.c.bytes)), err
}

// ns returns the time of all ops of a round. It collects garbage first, so that one contender does
// not pay for another.
func (r *run) ns() (float64, error) {
	runtime.GC()
	if r.c.workers > 1 {
		return r.nsConcurrent()
	}
	start := time.Now()
	for range r.ops {
		if err := r.c.op(r.next); err != nil {
			return 0, err
		}
		r.next++
	}
	return float64(time.Since(start)), nil
}

func (r *run) nsConcurrent() (float64, error) {
	faults := make([]error, r.c.workers)
	var workers sync.WaitGroup
	start := time.Now()
	for w := range faults {
		workers.Go(func() {
			for i := range r.ops {
				if err := r.c.op(i); err != nil {
					faults[w] = err
					return
				}
			}
		})
	}
	workers.Wait()
	return float64(time.Since(start)), errors.Join(faults...)
}

// A figure is a median with its quartiles.
type figure struct{ median, first, third float64 }

// summary returns the figure of the values.
func summary(values []float64) figure {
	sorted := slices.Sorted(slices.Values(values))
	return figure{quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75)}
}

// quantile interpolates between the two nearest values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// A comparison compares the rounds of two contenders.
type comparison func(of, against []float64) figure

// speedup returns the time of against divided by the time of of, round by round.
func speedup(of, against []float64) figure { return timeRatio(against, of) }

// timeRatio returns the time of of divided by the time of against, round by round.
func timeRatio(of, against []float64) figure {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = of[i] / against[i]
	}
	return summary(ratios)
}

// minTimeRatio compares the shortest rounds, for differences that are smaller than the noise. The
// quartiles are of all rounds, as in timeRatio.
func minTimeRatio(of, against []float64) figure {
	f := timeRatio(of, against)
	f.median = slices.Min(of) / slices.Min(against)
	return f
}

// noComparison returns the summary of of.
func noComparison(of, _ []float64) figure { return summary(of) }
