package session_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
)

// The model of one browser visits every situation that the browser, the instances and the store can
// come to. It shows that an honest browser is never logged out within the bound of
// [session.Policy.Grace]. It asks the real decision, session.Decide.
//
// The browser has one jar, which holds a refresh token. At any moment it may send a request with
// what the jar holds, from any of its tabs. An answer overwrites the jar when it arrives, even if
// the jar holds a newer refresh token. An answer without a refresh token changes nothing. Messages
// overtake each other, and each one may be lost at any moment.
//
// An instance reads its clock, finds the record, decides and, if it must, advances the record.
// Other instances may do anything in between. If Advance does not move the record, the instance
// decides again by the same reading. Each reading may be up to skew ticks ahead. All times are
// whole ticks.
//
// The bound is split in three: answer + request + skew = Grace.
//
//   - An answer's way begins when the instance reads its clock, and ends in the jar. It takes
//     answer ticks at most.
//   - A request's way begins at the jar, and ends at the request's last call of the store. It takes
//     request ticks at most.
//   - A message that would take longer is lost. A request that is lost changes nothing.
//
// A violation is a decision that logs the browser out, or a second Advance that does not move.
//
// Recovery never ends in most tests. In TestBrowserWithinRecovery it ends, and a browser that
// presents a replaced refresh token later than that may be logged out.
//
// The model has two forms. In the first one, a state has up to 6 messages. In the second one, in
// TestBrowserWithAnyNumberOfMessages, it has any number, but no failovers. Both find no violation
// in any split of Grace, and a violation in each split of Grace + 1. The first form has 30,035
// states with a Grace of 2 ticks and 4 messages, and 2,749,074 states with 3 ticks and 6 messages:
//
//	go test ./session -run TestBrowser -v                       # 2 seconds
//	go test ./session -run TestBrowser -v -browser.messages 6 -browser.grace 3  # 90 to 200 seconds, 450 MB
var (
	browserMessages = flag.Int("browser.messages", 4, "number of messages on the wire in the model of a browser, at most 6")
	browserGrace    = flag.Int("browser.grace", 2, "Grace in the model of a browser, in ticks")
)

// splits returns a model for each way to split sum into answer, request and skew.
func splits(grace, sum int) []model {
	var all []model
	for answer := range sum + 1 {
		for request := range sum + 1 - answer {
			all = append(all, model{
				grace:    grace,
				answer:   answer,
				request:  request,
				skew:     sum - answer - request,
				messages: *browserMessages,
				rule:     decide,
			})
		}
	}
	return all
}

// noViolation runs models. It fails if one of them has a violation.
func noViolation(t *testing.T, models []model) {
	t.Helper()
	sum := 0
	for _, m := range models {
		r := m.run()
		t.Logf("%v: %d states", m, r.states)
		sum += r.states
		if r.history != "" {
			t.Errorf("%v: got a violation, want none:%s", m, r.history)
		}
	}
	t.Logf("all: %d states", sum)
}

// violation runs models with 4 messages on the wire. It fails if one of them has no violation.
// Otherwise it logs the shortest one.
func violation(t *testing.T, models []model) {
	t.Helper()
	var shortest string
	for _, m := range models {
		m.messages = 4
		r := m.run()
		if r.history == "" {
			t.Errorf("%v: got no violation in %d states, want one", m, r.states)
			continue
		}
		history := fmt.Sprintf("%v:%s", m, r.history)
		if shortest == "" || strings.Count(history, "\n") < strings.Count(shortest, "\n") {
			shortest = history
		}
	}
	t.Log(shortest)
}

func (m model) String() string {
	return fmt.Sprintf("answer %d, request %d, skew %d", m.answer, m.request, m.skew)
}

func TestBrowserWithinTheBound(t *testing.T) {
	noViolation(t, splits(*browserGrace, *browserGrace))
}

func TestBrowserBeyondTheBound(t *testing.T) {
	violation(t, splits(*browserGrace, *browserGrace+1))
}

// A request's way ends at its last call of the store. If it ended when the instance reads its
// clock, the bound would not hold.
func TestBrowserRequestEndsAtTheStore(t *testing.T) {
	var models []model
	for _, m := range splits(*browserGrace, *browserGrace) {
		if m.answer > 0 { // otherwise the instance takes no time
			m.toReading = true
			models = append(models, m)
		}
	}
	violation(t, models)
}

// A browser stays logged in until it presents a replaced refresh token later than Recovery.
func TestBrowserWithinRecovery(t *testing.T) {
	for recovery := 2 * *browserGrace; recovery <= 3**browserGrace; recovery++ {
		models := splits(*browserGrace, *browserGrace)
		for i := range models {
			models[i].recovery = recovery
		}
		noViolation(t, models)
	}
}

// A browser stays logged in when the store loses one or two Advances while no message is on the
// wire.
func TestBrowserAfterFailover(t *testing.T) {
	models := splits(*browserGrace, *browserGrace)
	for i := range models {
		models[i].failovers, models[i].quiet = 1, true
		models[i].messages-- // a failover multiplies the states
	}
	noViolation(t, models)
}

// A failover while messages are on the wire can log the browser out. After a recovery, for example,
// the record that was lost had another Previous than the one that is restored.
func TestBrowserDuringFailover(t *testing.T) {
	models := splits(*browserGrace, *browserGrace)
	for i := range models {
		models[i].failovers = 1
	}
	violation(t, models)
}
