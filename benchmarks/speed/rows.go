package main

// fastestPeer is whichever library of a group takes the least time, but jwtexp.
const fastestPeer = "the fastest peer"

// A row of the table of goals holds one contender of a group against another.
type row struct {
	group, of, against string // against is "" where nothing is compared
	compare            comparison
	goal
	unit          string // "" for a ratio
	oneAllocation bool   // at most one allocation is part of the goal
}

// A goal is a bound for a median, and the better one that is aimed at. One of
// atLeast and atMost is set, or none where the row only informs.
type goal struct{ atLeast, atMost, aim float64 }

var rows = []row{
	{group: verifyHS256, of: ours, against: golangJWT.name, compare: timesFaster, goal: goal{atLeast: 4, aim: 5}},
	{group: verifyHS256, of: ours, against: fastestPeer, compare: timesFaster, goal: goal{atLeast: 3, aim: 4}},
	{group: verifyHS256, of: ours, against: theFloor, compare: timesAsLong, goal: goal{atMost: 3, aim: 2.3}},
	{group: verifyHS256, of: jsonFloor, against: golangJWT.name, compare: timesFaster},
	{group: coldHeaders, of: ours, against: golangJWT.name, compare: timesFaster},
	{group: coldHeaders, of: ours, against: theFloor, compare: timesAsLong},
	{group: verifyClaims, of: ours, against: golangJWT.name, compare: timesFaster, goal: goal{atLeast: 2.8, aim: 3.5}},
	{group: verifyClaims, of: jsonFloor, against: golangJWT.name, compare: timesFaster},
	{group: verifyRS256, of: ours, against: rawCrypto, compare: minimaAsLong, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: verifyES256, of: ours, against: rawCrypto, compare: minimaAsLong, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: verifyEdDSA, of: ours, against: rawCrypto, compare: minimaAsLong, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: issueHS256, of: ours, against: golangJWT.name, compare: timesFaster, goal: goal{atLeast: 3, aim: 4}},
	{group: issueHS256, of: ours, against: fastestPeer, compare: timesFaster, goal: goal{atLeast: 1.7, aim: 2.3}},
	{group: issueHS256, of: jsonFloor, against: golangJWT.name, compare: timesFaster},
	{group: issueHS256, of: jsonFloor, against: fastestPeer, compare: timesFaster},
	{group: issueHS256, of: ours, against: theFloor, compare: timesAsLong},
	{group: middlewareHS, of: ours, against: golangJWT.name, compare: timesFaster, goal: goal{atLeast: 4, aim: 5}},
	{group: middlewareHS, of: jsonFloor, against: golangJWT.name, compare: timesFaster},
	{group: cachedHS256, of: ours, compare: alone, goal: hot, unit: " ns", oneAllocation: true},
	{group: cachedHS256, of: ours, against: uncached, compare: timesFaster},
	{group: cachedRS256, of: ours, compare: alone, goal: hot, unit: " ns", oneAllocation: true},
	{group: cachedRS256, of: ours, against: uncached, compare: timesFaster},
	{group: cachedES256, of: ours, compare: alone, goal: hot, unit: " ns", oneAllocation: true},
	{group: cachedES256, of: ours, against: uncached, compare: timesFaster},
	{group: cachedEdDSA, of: ours, compare: alone, goal: hot, unit: " ns", oneAllocation: true},
	{group: cachedEdDSA, of: ours, against: uncached, compare: timesFaster},
	{group: cachedMany, of: ours, against: uncached, compare: timesFaster, goal: goal{atLeast: 30, aim: 80}},
	{group: cachedTwo, of: twoGoroutines, against: oneGoroutine, compare: timesFaster, goal: goal{atLeast: 1.6, aim: 1.9}},
	{group: cachedTwo, of: twoSpinning, against: oneSpinning, compare: timesFaster},
	{group: cacheMemory, of: ours, compare: alone, goal: goal{atMost: 1300, aim: 900}, unit: " B"},
	{group: sizes, of: "10 claims", compare: alone, unit: " ns"},
	{group: sizes, of: "100 claims", compare: alone, unit: " ns"},
	{group: sizes, of: "1,000 claims", compare: alone, unit: " ns"},
	{group: sizes, of: "1,000 claims", against: "100 claims", compare: timesAsLong, goal: goal{atMost: 1.25}},
	{group: keyCounts, of: "10 keys", against: "1 key", compare: timesAsLong},
	{group: keyCounts, of: "100 keys", against: "1 key", compare: timesAsLong},
	{group: keyCounts, of: "1,000 keys", against: "1 key", compare: timesAsLong, goal: goal{atMost: 1.25}},
}

// hot is the goal of a token that the cache has, whatever its algorithm.
var hot = goal{atMost: 250, aim: 100}

// A result is a row that has been measured.
type result struct {
	row
	figure
	allocations float64
}

// evaluate finds the two contenders among what their group measured, and names
// the fastest peer.
func (r row) evaluate(measured []measurement) result {
	if r.against == fastestPeer {
		r.against = fastest(measured) + ", " + fastestPeer
		return r.result(measured, fastest(measured))
	}
	return r.result(measured, r.against)
}

func (r row) result(measured []measurement, against string) result {
	of := find(measured, r.of)
	return result{r, r.compare(of.rounds, find(measured, against).rounds), of.allocations}
}

func fastest(measured []measurement) string {
	var best measurement
	for _, m := range measured {
		if m.peer && (best.name == "" || summary(m.rounds).median < summary(best.rounds).median) {
			best = m
		}
	}
	return best.name
}

// find returns the zero measurement where nobody is asked for.
func find(measured []measurement, name string) measurement {
	for _, m := range measured {
		if m.name == name {
			return m
		}
	}
	return measurement{}
}

// informs tells a row without a goal.
func (g goal) informs() bool { return g.atLeast == 0 && g.atMost == 0 }

func (r result) met() bool {
	switch {
	case r.oneAllocation && r.allocations > 1:
		return false
	case r.atLeast > 0:
		return r.median >= r.atLeast
	}
	return r.informs() || r.median <= r.atMost
}

func (r result) aimMet() bool {
	switch {
	case !r.met() || r.aim == 0:
		return false
	case r.atLeast > 0:
		return r.median >= r.aim
	}
	return r.median <= r.aim
}
