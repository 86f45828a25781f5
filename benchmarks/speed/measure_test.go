package main

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSummary(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   figure
	}{
		{"one", []float64{7}, figure{7, 7, 7}},
		{"two", []float64{4, 2}, figure{3, 2.5, 3.5}},
		{"odd", []float64{5, 1, 3, 2, 4}, figure{3, 2, 4}},
		{"even", []float64{40, 10, 30, 20}, figure{25, 17.5, 32.5}},
		{"outlier", []float64{1, 1, 1, 1, 1000}, figure{1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.values)
			if got := summary(tt.values); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if !slices.Equal(tt.values, before) {
				t.Errorf("got the values in the order %v, want no change", tt.values)
			}
		})
	}
}

// The second round is slow for both contenders. It does not change the ratio within the round, but
// it would change a ratio of medians.
func TestComparisons(t *testing.T) {
	of, against := []float64{10, 100, 12}, []float64{20, 400, 60}
	tests := []struct {
		name    string
		compare comparison
		want    float64
	}{
		{"speedup", speedup, 4},
		{"time ratio", timeRatio, 0.25},
		{"ratio of the shortest times", minTimeRatio, 0.5},
		{"no comparison", noComparison, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.compare(of, against).median; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMeasureOrder(t *testing.T) {
	var turns []string
	named := func(name string) contender {
		return contender{name: name, op: func(int) error { turns = append(turns, name); return nil }}
	}
	measured, err := measure([]contender{named("a"), named("b"), named("c")}, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(turns[len(turns)-9:], ""), "abccbaabc"; got != want {
		t.Errorf("got the turns %s, want %s", got, want)
	}
	for _, m := range measured {
		if len(m.rounds) != 3 {
			t.Errorf("got %d rounds of %s, want 3", len(m.rounds), m.name)
		}
	}
}

func TestMeasureCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in a bubble, an op takes exactly the time that it sleeps
		sleep := func(int) error { time.Sleep(2 * time.Millisecond); return nil }
		var kept []byte
		allocate := func(int) error { kept = make([]byte, 100); return sleep(len(kept)) }
		measured, err := measure([]contender{
			{name: "ops", op: sleep},
			{name: "bytes", op: sleep, bytes: 1000},
			{name: "workers", op: sleep, workers: 4},
			{name: "allocations", op: allocate},
			{name: "a value", value: func() (float64, error) { return 42, nil }},
		}, 1, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{"ops": 2e6, "bytes": 2e3, "workers": 5e5, "allocations": 2e6, "a value": 42} {
			if got := find(measured, name).rounds[0]; got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
		if got := find(measured, "allocations").allocations; got < 1 {
			t.Errorf("got %v allocations, want at least 1", got)
		}
	})
}

func TestMeasureReportsErrors(t *testing.T) {
	want := errors.New("op failed")
	for _, workers := range []int{1, 2} {
		count := new(atomic.Int64)
		op := func(int) error {
			if count.Add(1) > 3 {
				return want
			}
			return nil
		}
		if _, err := measure([]contender{{name: "a", op: op, workers: workers}}, 1, time.Millisecond); !errors.Is(err, want) {
			t.Errorf("%d workers: got %v, want %v", workers, err, want)
		}
	}
	_, err := measure([]contender{{name: "a", value: func() (float64, error) { return 0, want }}}, 1, 1)
	if !errors.Is(err, want) {
		t.Errorf("a value: got %v, want %v", err, want)
	}
}
