package claimset

import (
	"math/big"
	"regexp"
	"testing"
	"time"
)

// exact returns the nanoseconds of a number, computed with fractions. ok is false if the number is
// out of range.
func exact(t *testing.T, number string, round rounding) (ns *big.Int, ok bool) {
	t.Helper()
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		t.Fatalf("%q is not a number", number)
	}
	if value.Sign() < 0 || value.Cmp(new(big.Rat).SetInt64(MaxNumericDate)) > 0 {
		return nil, false
	}
	value.Mul(value, new(big.Rat).SetInt64(1e9))
	ns, rest := new(big.Int).QuoRem(value.Num(), value.Denom(), new(big.Int))
	if round == up && rest.Sign() > 0 {
		ns.Add(ns, big.NewInt(1))
	}
	return ns, true
}

func checkNumericDate(t *testing.T, number string) {
	t.Helper()
	for _, round := range []rounding{down, up} {
		got, err := parseNumericDate([]byte(number), round)
		want, ok := exact(t, number, round)
		if (err == nil) != ok {
			t.Errorf("%s: got %v, %v, want success: %t", number, got, err, ok)
			continue
		}
		if !ok {
			continue
		}
		ns := new(big.Int).Mul(big.NewInt(got.Unix()), big.NewInt(1e9))
		ns.Add(ns, big.NewInt(int64(got.Nanosecond())))
		if ns.Cmp(want) != 0 || got.IsZero() || got.Location() != time.UTC {
			t.Errorf("%s, rounding up %t: got %v ns, want %v", number, round, ns, want)
		}
	}
}

func TestNumericDateIsExact(t *testing.T) {
	for _, number := range []string{
		"0", "-0", "0.0", "-0.0e5", "1", "-1", "1700000000", "1.7e9", "17e8", "17000000000e-1", "1.7E+9",
		"0.000000001", "0.0000000001", "1e-9", "1e-10", "9.99999999999e-1", "0.9999999999",
		"1700000000.123456789", "1700000000.1234567891", "1700000000.1234567899999", "1700000000.000000000",
		"253402300799", "253402300799.0", "253402300799.0000000001", "253402300798.9999999999", "253402300799.999999999",
		"253402300800", "2.53402300799e11", "2.534023007990000000001e11", "2534023007990e-1", "1e11", "1e12", "999999999999",
		"9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e19", "1e300",
		"-1e-300", "-1e300", "1e-300", "0e999", "0.00000000000000000000000000000000001e40",
		"100000000000000000000000000000e-20", "123456789012345678901234567890e-22",
	} {
		checkNumericDate(t, number)
	}
}

// big.Rat would need gigabytes for these exponents.
func TestNumericDateWithHugeExponent(t *testing.T) {
	for number, want := range map[string]bool{
		"1e99999999999999999999":   false,
		"1e2147483648":             false,
		"1e536870912":              false,
		"0e99999999999999999999":   true,
		"1e-99999999999999999999":  true,
		"1e-2147483648":            true,
		"-1e-99999999999999999999": false,
	} {
		got, err := parseNumericDate([]byte(number), down)
		if (err == nil) != want || err == nil && !got.Equal(time.Unix(0, 0)) {
			t.Errorf("%s: got %v, %v, want 1970-01-01: %t", number, got, err, want)
		}
	}
	got, err := parseNumericDate([]byte("1e-99999999999999999999"), up)
	if err != nil || !got.Equal(time.Unix(0, 1)) {
		t.Errorf("rounded up: got %v, %v, want one nanosecond", got, err)
	}
}

// jsonNumber matches JSON numbers, because parseNumericDate gets no other text. The exponent has at
// most three digits, so that exact can compute with it.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$`)

// Every number is read exactly, or is an error if it is out of range.
func FuzzNumericDate(f *testing.F) {
	for _, seed := range []string{"1700000000.5", "-0e0", "253402300799.0000000001E+1", "17e8", "1.7e-12", "0.0001e14"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if jsonNumber.MatchString(number) {
			checkNumericDate(t, number)
		}
	})
}
