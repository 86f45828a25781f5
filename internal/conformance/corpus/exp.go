package main

import "encoding/json"

// expCases are values of exp (RFC 7519 §2, §4.1.4).
func expCases() []Case {
	var cases []Case
	for _, c := range []struct {
		exp, want string
		or        []string
		reason    string
	}{
		// What is not a number.
		{`"1800000600"`, invalid, nil, "A date is a JSON number, not a string."},
		{`""`, invalid, nil, "A date is a JSON number."},
		{`"never"`, invalid, nil, "A date is a JSON number."},
		{`"2027-01-15T08:10:00Z"`, invalid, nil, "A date is a JSON number, not a calendar date."},
		{`"1800000600.0"`, invalid, nil, "A date is a JSON number, not a string."},
		{`true`, invalid, nil, "A date is a JSON number."},
		{`false`, invalid, nil, "A date is a JSON number."},
		{`null`, invalid, nil, "null is not a date, and not the absence of the claim."},
		{`[]`, invalid, nil, "A date is a JSON number."},
		{`[1800000600]`, invalid, nil, "A date is a JSON number, not an array."},
		{`{}`, invalid, nil, "A date is a JSON number."},
		{`{"seconds":1800000600}`, invalid, nil, "A date is a JSON number, not an object."},

		// Around the clock, which shows 1800000000.
		{`1799999999`, expired, nil, "exp was one second ago."},
		{`1800000000`, expired, nil, "exp is now, and a token must not be accepted on or after its exp."},
		{`1800000001`, ok, nil, "exp is in one second."},
		{`1800000000.0`, expired, nil, "exp is now."},
		{`1800000000.000000001`, ok, []string{expired}, "exp is in one nanosecond. A verifier that reads floats sees it as now."},
		{`1800000000.0000000001`, expired, []string{ok}, "exp is less than a nanosecond away. The token should live shorter, not longer."},
		{`1799999999.999999999`, expired, nil, "exp was one nanosecond ago."},
		{`1799999999.9999999999999`, expired, nil, "exp was less than a nanosecond ago. It must not be rounded up to now or later."},
		{`1800000000.5`, ok, []string{expired}, "exp is in half a second. A verifier that counts whole seconds sees it as now."},
		{`1800000000.9`, ok, []string{expired}, "exp is in less than a second. A verifier that counts whole seconds sees it as now."},
		{`1799999999.5`, expired, nil, "exp was half a second ago."},
		{`1800000600.123456789123456789`, ok, nil, "A date may have any number of digits."},

		// Other spellings.
		{`1.8e9`, expired, nil, "1.8e9 is now."},
		{`18e8`, expired, nil, "18e8 is now."},
		{`1.8000006e9`, ok, nil, "The number is 1800000600."},
		{`1.8000006E+9`, ok, nil, "The number is 1800000600."},
		{`18000006e2`, ok, nil, "The number is 1800000600."},
		{`180000060000e-2`, ok, nil, "The number is 1800000600."},
		{`0.18000006e10`, ok, nil, "The number is 1800000600."},
		{`1800000600e0`, ok, nil, "The number is 1800000600."},
		{`1800000600e-0`, ok, nil, "The number is 1800000600."},
		{`1.7999999995e9`, expired, nil, "The number is 1799999999.5."},
		{`1800000600e-9`, expired, nil, "The number is 1.8000006."},
		{`1800000600.00000000000000000000`, ok, nil, "The number is 1800000600."},

		// What is not JSON.
		{`01800000600`, invalid, nil, "A JSON number has no zeros before it."},
		{`+1800000600`, invalid, nil, "A JSON number has no plus sign."},
		{`1800000600.`, invalid, nil, "A JSON number has digits after the point."},
		{`.18e10`, invalid, nil, "A JSON number has a digit before the point."},
		{`1800000600e`, invalid, nil, "A JSON number has digits in its exponent."},
		{`0x6b49d458`, invalid, nil, "A JSON number is decimal."},
		{`1_800_000_600`, invalid, nil, "A JSON number has no underscores."},
		{`1800000600,0`, invalid, nil, "A JSON number has a point, not a comma."},
		{`1800000600n`, invalid, nil, "A JSON number has no letter after it."},
		{`--1`, invalid, nil, "A JSON number has one sign."},
		{`NaN`, invalid, nil, "JSON has no NaN."},
		{`Infinity`, invalid, nil, "JSON has no infinity."},
		{`-Infinity`, invalid, nil, "JSON has no infinity."},

		// Small numbers.
		{`0`, expired, nil, "0 is the start of 1970, and not the absence of exp."},
		{`-0`, expired, nil, "0 is the start of 1970, and not the absence of exp."},
		{`0.0`, expired, nil, "0 is the start of 1970, and not the absence of exp."},
		{`0e100`, expired, nil, "The number is 0."},
		{`1`, expired, nil, "exp was long ago."},
		{`1e-400`, expired, nil, "The number is a little more than 0."},
		{`-1`, invalid, []string{expired}, "No token was issued before 1970."},
		{`-0.5`, invalid, []string{expired}, "No token was issued before 1970."},
		{`-1e-400`, invalid, []string{expired}, "No token was issued before 1970."},
		{`-1800000600`, invalid, []string{expired}, "The sign must not get lost."},
		{`-1e300`, invalid, []string{expired}, "No token was issued before 1970."},
		{`-9223372036854775808`, invalid, []string{expired}, "The least number of 64 bits must not wrap around."},

		// Large numbers.
		{`2147483647`, ok, nil, "The greatest number of 32 bits is in the year 2038."},
		{`2147483648`, ok, nil, "The year 2038 must not wrap around."},
		{`4294967295`, ok, nil, "The year 2106 is a date like any other."},
		{`4294967296`, ok, nil, "The year 2106 must not wrap around."},
		{`9223372037`, ok, nil, "The year 2262, beyond 63 bits of nanoseconds, must not wrap around."},
		{`18446744074`, ok, nil, "The year 2554, beyond 64 bits of nanoseconds, must not wrap around."},
		{`253402300799`, ok, nil, "The last second of the year 9999."},
		{`253402300799.5`, invalid, []string{ok}, "Years beyond 9999 have no date in RFC 3339."},
		{`253402300800`, invalid, []string{ok}, "Years beyond 9999 have no date in RFC 3339."},
		{`1800000600000`, invalid, []string{ok}, "The issuer counts milliseconds, which RFC 7519 does not."},
		{`9007199254740993`, invalid, []string{ok}, "No float of 64 bits is this number."},
		{`9223372036854775807`, invalid, []string{ok}, "The greatest number of 63 bits must not wrap around when leeway is added."},
		{`9223372036854775808`, invalid, []string{ok}, "The number has 64 bits, and must not wrap around."},
		{`18446744073709551615`, invalid, []string{ok}, "The number has 64 bits, and must not wrap around."},
		{`18446744075509552216`, invalid, []string{ok}, "Cut to 64 bits, the number is 1800000600."},
		{`18446744075509551615`, invalid, []string{ok}, "Cut to 64 bits, the number is 1799999999."},
		{`1e18`, invalid, []string{ok}, "The date is beyond the year 9999."},
		{`1e19`, invalid, []string{ok}, "The date is beyond the year 9999."},
		{`1e300`, invalid, []string{ok}, "The date is beyond the year 9999."},
		{`1e309`, invalid, []string{ok}, "The number is beyond the floats of 64 bits."},
		{`1e999999999`, invalid, []string{ok}, "The exponent must not cost memory or time."},
		{`1e-999999999`, expired, []string{invalid}, "The exponent must not cost memory or time. The number is a little more than 0."},
		{`0.18000006e99999999999999999999`, invalid, []string{ok}, "The exponent itself must not wrap around."},
	} {
		cases = append(cases, Case{Name: "exp is " + c.exp, Token: hs256.jwt(`{"sub":"alice","exp":` + c.exp + `}`),
			Want: c.want, Or: c.or, Reason: c.reason})
	}

	// The clock.
	for _, c := range []struct {
		name, exp string
		now       json.Number
		want      string
		reason    string
	}{
		{"clock a nanosecond before exp", "1800000600", "1800000599.999999999", ok, "The token is good until exp."},
		{"clock at exp", "1800000600", "1800000600", expired, "A token must not be accepted on or after its exp."},
		{"clock a nanosecond after exp", "1800000600", "1800000600.000000001", expired, "exp has passed."},
		{"clock a second after exp", "1800000600", "1800000601", expired, "exp has passed."},
		{"clock and exp with equal fractions", "1800000600.25", "1800000600.25", expired, "exp is now."},
		{"clock with a fraction after exp", "1800000600.25", "1800000600.75", expired, "exp has passed, in the same second."},
		{"clock at the start of 1970", "1", "0", ok, "exp is in one second."},
		{"clock at 0 and exp 0", "0", "0", expired, "exp is now."},
		{"clock before 1970", "0", "-1", ok, "exp is in one second."},
		{"clock before 1970 with a fraction", "0", "-0.000000001", ok, "exp is in one nanosecond."},
		{"clock in 2038", "2147483647", "2147483648", expired, "exp has passed. The clock must not wrap around."},
		{"clock in 2106", "4294967295", "4294967296", expired, "exp has passed. The clock must not wrap around."},
		{"clock in 2262", "9223372036", "9223372037", expired, "exp has passed. The clock must not wrap around."},
		{"clock in 2554", "18446744073", "18446744074", expired, "exp has passed. The clock must not wrap around."},
		{"clock in 2554, exp later", "18446744075", "18446744074", ok, "exp is in one second. The clock must not wrap around."},
		{"clock in the last second of 9999", "253402300799", "253402300799", expired, "exp is now."},
	} {
		cases = append(cases, Case{Name: c.name, Token: hs256.jwt(`{"sub":"alice","exp":` + c.exp + `}`), Now: c.now, Want: c.want, Reason: c.reason})
	}

	// A token without exp.
	cases = append(cases,
		Case{Name: "exp missing", Token: hs256.jwt(`{"sub":"alice"}`), Want: invalid, Reason: "exp is required, and missing."},
		Case{Name: "exp missing with leeway", Token: hs256.jwt(`{"sub":"alice"}`), Leeway: "60", Want: invalid, Reason: "Leeway is not an exp."},
		Case{Name: "exp missing, iat present", Token: hs256.jwt(`{"sub":"alice","iat":1800000000}`), Want: invalid, Reason: "iat is not an exp."},
		Case{Name: "exp missing, expires_in present", Token: hs256.jwt(`{"sub":"alice","expires_in":600}`), Want: invalid,
			Reason: "expires_in is not an exp."},
		Case{Name: "exp missing and allowed to be", Token: hs256.jwt(`{"sub":"alice"}`), Required: []string{}, Needs: []string{"exp_optional"}, Want: ok,
			Reason: "The verifier allows tokens without an end."},
		Case{Name: "exp allowed to be missing, and past", Token: hs256.jwt(expiredClaims), Required: []string{}, Needs: []string{"exp_optional"},
			Want:   expired,
			Reason: "An exp that is there counts."},
		Case{Name: "exp allowed to be missing, and null", Token: hs256.jwt(`{"sub":"alice","exp":null}`), Required: []string{}, Needs: []string{"exp_optional"},
			Want: invalid, Or: []string{ok},
			Reason: "null is not a date, and not the absence of the claim."},
		Case{Name: "exp allowed to be missing, token forged", Token: others["HS256"].jwt(`{"sub":"alice"}`), Required: []string{}, Needs: []string{"exp_optional"},
			Want:   invalid,
			Reason: "The signature is good under a key that is not trusted."},
	)
	for i := range cases {
		cases[i].Ref = "RFC 7519 §2, §4.1.4"
	}
	return cases
}
