package conformance

import (
	"fmt"
	"math"
	"math/big"
	"time"
)

// Seconds is a number of seconds, exact to the nanosecond. Digits below a nanosecond are dropped,
// because a clock does not show them.
type Seconds struct{ nanoseconds big.Int }

// UnmarshalJSON reads a JSON number.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	seconds, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return fmt.Errorf("%q is not a number", text)
	}
	n := seconds.Mul(seconds, big.NewRat(int64(time.Second), 1))
	s.nanoseconds.Div(n.Num(), n.Denom()) // rounds down, also below 0
	return nil
}

// Time returns the time that is s after the start of 1970.
func (s *Seconds) Time() time.Time {
	sec, nsec := new(big.Int).DivMod(&s.nanoseconds, big.NewInt(int64(time.Second)), new(big.Int))
	return time.Unix(sec.Int64(), nsec.Int64())
}

// Duration returns s, or the longest Duration if s is longer.
func (s *Seconds) Duration() time.Duration {
	if !s.nanoseconds.IsInt64() {
		return math.MaxInt64
	}
	return time.Duration(s.nanoseconds.Int64())
}
