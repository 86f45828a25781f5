//go:build rules

package rules_test

import (
	"slices"
	"testing"
)

// wallClock lists the functions that read the system clock or set a timer.
var wallClock = []string{
	"time.Now", "time.Since", "time.Until",
	"time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick", "time.Sleep",
	"context.WithTimeout", "context.WithTimeoutCause", "context.WithDeadline", "context.WithDeadlineCause",
}

// The library has one clock. Only clock.go uses time.Now, and only once. The other functions of
// wallClock in the library are the timeout of WithContextDeadline, the polls of a keyring.Rotator
// with their timeout, the wait for a lock in keyring.Directory, the bound on the end of a session after
// its caller has hung up, and the polls of a session.Watcher with their timeout. sessiontest bounds each call of a store, and passes a deadline in the
// past. All other code receives a reading or an injected Clock. The rule does not apply to examples.
//
// The rule does not find a clock behind a function or a field of another package, such as the
// timeouts of an http.Server. It does not read files that build constraints exclude.
func TestOnlyClockGoReadsTheWallClock(t *testing.T) {
	got := wallClockIn(t, packages(t, false))
	want := []string{"clock.go: time.Now", "keyring/lock_unix.go: time.After", "keyring/rotator.go: context.WithTimeout",
		"keyring/rotator.go: time.NewTicker", "session/end.go: context.WithTimeout",
		"session/poll.go: context.WithTimeout", "session/poll.go: time.NewTicker", "session/poll.go: time.NewTicker",
		"session/sessiontest/probe.go: context.WithTimeout", "session/sessiontest/rules_context.go: context.WithDeadline", "verifier.go: context.WithTimeoutCause"}
	if !slices.Equal(got, want) {
		t.Errorf("got uses of the wall clock %v, want %v", got, want)
	}
}

// Package jwks uses the time that its callers pass. Only the timeout of a fetch uses the system
// clock.
func TestOnlyAFetchHasATimeoutInJWKS(t *testing.T) {
	got := wallClockIn(t, packagesOf(t, jwks, false))
	if want := []string{"fetch.go: context.WithTimeoutCause"}; !slices.Equal(got, want) {
		t.Errorf("got uses of the wall clock %v, want %v", got, want)
	}
}

// wallClockIn returns the uses of the wall clock, each as file and function, sorted.
func wallClockIn(t *testing.T, packages []*listing) []string {
	t.Helper()
	var found []string
	for _, p := range packages {
		if under(p.path(), "examples") {
			continue
		}
		for _, u := range load(t, p).resolve(t, p.ImportMap).usesOf(wallClock...) {
			found = append(found, u.file+": "+u.function)
		}
	}
	slices.Sort(found)
	return found
}

func TestUsesOfTheWallClockAreFound(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"call", `import "time"; var x = time.Now()`, []string{"time.Now"}},
		{"call in parentheses", `import "time"; var x = (time.Now)()`, []string{"time.Now"}},
		{"conversion", `import "time"; type ClockFunc func() time.Time; var x = ClockFunc(time.Now)`, []string{"time.Now"}},
		{"value in a struct", `import "time"; var x = struct{ now func() time.Time }{time.Now}`, []string{"time.Now"}},
		{"import under another name", `import t "time"; var x = t.Now()`, []string{"time.Now"}},
		{"dot import", `import . "time"; var x = Now()`, []string{"time.Now"}},
		{"two imports", `import ("time"; t "time"); var x, y = time.Now, t.Now`, []string{"time.Now", "time.Now"}},
		{"differences", `import "time"; var x, y = time.Since, time.Until`, []string{"time.Since", "time.Until"}},
		{"callbacks", `import "time"; var x, y = time.AfterFunc, time.Sleep`, []string{"time.AfterFunc", "time.Sleep"}},
		{"timers", `import "time"; var w, x, y, z = time.After, time.NewTimer, time.NewTicker, time.Tick`,
			[]string{"time.After", "time.NewTimer", "time.NewTicker", "time.Tick"}},
		{"timeouts", `import "context"; var x, y = context.WithTimeout, context.WithTimeoutCause`,
			[]string{"context.WithTimeout", "context.WithTimeoutCause"}},
		{"deadlines", `import "context"; var x, y = context.WithDeadline, context.WithDeadlineCause`,
			[]string{"context.WithDeadline", "context.WithDeadlineCause"}},

		{"arithmetic on a reading", `import "time"; func f(t, u time.Time) (time.Duration, bool) { return t.Sub(u), t.After(u) }`, nil},
		{"a variable called time", `type clock struct{}; func (clock) Now() int { return 0 }; var time clock; var x = time.Now()`, nil},
		{"text", "var x = `time.Now()` // time.Now()", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, u := range fixture(t, "package fixture; "+tt.text).resolve(t, nil).usesOf(wallClock...) {
				got = append(got, u.function)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
