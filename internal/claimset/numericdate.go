package claimset

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxNumericDate is the last second with a four-digit year, 9999-12-31T23:59:59Z. Later values are
// rejected: no real token has them, and attackers use them to look for overflows.
const MaxNumericDate int64 = 253402300799

var errBefore1970 = errors.New("before 1970")

// tooLate returns the error for a number with so many digits before the decimal point.
func tooLate(digits int) error {
	unit := ""
	switch digits {
	case 13, 14:
		unit = "milliseconds"
	case 16, 17:
		unit = "microseconds"
	case 19, 20:
		unit = "nanoseconds"
	default:
		return errors.New("after the year 9999")
	}
	return fmt.Errorf("after the year 9999; it looks like %s, and NumericDate is in seconds", unit)
}

// rounding says how digits below a nanosecond are rounded. Each claim is rounded so that the token
// lives shorter.
type rounding bool

const (
	down rounding = false
	up   rounding = true
)

// parseNumericDate reads a JSON number as a NumericDate (RFC 7519 §2), exactly. A float64 would
// move a date by up to 15 µs, and can overflow. number must be a number by the JSON grammar.
func parseNumericDate(number []byte, round rounding) (time.Time, error) {
	if sec, ok := wholeSeconds(number); ok {
		return time.Unix(sec, 0).UTC(), nil
	}
	digits, point := decimal(number)
	if len(digits) == 0 {
		return time.Unix(0, 0).UTC(), nil
	}
	// 10^12 and above is out of range whatever the digits are. This check limits the loop below,
	// whose length the author of the token chooses.
	switch {
	case number[0] == '-':
		return time.Time{}, errBefore1970
	case point > 12:
		return time.Time{}, tooLate(point)
	}

	digit := func(i int) int64 { // the i-th significant digit, or 0 outside
		if i < 0 || i >= len(digits) {
			return 0
		}
		return int64(digits[i] - '0')
	}
	var sec, nsec int64
	for i := range max(point, 0) {
		sec = sec*10 + digit(i)
	}
	for i := range 9 {
		nsec = nsec*10 + digit(point+i)
	}
	inexact := len(digits) > point+9 // the last significant digit is not 0

	if sec > MaxNumericDate || sec == MaxNumericDate && (nsec > 0 || inexact) {
		return time.Time{}, tooLate(point)
	}
	if inexact && round == up {
		nsec++ // time.Unix carries into the second
	}
	return time.Unix(sec, nsec).UTC(), nil
}

// wholeSeconds reads a number of digits alone, as nearly every date is. If all dates are read as
// decimals, Verify takes 13 % longer (BenchmarkVerify/HS256).
func wholeSeconds(number []byte) (sec int64, ok bool) {
	if len(number) > len("253402300799") {
		return 0, false
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return 0, false
		}
		sec = sec*10 + int64(c-'0')
	}
	return sec, sec <= MaxNumericDate
}

// decimal returns the significant digits of a JSON number and the position of its decimal point:
// the magnitude is 0.digits × 10^point. Zero has no digits.
func decimal(number []byte) (digits string, point int) {
	mantissa, exponent := strings.TrimPrefix(string(number), "-"), 0
	if i := bytes.IndexAny(number, "eE"); i >= 0 {
		mantissa = strings.TrimPrefix(string(number[:i]), "-")
		exponent = saturatedAtoi(string(number[i+1:]))
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	digits = strings.TrimLeft(all, "0")
	point = len(whole) - (len(all) - len(digits)) + exponent
	return strings.TrimRight(digits, "0"), point
}

// saturatedAtoi limits an exponent so that it fits an int of 32 bits after the length of a token
// has been added.
func saturatedAtoi(s string) int {
	const limit = 1 << 29
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && strings.HasPrefix(s, "-") {
		return -limit
	}
	if err != nil {
		return limit
	}
	return int(max(-limit, min(n, limit)))
}
