package sloppy_test

import (
	"fmt"
	"regexp"
	"runtime"
	"testing"
)

// A recorder is a testing.TB that records the rules that a handler keeps and breaks. It does not
// fail the test.
type recorder struct {
	testing.TB
	kept, broken []string
	fatal        string
}

// record calls f with a recorder, in a goroutine that Fatalf can end.
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

var rule = regexp.MustCompile(`^rule "(.+?)" \(`)

func (r *recorder) Logf(format string, args ...any) { r.kept = append(r.kept, ruleOf(format, args)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.broken = append(r.broken, ruleOf(format, args))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func ruleOf(format string, args []any) string {
	message := fmt.Sprintf(format, args...)
	match := rule.FindStringSubmatch(message)
	if match == nil {
		return "not a rule: " + message
	}
	return match[1]
}
