package session_test

import (
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// instead returns the rule of Refresh with one change: at the ages that when accepts, it has
// another outcome. A nil when accepts every age.
func instead(outcome, other string, when func(age, grace time.Duration) bool) rule {
	return func(p session.Policy, r session.Record, generation uint32, age time.Duration) (string, session.Step) {
		o, s := decide(p, r, generation, age)
		if o != outcome || when != nil && !when(age, p.Grace) {
			return o, s
		}
		switch other {
		case "replace":
			return other, session.Step{From: generation, Presented: generation}
		case "recovered":
			return other, session.Step{From: r.Generation, Presented: generation}
		}
		return other, session.Step{}
	}
}

// forgetPresented is the rule of Refresh, but a recovery advances as if the client had the
// successor.
func forgetPresented(p session.Policy, r session.Record, generation uint32, age time.Duration) (string, session.Step) {
	o, s := decide(p, r, generation, age)
	if o == "recovered" {
		s.Presented = r.Generation
	}
	return o, s
}

// brokenRules log an honest browser out, or never answer it.
var brokenRules = []struct {
	name  string
	rule  rule
	equal bool
}{
	{"a token is replaced from Grace on", instead("repeat", "replace", func(age, grace time.Duration) bool { return age >= grace }), false},
	{"a token is replaced a tick before 2 Grace", instead("repeat", "replace", func(age, grace time.Duration) bool { return age >= 2*grace-tick }), false},
	{"the successor is given until 2 Grace", instead("keep", "repeat", nil), false},
	{"the successor is given a tick after Grace", instead("keep", "repeat", func(age, grace time.Duration) bool { return age == grace }), false},
	{"recovery instead of empty answers", instead("keep", "recovered", nil), false},
	{"recovery a tick before 2 Grace", instead("keep", "recovered", func(age, grace time.Duration) bool { return age >= 2*grace-tick }), false},
	{"reuse instead of empty answers", instead("keep", "reused", nil), false},
	{"recovery gives the successor again and does not advance", instead("recovered", "repeat", nil), false},
	{"recovery advances and does not skip the successor", forgetPresented, false},
	{"no recovery", instead("recovered", "reused", nil), false},
	{"Advance compares with == after a failover", decide, true},
}

func TestBrowserFindsBrokenRules(t *testing.T) {
	for _, broken := range brokenRules {
		t.Run(broken.name, func(t *testing.T) {
			models := splits(*browserGrace, *browserGrace)
			for i := range models {
				models[i].rule = broken.rule
				if broken.equal {
					models[i].equal, models[i].failovers, models[i].quiet = true, 1, true
				}
			}
			violation(t, models)
		})
	}
}
