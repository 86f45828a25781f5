package main

import (
	"io"
	"regexp"
	"testing"
)

func TestGoals(t *testing.T) {
	tests := []struct {
		name string
		row
		median, allocations float64
		want                string
	}{
		{"at least, missed", row{goal: goal{atLeast: 4, aim: 5}}, 3.9, 0, "NO"},
		{"at least, met", row{goal: goal{atLeast: 4, aim: 5}}, 4, 0, "yes"},
		{"at least, aim met", row{goal: goal{atLeast: 4, aim: 5}}, 5, 0, "yes, aim"},
		{"at most, missed", row{goal: goal{atMost: 3, aim: 2}}, 3.1, 0, "NO"},
		{"at most, met", row{goal: goal{atMost: 3, aim: 2}}, 3, 0, "yes"},
		{"at most, aim met", row{goal: goal{atMost: 3, aim: 2}}, 2, 0, "yes, aim"},
		{"without an aim", row{goal: goal{atMost: 3}}, 0, 0, "yes"},
		{"two allocations", row{goal: goal{atMost: 3}, oneAllocation: true}, 1, 2, "NO"},
		{"one allocation", row{goal: goal{atMost: 3}, oneAllocation: true}, 1, 1, "yes"},
		{"no goal", row{}, 1, 9, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := result{tt.row, figure{median: tt.median}, tt.allocations}
			if got := r.verdict(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if r.met() != (tt.want != "NO") {
				t.Errorf("got met() %t for verdict %q", r.met(), tt.want)
			}
		})
	}
}

func TestFastestPeer(t *testing.T) {
	r := row{of: jwtexpName, against: fastestPeer, compare: speedup}
	got := r.evaluate([]measurement{
		{contender: contender{name: "slow", peer: true}, rounds: []float64{9}},
		{contender: contender{name: theFloor}, rounds: []float64{1}},
		{contender: contender{name: "fast", peer: true}, rounds: []float64{6}},
		{contender: contender{name: jwtexpName}, rounds: []float64{3}},
	})
	if got.against != "fast, the fastest peer" || got.median != 2 {
		t.Errorf("got %v against %q, want 2 against \"fast, the fastest peer\"", got.median, got.against)
	}
}

// The group and the contenders of every row exist.
func TestRowsAreMeasured(t *testing.T) {
	s := settings{rounds: 1, turn: 1, only: regexp.MustCompile("")}
	measured, err := measureAll(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		group := measured[row.group]
		if find(group, row.of).rounds == nil {
			t.Errorf("%s: got no contender %q, want one", row.group, row.of)
		}
		if row.against != "" && row.against != fastestPeer && find(group, row.against).rounds == nil {
			t.Errorf("%s: got no contender %q, want one", row.group, row.against)
		}
	}
	report(io.Discard, s, measured)
}
