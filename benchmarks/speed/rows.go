package main

// fastestPeer stands for the fastest library of a group other than jwtexp.
const fastestPeer = "the fastest peer"

// A row of the table of goals compares two contenders of a group.
type row struct {
	group, of, against string // against is "" if the row compares nothing
	compare            comparison
	goal
	unit          string // "" for a ratio
	oneAllocation bool   // whether the goal also allows at most one allocation
}

// A goal bounds a median. At most one of atLeast and atMost is set. aim is a better bound, or 0.
type goal struct{ atLeast, atMost, aim float64 }

func (g goal) isSet() bool { return g.atLeast > 0 || g.atMost > 0 }

var rows = []row{
	{group: verifyHS256, of: jwtexpName, against: golangJWT.name, compare: speedup, goal: goal{atLeast: 4, aim: 5}},
	{group: verifyHS256, of: jwtexpName, against: fastestPeer, compare: speedup, goal: goal{atLeast: 3, aim: 4}},
	{group: verifyHS256, of: jwtexpName, against: theFloor, compare: timeRatio, goal: goal{atMost: 3, aim: 2.3}},
	{group: verifyHS256, of: jsonFloor, against: golangJWT.name, compare: speedup},
	{group: uniqueHeaders, of: jwtexpName, against: golangJWT.name, compare: speedup},
	{group: uniqueHeaders, of: jwtexpName, against: theFloor, compare: timeRatio},
	{group: verifyClaims, of: jwtexpName, against: golangJWT.name, compare: speedup, goal: goal{atLeast: 2.8, aim: 3.5}},
	{group: verifyClaims, of: jsonFloor, against: golangJWT.name, compare: speedup},
	{group: verifyRS256, of: jwtexpName, against: rawCrypto, compare: minTimeRatio, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: verifyES256, of: jwtexpName, against: rawCrypto, compare: minTimeRatio, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: verifyEdDSA, of: jwtexpName, against: rawCrypto, compare: minTimeRatio, goal: goal{atMost: 1.1, aim: 1.05}},
	{group: issueHS256, of: jwtexpName, against: golangJWT.name, compare: speedup, goal: goal{atLeast: 3, aim: 4}},
	{group: issueHS256, of: jwtexpName, against: fastestPeer, compare: speedup, goal: goal{atLeast: 1.7, aim: 2.3}},
	{group: issueHS256, of: jsonFloor, against: golangJWT.name, compare: speedup},
	{group: issueHS256, of: jsonFloor, against: fastestPeer, compare: speedup},
	{group: issueHS256, of: jwtexpName, against: theFloor, compare: timeRatio},
	{group: middlewareHS256, of: jwtexpName, against: golangJWT.name, compare: speedup, goal: goal{atLeast: 4, aim: 5}},
	{group: middlewareHS256, of: jsonFloor, against: golangJWT.name, compare: speedup},
	{group: cacheHitHS256, of: jwtexpName, compare: noComparison, goal: cacheHitGoal, unit: " ns", oneAllocation: true},
	{group: cacheHitHS256, of: jwtexpName, against: uncached, compare: speedup},
	{group: cacheHitRS256, of: jwtexpName, compare: noComparison, goal: cacheHitGoal, unit: " ns", oneAllocation: true},
	{group: cacheHitRS256, of: jwtexpName, against: uncached, compare: speedup},
	{group: cacheHitES256, of: jwtexpName, compare: noComparison, goal: cacheHitGoal, unit: " ns", oneAllocation: true},
	{group: cacheHitES256, of: jwtexpName, against: uncached, compare: speedup},
	{group: cacheHitEdDSA, of: jwtexpName, compare: noComparison, goal: cacheHitGoal, unit: " ns", oneAllocation: true},
	{group: cacheHitEdDSA, of: jwtexpName, against: uncached, compare: speedup},
	{group: cacheFull, of: jwtexpName, against: uncached, compare: speedup, goal: goal{atLeast: 30, aim: 80}},
	{group: cacheThroughput, of: twoGoroutines, against: oneGoroutine, compare: speedup, goal: goal{atLeast: 1.6, aim: 1.9}},
	{group: cacheThroughput, of: twoUnshared, against: oneUnshared, compare: speedup},
	{group: cacheMemory, of: jwtexpName, compare: noComparison, goal: goal{atMost: 1300, aim: 900}, unit: " B"},
	{group: claimCounts, of: "10 claims", compare: noComparison, unit: " ns"},
	{group: claimCounts, of: "100 claims", compare: noComparison, unit: " ns"},
	{group: claimCounts, of: "1,000 claims", compare: noComparison, unit: " ns"},
	{group: claimCounts, of: "1,000 claims", against: "100 claims", compare: timeRatio, goal: goal{atMost: 1.25}},
	{group: keyCounts, of: "10 keys", against: "1 key", compare: timeRatio},
	{group: keyCounts, of: "100 keys", against: "1 key", compare: timeRatio},
	{group: keyCounts, of: "1,000 keys", against: "1 key", compare: timeRatio, goal: goal{atMost: 1.25}},
}

// cacheHitGoal is the goal for a cache hit with any algorithm.
var cacheHitGoal = goal{atMost: 250, aim: 100}

// A result is the measured value of a row.
type result struct {
	row
	figure
	allocations float64
}

// evaluate compares the contenders of the row, and replaces fastestPeer by its name.
func (r row) evaluate(measured []measurement) result {
	against := r.against
	if against == fastestPeer {
		against = fastest(measured)
		r.against = against + ", " + fastestPeer
	}
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

// find returns the measurement with the given name, or the zero measurement.
func find(measured []measurement, name string) measurement {
	for _, m := range measured {
		if m.name == name {
			return m
		}
	}
	return measurement{}
}

func (r result) met() bool {
	switch {
	case r.oneAllocation && r.allocations > 1:
		return false
	case r.atLeast > 0:
		return r.median >= r.atLeast
	}
	return !r.isSet() || r.median <= r.atMost
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
