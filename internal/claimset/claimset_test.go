package claimset_test

import (
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/internal/claimset"
)

// An error of Parse names every fault of the claims set, and the kind of each value.
func TestParseNamesEveryFault(t *testing.T) {
	const noExpiry = `claim "exp": missing; a token without an end is never accepted`
	for _, tt := range []struct{ payload, want string }{
		{`{"sub":1,"exp":1}`, `claim "sub": a number, not a string (RFC 7519 §4.1.2)`},
		{`{"iss":["a"],"exp":1}`, `claim "iss": an array, not a string (RFC 7519 §4.1.1)`},
		{`{"jti":{},"exp":1}`, `claim "jti": an object, not a string (RFC 7519 §4.1.7)`},
		{`{"sub":true,"exp":1}`, `claim "sub": a boolean, not a string (RFC 7519 §4.1.2)`},
		{`{"sub":null,"exp":1}`, `claim "sub": null; leave it out instead (RFC 7519 §4.1.2)`},
		{`{"nbf":null,"exp":1}`, `claim "nbf": null; leave it out instead (RFC 7519 §4.1.5)`},
		{`{"exp":null}`, `claim "exp": null; leave it out instead (RFC 7519 §4.1.4)`},
		{`{"exp":"1700000000"}`, `claim "exp": a string, not a number (RFC 7519 §4.1.4)`},
		{`{"iat":false,"exp":1}`, `claim "iat": a boolean, not a number (RFC 7519 §4.1.6)`},
		{`{"exp":-1}`, `claim "exp": before 1970 (RFC 7519 §4.1.4)`},
		{`{"nbf":-1e-9,"exp":1}`, `claim "nbf": before 1970 (RFC 7519 §4.1.5)`},
		{`{"exp":253402300800}`, `claim "exp": after the year 9999 (RFC 7519 §4.1.4)`},
		{`{"exp":999999999999}`, `claim "exp": after the year 9999 (RFC 7519 §4.1.4)`},
		{`{"exp":1e30}`, `claim "exp": after the year 9999 (RFC 7519 §4.1.4)`},
		{`{"exp":1700000000000}`, `claim "exp": after the year 9999; it looks like milliseconds, and NumericDate is in seconds (RFC 7519 §4.1.4)`},
		{`{"exp":17e11}`, `claim "exp": after the year 9999; it looks like milliseconds, and NumericDate is in seconds (RFC 7519 §4.1.4)`},
		{`{"exp":99999999999999.5}`, `claim "exp": after the year 9999; it looks like milliseconds, and NumericDate is in seconds (RFC 7519 §4.1.4)`},
		{`{"iat":1700000000000000,"exp":1}`, `claim "iat": after the year 9999; it looks like microseconds, and NumericDate is in seconds (RFC 7519 §4.1.6)`},
		{`{"exp":1700000000000000000}`, `claim "exp": after the year 9999; it looks like nanoseconds, and NumericDate is in seconds (RFC 7519 §4.1.4)`},
		{`{"aud":"","exp":1}`, `claim "aud": an empty string (RFC 7519 §4.1.3)`},
		{`{"aud":[],"exp":1}`, `claim "aud": an empty array (RFC 7519 §4.1.3)`},
		{`{"aud":["a",""],"exp":1}`, `claim "aud": an element is an empty string (RFC 7519 §4.1.3)`},
		{`{"aud":["a",1],"exp":1}`, `claim "aud": an element is a number, not a string (RFC 7519 §4.1.3)`},
		{`{"aud":[null],"exp":1}`, `claim "aud": an element is null; leave it out instead (RFC 7519 §4.1.3)`},
		{`{"aud":[["a"]],"exp":1}`, `claim "aud": an element is an array, not a string (RFC 7519 §4.1.3)`},
		{`{"aud":{"a":1},"exp":1}`, `claim "aud": an object, not a string or an array of strings (RFC 7519 §4.1.3)`},
		{`{"aud":7,"exp":1}`, `claim "aud": a number, not a string or an array of strings (RFC 7519 §4.1.3)`},
		{`{"aud":null,"exp":1}`, `claim "aud": null; leave it out instead (RFC 7519 §4.1.3)`},
		{`{}`, noExpiry},
		{`{"EXP":1}`, noExpiry},

		{`{"sub":1}`, `claim "sub": a number, not a string (RFC 7519 §4.1.2); ` + noExpiry},
		{`{"exp":"1","sub":1,"aud":[]}`, `claim "exp": a string, not a number (RFC 7519 §4.1.4); claim "sub": a number, not a string (RFC 7519 §4.1.2); claim "aud": an empty array (RFC 7519 §4.1.3)`},
		{`{"exp":1,"exp":2}`, `claim "exp" appears twice`},
		{`{"exp":1,"exp":2,"secret":1,"secret":2,"sub":null}`, `claim "exp" appears twice; a claim appears twice; claim "sub": null; leave it out instead (RFC 7519 §4.1.2)`},
		{`{"sub":"\ud800","jti":1,"exp":1}`, `claim "sub": half of a surrogate pair in a string (an escape from \ud800 to \udfff) (RFC 7519 §4.1.2); claim "jti": a number, not a string (RFC 7519 §4.1.7)`},
		{"{\"aud\":[\"a\",\"\xff\"],\"exp\":1}", `claim "aud": bytes in a string that are not UTF-8 (RFC 7519 §4.1.3)`},
		{"{\"secret\":\"\xff\",\"name\":\"\xff\",\"exp\":1}", `a claim: bytes in a string that are not UTF-8; claim "name": bytes in a string that are not UTF-8`},
		{`{"cnf":{"secret":1,"secret":2},"exp":1}`, `claim "cnf": a JSON object has duplicate names`},
		{`{"exp":1,"sub":"a"`, `not valid JSON: cut off at the end`},
		{`{"exp":1,"sub":1,}`, `not valid JSON at byte 17`},
		{`["exp"]`, `an array, not a JSON object`},
		{`"exp"`, `a string, not a JSON object`},
		{``, `empty, not a JSON object`},
		{`{"exp":1}{"exp":2}`, `data after the JSON object`},
		{`{"iss":1,"sub":1,"jti":1,"aud":1,"exp":"","nbf":"","iat":"","a":"\ud800","b":"\ud800"}`, `claim "iss": a number, not a string (RFC 7519 §4.1.1); claim "sub": a number, not a string (RFC 7519 §4.1.2); claim "jti": a number, not a string (RFC 7519 §4.1.7); claim "aud": a number, not a string or an array of strings (RFC 7519 §4.1.3); claim "exp": a string, not a number (RFC 7519 §4.1.4); claim "nbf": a string, not a number (RFC 7519 §4.1.5); claim "iat": a string, not a number (RFC 7519 §4.1.6); a claim: half of a surrogate pair in a string (an escape from \ud800 to \udfff); and 1 more`},
	} {
		err := claimset.Parse(tt.payload, new(claimset.Set))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.payload, err, tt.want)
		}
	}
}

// Append writes a time with its fraction of a second, and Parse reads the same time.
func TestTimesAreWrittenExactly(t *testing.T) {
	for want, nbf := range map[string]time.Time{
		`1767355200`:             time.Unix(1767355200, 0),
		`1767355200.25`:          time.Unix(1767355200, 250e6),
		`1767355200.000000001`:   time.Unix(1767355200, 1),
		`1767355200.999999999`:   time.Unix(1767355200, 999999999),
		`1767355200.1`:           time.Unix(1767355200, 100e6),
		`0.5`:                    time.Unix(0, 500e6),
		`0`:                      time.Unix(0, 0),
		`253402300798.999999999`: time.Unix(253402300798, 999999999),
	} {
		got, err := claimset.NewTemplate("", nil).Append(nil, &claimset.Set{Subject: "s", ExpiresAt: time.Unix(253402300799, 0), NotBefore: nbf}, nil)
		if text := `{"sub":"s","exp":253402300799,"nbf":` + want + `}`; err != nil || string(got) != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
		var set claimset.Set
		if err := claimset.Parse(string(got), &set); err != nil || !set.NotBefore.Equal(nbf) {
			t.Errorf("%s: got %v, %v, want %v", got, set.NotBefore, err, nbf)
		}
	}
}

// Every time is read as it was written.
func FuzzTimes(f *testing.F) {
	f.Add(int64(1767355200), int64(250e6))
	f.Add(int64(0), int64(1))
	f.Add(int64(253402300798), int64(999999999))
	f.Fuzz(func(t *testing.T, sec, nsec int64) {
		if sec < 0 || sec >= claimset.MaxNumericDate || nsec < 0 || nsec >= 1e9 {
			return
		}
		want := time.Unix(sec, nsec)
		payload, err := claimset.NewTemplate("", nil).Append(nil, &claimset.Set{ExpiresAt: want, NotBefore: want, IssuedAt: want}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got claimset.Set
		if err := claimset.Parse(string(payload), &got); err != nil || !got.ExpiresAt.Equal(want) || !got.NotBefore.Equal(want) || !got.IssuedAt.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", payload, got, err, want)
		}
	})
}
