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

// A contender is one way to do what a group measures.
type contender struct {
	name string
	peer bool // another library
	// op does it once, with the i-th token where there are several.
	op      func(i int) error
	workers int // goroutines that do it at the same time, 0 for one
	bytes   int // what one op handles, where the time is that per byte
	// value replaces op where it is no time that is measured.
	value func() (float64, error)
}

// A measurement is what a contender took: ns per op, or per byte, in each round.
type measurement struct {
	contender
	rounds      []float64
	allocations float64 // per op
}

// measure runs the contenders right after one another, so that whatever else the
// machine does strikes neighbours alike, and in the reverse order in every second
// round, so that nobody is always the first. Each runs for about d in a round.
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

// A run is a contender under way.
type run struct {
	c           contender
	value       float64
	ops         int // in a round, of each worker
	next        int // the op to go on with
	allocations float64
}

// prepare finds out how many ops take d, and warms up by it. What is no time does
// not depend on who else uses the machine, and is measured once.
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

// once is one round.
func (r *run) once() (float64, error) {
	if r.c.value != nil {
		return r.value, nil
	}
	took, err := r.ns()
	return took / float64(r.ops*max(1, r.c.workers)*max(1, r.c.bytes)), err
}

// ns tells how long all ops of a round take. The garbage of others is collected
// before.
func (r *run) ns() (float64, error) {
	runtime.GC()
	if r.c.workers > 1 {
		return r.nsAtOnce()
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

func (r *run) nsAtOnce() (float64, error) {
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

// A figure is a median, and the quartiles around it.
type figure struct{ median, first, third float64 }

// summary is the figure of the values.
func summary(values []float64) figure {
	sorted := slices.Sorted(slices.Values(values))
	return figure{quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75)}
}

// quantile lies between the two values that are nearest.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// A comparison holds a contender's rounds against another's.
type comparison func(of, against []float64) figure

// timesFaster is how often of does its work while against does it once, round by
// round.
func timesFaster(of, against []float64) figure { return timesAsLong(against, of) }

// timesAsLong is how much longer of takes, round by round.
func timesAsLong(of, against []float64) figure {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = of[i] / against[i]
	}
	return summary(ratios)
}

// minimaAsLong compares the rounds that were disturbed the least. It is for
// differences smaller than the noise; the spread is that of the rounds.
func minimaAsLong(of, against []float64) figure {
	f := timesAsLong(of, against)
	f.median = slices.Min(of) / slices.Min(against)
	return f
}

// alone does not compare.
func alone(of, _ []float64) figure { return summary(of) }
