package main

import "strings"

// resourcesCases are large tokens. A runner should bound time and memory for them.
func resourcesCases() []Case {
	concat := func(items ...any) *recipe { return &recipe{Op: "concat", Items: items} }
	signed := func(payload ...any) *recipe {
		return &recipe{Op: "hs256", Header: []any{usual("HS256")}, Payload: payload}
	}
	header, payload, mac := segments(hs256.jwt(goodClaims))
	cases := []Case{
		{Name: "10 million dots", Recipe: concat(repeat{".", 10_000_000}), Want: invalid,
			Reason: "A verifier that splits at each dot allocates for each (CVE-2025-30204)."},
		{Name: "1 million short segments", Recipe: concat(repeat{"ab.", 1_000_000}), Want: invalid,
			Reason: "A verifier that splits at each dot allocates for each (CVE-2025-30204)."},
		{Name: "good header, then 1 million dots", Recipe: concat(header, repeat{".", 1_000_000}), Want: invalid,
			Reason: "A verifier that splits at each dot allocates for each (CVE-2025-30204)."},
		{Name: "good token, then 1 million dots", Recipe: concat(header, ".", payload, ".", mac, repeat{".", 1_000_000}), Want: invalid,
			Reason: "The compact serialization has three segments."},
		{Name: "4 million letters without a dot", Recipe: concat(repeat{"A", 4_000_000}), Want: invalid,
			Reason: "The compact serialization has three segments."},
		{Name: "4 million line breaks before a good token", Recipe: concat(repeat{"\n", 4_000_000}, header, ".", payload, ".", mac), Want: invalid,
			Reason: "No white space may be around a token."},
		{Name: "1 million times padding", Recipe: concat(header, ".", payload, ".", mac, repeat{"=", 1_000_000}), Want: invalid,
			Reason: "Segments have no padding."},
		{Name: "header of 3 million bytes", Recipe: concat(repeat{"eyJh", 1_000_000}, ".", payload, ".", mac), Want: invalid,
			Reason: "The header is not JSON."},
		{Name: "signature of 3 million bytes", Recipe: concat(header, ".", payload, ".", repeat{"AAAA", 1_000_000}), Want: invalid,
			Reason: "The MAC must have 32 bytes."},
		{Name: "payload of 3 million bytes, forged", Recipe: concat(header, ".", repeat{"eyJh", 1_000_000}, ".", mac), Want: invalid,
			Reason: "The MAC is one of another payload."},
		{Name: "scheme 1 million times", Recipe: concat(repeat{"Bearer ", 1_000_000}, header, ".", payload, ".", mac), Want: invalid,
			Reason: "The scheme of the Authorization header is not part of the token."},

		{Name: "7 thousand dots", Recipe: concat(repeat{".", 7000}), Want: invalid, Reason: "The compact serialization has three segments."},
		{Name: "good token, then 7 thousand dots", Recipe: concat(header, ".", payload, ".", mac, repeat{".", 7000}), Want: invalid,
			Reason: "The compact serialization has three segments."},
		{Name: "7 thousand line breaks before a good token", Recipe: concat(repeat{"\n", 7000}, header, ".", payload, ".", mac), Want: invalid,
			Reason: "No white space may be around a token."},
		{Name: "header of 4 thousand opening brackets", Want: invalid, Reason: "The header is not JSON.",
			Recipe: concat(repeat{base64url("[[["), 1500}, ".", payload, ".", mac)},
		{Name: "signature of 5 thousand bytes", Recipe: concat(header, ".", payload, ".", repeat{"AAAA", 1700}), Want: invalid,
			Reason: "The MAC must have 32 bytes."},

		{Name: "signed, a claim of 2 kB", Recipe: signed(`{"exp":1800000600,"text":"`, repeat{"x", 2000}, `"}`), Want: ok,
			Reason: "Tokens with groups and permissions have this size."},
		{Name: "signed, a claim of 2 MB", Recipe: signed(`{"exp":1800000600,"text":"`, repeat{"x", 2_000_000}, `"}`), Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the size of tokens."},
		{Name: "signed, 100 thousand arrays in one another", Recipe: signed(`{"exp":1800000600,"deep":`, repeat{"[", 100_000}, repeat{"]", 100_000}, `}`),
			Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the depth of JSON."},
		{Name: "signed, 100 thousand objects in one another", Recipe: signed(`{"exp":1800000600,"deep":`, repeat{`{"a":`, 100_000}, "1", repeat{"}", 100_000}, `}`),
			Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the depth of JSON."},
		{Name: "signed, 2 thousand arrays in one another", Recipe: signed(`{"exp":1800000600,"deep":`, repeat{"[", 2000}, repeat{"]", 2000}, `}`),
			Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the depth of JSON."},
		{Name: "signed, 2 thousand empty objects in an array", Recipe: signed(`{"exp":1800000600,"all":[`, repeat{"{},", 1500}, `{}]}`), Want: ok,
			Reason: "The objects are side by side, and few enough."},
		{Name: "signed, exp with 3 thousand zeros behind the point", Recipe: signed(`{"exp":1800000600.`, repeat{"0", 3000}, `}`), Want: ok,
			Reason: "The number is 1800000600, however long it is."},
		{Name: "signed, exp with 3 thousand nines behind the point", Recipe: signed(`{"exp":1799999999.`, repeat{"9", 3000}, `}`), Want: expired,
			Reason: "exp was a moment ago, and must not be rounded up."},
		{Name: "signed, exp with 3 thousand zeros before the point", Recipe: signed(`{"exp":18`, repeat{"0", 3000}, `}`), Want: invalid, Or: []string{ok},
			Reason: "The date is beyond the year 9999."},
		{Name: "signed, exp with 2 million digits", Recipe: signed(`{"exp":1800000600.`, repeat{"1", 2_000_000}, `}`), Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the size of tokens."},
		{Name: "signed, 4 thousand spaces before the claims", Recipe: signed(repeat{" ", 4000}, goodClaims), Want: ok,
			Reason: "JSON may have white space around it."},
		{Name: "signed, a name 300 times", Recipe: signed(`{"exp":1800000600`, repeat{`,"a":1`, 300}, `}`), Want: invalid, Or: []string{ok},
			Reason: "A duplicate name can be read in two ways."},
		{Name: "signed, kid of 2 MB", Want: invalid, Or: []string{ok}, Reason: "A verifier should bound the size of tokens.",
			Recipe: &recipe{Op: "hs256", Header: []any{`{"alg":"HS256","kid":"`, repeat{"k", 2_000_000}, `"}`}, Payload: []any{goodClaims}}},
		{Name: "signed, crit with 500 names", Want: invalid, Reason: "A verifier that does not know the extension must reject the token.",
			Recipe: &recipe{Op: "hs256", Header: []any{`{"alg":"HS256","crit":["x"`, repeat{`,"x"`, 500}, `]}`}, Payload: []any{goodClaims}}},
		{Name: "signed, 2 thousand audiences", Audience: []string{"api"}, Want: ok, Reason: "One of the audiences is the configured one.",
			Recipe: signed(`{"exp":1800000600,"aud":[`, repeat{`"x",`, 1400}, `"api"]}`)},
		{Name: "signed, 8192 bytes", Recipe: ofSize(8192), Want: ok, Or: []string{invalid},
			Reason: "Some verifiers bound tokens to 8 KiB, and this is one of that size."},
		{Name: "signed, 8193 bytes", Recipe: ofSize(8193), Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the size of tokens, and 8 KiB is as much as many servers take in a header."},
	}
	for i := range cases {
		cases[i].Ref = "RFC 8259 §9; CWE-400"
	}
	return cases
}

// ofSize returns a recipe for a good token of so many bytes.
func ofSize(size int) *recipe {
	header := usual("HS256")
	const start, end = `{"exp":1800000600,"text":"`, `"}`
	rest := size - len(base64url(header)) - 2 - len(base64url(strings.Repeat("x", 32)))
	text := rest*3/4 - len(start) - len(end)
	if len(base64url(strings.Repeat("x", rest*3/4))) != rest {
		panic("no payload has this size")
	}
	return &recipe{Op: "hs256", Header: []any{header}, Payload: []any{start, repeat{"x", text}, end}}
}
