package jwtexp

import "weak"

// SameContents reports whether two Tokens share their contents in memory, as Tokens from a cache do.
func SameContents(t, u *Token) bool { return t.in.Get() == u.in.Get() }

// ContentsOf returns a function that reports whether the contents of t are still in memory.
func ContentsOf(t *Token) (alive func() bool) {
	p := weak.Make(t.in.Get())
	return func() bool { return p.Value() != nil }
}
