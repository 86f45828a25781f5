package main

import (
	"encoding/json"
	"fmt"
)

// leewayCases are clocks that differ (RFC 7519 §4.1.4, §4.1.5).
func leewayCases() []Case {
	var cases []Case
	for _, c := range []struct {
		leeway, exp json.Number
		want        string
		or          []string
		reason      string
	}{
		{"1", "1799999999", expired, nil, "exp and leeway are now, and a token must not be accepted on or after that."},
		{"1", "1799999999.000000001", ok, []string{expired}, "A nanosecond of the leeway is left."},
		{"1", "1800000000", ok, nil, "A second of leeway is left."},
		{"60", "1799999940", expired, nil, "exp and leeway are now."},
		{"60", "1799999939", expired, nil, "exp and leeway have passed."},
		{"60", "1799999941", ok, nil, "A second of the leeway is left."},
		{"60", "1800000060", ok, nil, "Leeway makes a token live longer, not shorter."},
		{"0.5", "1799999999.5", expired, nil, "exp and leeway are now."},
		{"0.5", "1799999999.75", ok, []string{expired}, "A quarter of a second is left."},
		{"0.25", "1799999999.5", expired, nil, "exp and leeway have passed."},
		{"0.000000001", "1800000000", ok, []string{expired}, "A nanosecond of leeway is left."},
		{"600", "1799999401", ok, nil, "A second of the ten minutes is left."},
		{"600", "1799999400", expired, nil, "exp and leeway are now."},
		{"60", "0", expired, nil, "exp was long ago."},
		{"60", "253402300799", ok, nil, "exp and leeway, beyond the year 9999, must not wrap around."},
		{"60", "-1", invalid, []string{expired}, "No token was issued before 1970, with leeway neither."},
		{"601", "1799999999", invalid, []string{ok}, "Clocks that differ by more than ten minutes should be set. A verifier may refuse such a leeway."},
		{"86400", "1799999999", invalid, []string{ok}, "A leeway of a day keeps expired tokens alive. A verifier may refuse it."},
	} {
		cases = append(cases, Case{Name: fmt.Sprintf("leeway of %s and exp at %s", c.leeway, c.exp), Leeway: c.leeway,
			Token: hs256.jwt(`{"sub":"alice","exp":` + string(c.exp) + `}`), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1.4"})
	}
	for _, c := range []struct {
		leeway, nbf json.Number
		want        string
		or          []string
		reason      string
	}{
		{"1", "1800000001", ok, nil, "nbf less the leeway is now."},
		{"1", "1800000001.000000001", notYetValid, []string{ok}, "nbf less the leeway is in one nanosecond."},
		{"1", "1800000002", notYetValid, nil, "nbf less the leeway is in one second."},
		{"60", "1800000060", ok, nil, "nbf less the leeway is now."},
		{"60", "1800000061", notYetValid, nil, "nbf less the leeway is in one second."},
		{"60", "1799999940", ok, nil, "Leeway lets a token start earlier, not later."},
		{"0.5", "1800000000.5", ok, nil, "nbf less the leeway is now."},
		{"0.5", "1800000000.75", notYetValid, []string{ok}, "nbf less the leeway is in a quarter of a second."},
		{"600", "1800000600", ok, nil, "nbf less the leeway is now."},
		{"600", "1800000601", notYetValid, nil, "nbf less the leeway is in one second."},
		{"60", "0", ok, nil, "nbf less the leeway is before 1970, and must not wrap around."},
		{"60", "253402300799", notYetValid, nil, "nbf is in the year 9999."},
	} {
		cases = append(cases, Case{Name: fmt.Sprintf("leeway of %s and nbf at %s", c.leeway, c.nbf), Leeway: c.leeway,
			Token: hs256.jwt(`{"sub":"alice","nbf":` + string(c.nbf) + `,"exp":253402300799}`), Want: c.want, Or: c.or, Reason: c.reason, Ref: "RFC 7519 §4.1.5"})
	}
	return append(cases, leewayMixes()...)
}

// leewayMixes have a leeway and something else.
func leewayMixes() []Case {
	return []Case{
		{Name: "expired within leeway and forged", Leeway: "60", Token: others["HS256"].jwt(`{"sub":"alice","exp":1799999990}`), Want: invalid,
			Reason: "Leeway is for time, not for signatures.", Ref: "RFC 7519 §4.1.4"},
		{Name: "expired beyond leeway and forged", Leeway: "60", Token: others["HS256"].jwt(`{"sub":"alice","exp":1799999000}`), Want: invalid,
			Reason: "A forged token is invalid, not expired.", Ref: "RFC 7519 §7.2"},
		{Name: "nbf after exp, and leeway reaches both", Leeway: "60",
			Token: hs256.jwt(`{"sub":"alice","nbf":1800000030,"exp":1799999970}`), Want: ok, Or: []string{invalid, expired, notYetValid},
			Reason: "Each claim is compared with the clock, and leeway covers each.", Ref: "RFC 7519 §4.1.4, §4.1.5"},
		{Name: "clock with a fraction, inside leeway", Leeway: "60", Now: "1800000059.999999999",
			Token: hs256.jwt(`{"sub":"alice","exp":1800000000}`), Want: ok,
			Reason: "A nanosecond of the leeway is left.", Ref: "RFC 7519 §4.1.4"},
		{Name: "clock with a fraction, outside leeway", Leeway: "60", Now: "1800000060.000000001",
			Token: hs256.jwt(`{"sub":"alice","exp":1800000000}`), Want: expired,
			Reason: "exp and leeway have passed.", Ref: "RFC 7519 §4.1.4"},
		{Name: "clock and leeway with fractions, inside", Leeway: "1.5", Now: "1800000001.25",
			Token: hs256.jwt(`{"sub":"alice","exp":1800000000}`), Want: ok,
			Reason: "A quarter of a second is left.", Ref: "RFC 7519 §4.1.4"},
		{Name: "clock and leeway with fractions, outside", Leeway: "1.5", Now: "1800000001.75",
			Token: hs256.jwt(`{"sub":"alice","exp":1800000000}`), Want: expired,
			Reason: "exp and leeway passed a quarter of a second ago.", Ref: "RFC 7519 §4.1.4"},
		{Name: "clock with a fraction before nbf, inside leeway", Leeway: "1.5", Now: "1799999998.75",
			Token: hs256.jwt(`{"sub":"alice","nbf":1800000000,"exp":1800000600}`), Want: ok,
			Reason: "nbf less the leeway was a quarter of a second ago.", Ref: "RFC 7519 §4.1.5"},
		{Name: "clock with a fraction before nbf, outside leeway", Leeway: "1.5", Now: "1799999998.25",
			Token: hs256.jwt(`{"sub":"alice","nbf":1800000000,"exp":1800000600}`), Want: notYetValid,
			Reason: "nbf less the leeway is in a quarter of a second.", Ref: "RFC 7519 §4.1.5"},
		{Name: "leeway and a token that lives shorter", Leeway: "60", Now: "1800000000",
			Token: hs256.jwt(`{"sub":"alice","iat":1799999990,"nbf":1799999990,"exp":1799999995}`), Want: ok,
			Reason: "The token lived five seconds, and leeway keeps it alive.", Ref: "RFC 7519 §4.1.4"},
		{Name: "leeway does not change iss", Leeway: "60", Issuer: "https://login.example",
			Token: hs256.jwt(`{"iss":"https://login.example.evil","exp":1800000600}`), Want: invalid,
			Reason: "Leeway is for time alone.", Ref: "RFC 7519 §4.1.1"},
	}
}
