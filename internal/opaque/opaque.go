// Package opaque hides values from code that prints by reflection.
//
// Package fmt follows some plain pointers in unexported fields, and packages such as testify
// follow all of them. Both stop at an atomic.Pointer: it holds an unsafe.Pointer, of which they
// print the address. Keys, tokens and the causes of errors are therefore kept behind the two
// types of this package.
package opaque

import (
	"fmt"
	"sync/atomic"
)

// A Pointer is a hidden pointer that can be copied and compared. The zero Pointer is nil. It is
// safe for concurrent use.
type Pointer[T any] struct{ p *atomic.Pointer[T] }

// To returns a Pointer to v.
func To[T any](v *T) Pointer[T] {
	p := new(atomic.Pointer[T])
	p.Store(v)
	return Pointer[T]{p}
}

// Get returns the pointer.
func (p Pointer[T]) Get() *T {
	if p.p == nil {
		return nil
	}
	return p.p.Load()
}

// A Field is a hidden pointer for types that are used by their address: go vet reports a copy of
// a struct with a Field in it (copylocks). The zero Field is nil. It is safe for concurrent use.
type Field[T any] struct{ p atomic.Pointer[T] }

// Set sets the pointer.
func (f *Field[T]) Set(v *T) { f.p.Store(v) }

// Get returns the pointer.
func (f *Field[T]) Get() *T { return f.p.Load() }

// Format prints text under any verb. It is for Format methods: without one, %#v and verbs for other
// types, such as %d, would print the fields of a value.
func Format(f fmt.State, verb rune, text string) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), text)
}
