package jwtexptest_test

import (
	"fmt"
	"runtime"
	"testing"
)

// A recorder is a testing.TB that records messages instead of failing the test. The embedded TB has
// its other methods.
type recorder struct {
	testing.TB
	logs, errors, fatals []string
}

// record runs f with a recorder, in a goroutine of its own that Fatalf ends.
func record(t *testing.T, f func(testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatals = append(r.fatals, fmt.Sprintf(format, args...))
	runtime.Goexit()
}
