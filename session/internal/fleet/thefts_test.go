package fleet_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// TestThefts reports how long a thief lasts: the time from the thief's first access token until the
// session ends. Owner and thief have access tokens of 10 minutes. The owner is an app that renews
// at 80 to 90 % of them. It loses 0.5 % of the answers, and then retries. Run it with -v for the
// report.
func TestThefts(t *testing.T) {
	tests := []struct {
		name      string
		plot      plot
		slower    int     // one in so many thefts is simulated, because each takes long
		hour, six float64 // shares of thefts that must be over within 1 hour and 6 hours
	}{
		{"any time", anyTime, 1, .97, 1},
		{"the client's schedule", schedule, 1, .97, 1},
		{"the client's schedule, after the client", shadow, 1, .85, 1},
		{"in turns", turn, 1, 1, 1},
		{"between Grace and twice Grace after the owner", late, 1, .97, 1},
		{"within half of Grace after the owner", aim, 20, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var lasted []time.Duration
			for seed := uint64(1); len(lasted) < max(*thefts/test.slower, 1); seed++ {
				if d, ok := simulateTheft(t, seed, test.plot); ok {
					lasted = append(lasted, d)
				}
			}
			slices.Sort(lasted)
			hour, six := shareOver(lasted, time.Hour), shareOver(lasted, 6*time.Hour)
			t.Logf("%d thefts: over within 1 h: %.1f %%, 6 h: %.1f %%; median %v, 98 %%: %v, longest %v", len(lasted),
				100*hour, 100*six, lasted[len(lasted)/2].Round(time.Second),
				lasted[len(lasted)*98/100].Round(time.Second), lasted[len(lasted)-1].Round(time.Second))
			if hour < test.hour || six < test.six {
				t.Errorf("got %.3f over within 1 h and %.3f within 6 h, want %.3f and %.3f at least", hour, six, test.hour, test.six)
			}
		})
	}
}

// theftHorizon is when the simulation of a theft ends. The theft is within the first 6 hours.
const theftHorizon = 30 * time.Hour

// simulateTheft returns how long a thief lasts. ok is false if the thief never refreshed, or if the
// session ended for another reason.
func simulateTheft(t *testing.T, seed uint64, p plot) (lasted time.Duration, ok bool) {
	r := rand.New(rand.NewPCG(seed, uint64(p)))
	one := plan{
		policy: session.Policy{Lifetime: 30 * day, Idle: 14 * day, Grace: session.DefaultGrace},
		lost:   .005, horizon: theftHorizon,
	}
	one.drawTimes(r)
	w := newWorld(seed, one, r, faults{})
	c := &client{w: w, subject: "owner", app: true, loads: 1 << 30, single: true}
	c.login()
	var thief *robber
	w.after(between(r, time.Minute, 6*time.Hour), func() {
		if c.l != nil {
			thief = w.rob(c, p, 1<<30)
		}
	})
	w.run()
	report(t, w)
	switch l := w.ledgers[0]; {
	case thief == nil || thief.first == 0 && !thief.over:
		return 0, false
	case !l.hasEnded():
		return w.now - thief.first, true
	case l.cause != "thief":
		return 0, false
	case thief.first == 0: // the first refresh ended it
		return 0, true
	default:
		return l.ended - thief.first, true
	}
}

func shareOver(sorted []time.Duration, within time.Duration) float64 {
	n, _ := slices.BinarySearch(sorted, within+1)
	return float64(n) / float64(len(sorted))
}
