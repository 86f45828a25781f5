// Package setup collects the faults of a configuration, so that one error names all of them.
package setup

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// ErrGivenTwice is the fault of an option that was given before.
var ErrGivenTwice = errors.New("given twice")

// ErrNilOption is the fault of a nil option.
var ErrNilOption = errors.New("a nil option")

// A Setup is one call of a constructor. It is not safe for concurrent use. Make it with New.
type Setup struct {
	constructor string
	given       map[string]bool // options, by name
	faults      []error
}

// New returns a Setup without faults. constructor is the prefix of each fault, such as
// "jwtexp: NewIssuer".
func New(constructor string) *Setup {
	return &Setup{constructor: constructor, given: make(map[string]bool)}
}

// Fault adds what is wrong with an argument. It does nothing if err is nil.
func (s *Setup) Fault(argument string, err error) {
	if err != nil {
		s.faults = append(s.faults, fmt.Errorf("%s: %s: %w", s.constructor, argument, err))
	}
}

// Option records that the named option was given, and adds what is wrong with it. A second one
// of the same name is a fault.
func (s *Setup) Option(name string, err error) {
	if s.given[name] {
		s.Fault(name, ErrGivenTwice)
	}
	s.given[name] = true
	s.Fault(name, err)
}

// Err returns all faults joined, or nil.
func (s *Setup) Err() error { return errors.Join(s.faults...) }

// Apply applies the options in order. A nil option is a fault.
func Apply[O any](s *Setup, options []O, apply func(O)) {
	for _, o := range options {
		if any(o) == nil {
			s.Fault("options", ErrNilOption)
			continue
		}
		apply(o)
	}
}

// CheckLifetime returns an error unless d can be the lifetime of a token: exp and iat are written in
// whole seconds.
func CheckLifetime(d time.Duration) error {
	if d < time.Second || d%time.Second != 0 {
		return fmt.Errorf("invalid lifetime %v: want a positive number of whole seconds, such as 15*time.Minute", d)
	}
	return nil
}

// IsNil reports whether v is nil or an interface that holds a nil pointer, func, map, slice or
// channel.
func IsNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return r.IsNil()
	}
	return false
}
