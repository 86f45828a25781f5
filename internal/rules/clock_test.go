package rules_test

import (
	"slices"
	"strings"
	"testing"
)

// wallClock is every function that reads the system's clock or waits by it.
var wallClock = []string{
	"time.Now", "time.Since", "time.Until",
	"time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick", "time.Sleep",
	"context.WithTimeout", "context.WithTimeoutCause", "context.WithDeadline", "context.WithDeadlineCause",
}

// The library has one clock: time.Now is named once, in clock.go, and nothing
// else of wallClock anywhere, but for the one timeout that WithContextDeadline is.
// Whoever needs the time is handed a reading, or an injected Clock. Examples are
// programs, and may do as programs do.
//
// What this does not see is a clock behind another package's function or field,
// such as the timeouts of an http.Server, and files that the build leaves out.
func TestOnlyClockGoReadsTheWallClock(t *testing.T) {
	got := wallClockIn(t, packages(t, false))
	if len(got) != 2 || got[0].file != "clock.go" || got[0].function != "time.Now" ||
		got[1].file != "verifier.go" || got[1].function != "context.WithTimeoutCause" {
		t.Errorf("got uses of the wall clock %v, want time.Now in clock.go and context.WithTimeoutCause in verifier.go, once each", got)
	}
}

// Key sets over HTTP go by the time that they are handed. What the system's clock
// bounds is how long a fetch takes.
func TestOnlyAFetchIsTimedInJWKS(t *testing.T) {
	got := wallClockIn(t, packagesOf(t, jwks, false))
	if len(got) != 1 || got[0].file != "fetch.go" || got[0].function != "context.WithTimeout" {
		t.Errorf("got uses of the wall clock %v, want context.WithTimeout in fetch.go, once", got)
	}
}

func wallClockIn(t *testing.T, packages []*listing) []use {
	t.Helper()
	var found []use
	for _, p := range packages {
		if !under(p.path(), "examples") {
			found = append(found, load(t, p).resolve(t, p.ImportMap).usesOf(wallClock...)...)
		}
	}
	slices.SortFunc(found, func(a, b use) int { return strings.Compare(a.file, b.file) })
	return found
}

func TestWallClockIsFoundInEveryForm(t *testing.T) {
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
