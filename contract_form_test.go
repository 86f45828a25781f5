package jwtexp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestStrictForm(t *testing.T) {
	good := sign(testSecret, joseHeader, live(``))
	parts := strings.Split(good, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	// The last character of a signature of 32 bytes has two unused bits, which must be zero.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	trailingBits := signature[:42] + string(alphabet[strings.IndexByte(alphabet, signature[42])+1])

	for _, c := range []struct{ name, token, want string }{
		{"good", good, "ok"},
		{"empty", "", "invalid: malformed"},
		{"one segment", "a", "invalid: malformed"},
		{"two segments", header + "." + payload, "invalid: malformed"},
		{"four segments", good + ".", "invalid: malformed"},
		{"five segments, a JWE", good + ".a.b", "invalid: malformed"},
		{"dots alone", "..", "invalid: malformed"},
		{"many dots", strings.Repeat(".", 8<<10), "invalid: malformed"},
		{"no signature", header + "." + payload + ".", "invalid: signature"},
		{"leading space", " " + good, "invalid: malformed"},
		{"trailing space", good + " ", "invalid: malformed"},
		{"trailing newline", good + "\n", "invalid: malformed"},
		{"CR in the header", header[:4] + "\r" + header[4:] + "." + payload + "." + signature, "invalid: malformed"},
		{"LF in the signature", header + "." + payload + "." + signature[:4] + "\n" + signature[4:], "invalid: malformed"},
		{"LF in the payload", header + "." + payload[:4] + "\n" + payload[4:] + "." + signature, "invalid: signature"},
		{"LF in the payload, signed", signSegments(testSecret, header, payload[:4]+"\n"+payload[4:]), "invalid: malformed"},
		{"padded signature", good + "=", "invalid: malformed"},
		{"padded payload, signed", signSegments(testSecret, header, segment(live(` `))+"="), "invalid: malformed"},
		{"standard alphabet", header + "." + payload + "." + strings.Repeat("+", 43), "invalid: malformed"},
		{"unused bits of the signature set", header + "." + payload + "." + trailingBits, "invalid: malformed"},
		{"NUL", good + "\x00", "invalid: malformed"},
		{"JSON serialization", `{"payload":"` + payload + `","signature":"` + signature + `"}`, "invalid: malformed"},
		{"Bearer before the token", "Bearer " + good, "invalid: malformed"},
		{"too large by one byte", strings.Repeat("a", 8<<10+1), "invalid: too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := verify(t, c.token)
			wantOutcome(t, err, c.want)
		})
	}
}

// strictHeaders maps headers to the outcome of a token with the header. Everything else about the
// token is good.
var strictHeaders = map[string]string{
	`{"alg":"HS256"}`:                                     "ok",
	`{"alg":"HS256","typ":"JWT"}`:                         "ok",
	`{"\u0061lg":"HS256"}`:                                "ok",
	` {"alg":"HS256"} `:                                   "ok",
	`{"alg":"HS256","cty":"x","zip":"DEF","unknown":[1]}`: "ok",
	// Keys in the header, and URLs of keys, are ignored.
	`{"alg":"HS256","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil.example","x5u":"https://evil.example","x5c":["AA"]}`: "ok",
	`{}`:                                 "invalid: malformed",
	``:                                   "invalid: malformed",
	`null`:                               "invalid: malformed",
	`[]`:                                 "invalid: malformed",
	`"HS256"`:                            "invalid: malformed",
	`{"alg":"HS256"`:                     "invalid: malformed",
	`{"alg":"HS256"}x`:                   "invalid: malformed",
	`{"alg":"HS256"}{}`:                  "invalid: malformed",
	`{"alg":"HS256",}`:                   "invalid: malformed",
	`{"alg":"HS256","alg":"HS256"}`:      "invalid: malformed",
	`{"alg":"HS256","\u0061lg":"none"}`:  "invalid: malformed",
	`{"alg":"HS256","x":{"a":1,"a":2}}`:  "invalid: malformed",
	`{"ALG":"HS256"}`:                    "invalid: malformed",
	`{"alg":null}`:                       "invalid: malformed",
	`{"alg":["HS256"]}`:                  "invalid: malformed",
	`{"alg":256}`:                        "invalid: malformed",
	`{"alg":"HS256","typ":null}`:         "invalid: malformed",
	`{"alg":"HS256","kid":null}`:         "invalid: malformed",
	`{"alg":"HS256","kid":1}`:            "invalid: malformed",
	`{"alg":"HS256","cty":1}`:            "invalid: malformed",
	`{"alg":"HS256","crit":[]}`:          "invalid: malformed",
	`{"alg":"HS256","crit":["exp"]}`:     "invalid: malformed",
	`{"alg":"HS256","crit":null}`:        "invalid: malformed",
	`{"alg":"HS256","b64":true}`:         "invalid: malformed",
	`{"alg":"HS256","b64":false}`:        "invalid: malformed",
	"{\"alg\":\"HS256\",\"x\":\"\xff\"}": "invalid: malformed",
	`{"alg":"HS256","x":"\ud800"}`:       "invalid: malformed",
	"\ufeff" + `{"alg":"HS256"}`:         "invalid: malformed",
	`{"alg":"none"}`:                     "invalid: algorithm",
	`{"alg":"None"}`:                     "invalid: algorithm",
	`{"alg":"hs256"}`:                    "invalid: algorithm",
	`{"alg":""}`:                         "invalid: algorithm",
	`{"alg":"HS512"}`:                    "invalid: algorithm",
	`{"alg":"RS256"}`:                    "invalid: algorithm",
	`{"alg":"HS256","typ":""}`:           "invalid: type",
	`{"alg":"HS256","typ":"at+jwt"}`:     "invalid: type",
}

func TestStrictHeader(t *testing.T) {
	for header, want := range strictHeaders {
		t.Run(header, func(t *testing.T) {
			_, err := verify(t, sign(testSecret, header, live(``)))
			wantOutcome(t, err, want)
		})
	}
}

// strictClaims maps members of a claims set, after a good exp, to the outcome of the token.
var strictClaims = map[string]string{
	``:                               "ok",
	`,"sub":"alice","iss":"","x":1}`: "invalid: claims", // a second closing brace
	`,"sub":"alice","unknown":{"a":[1,null,"x"]}`: "ok",
	`,"EXP":1,"Exp":"x"`:                          "ok", // unknown names
	`,"exp":99999999999`:                          "invalid: claims",
	`,"\u0065xp":99999999999`:                     "invalid: claims",
	`,"x":1,"x":1`:                                "invalid: claims",
	`,"x":{"a":1,"a":1}`:                          "invalid: claims",
	`,"x":[{"a":1,"\u0061":1}]`:                   "invalid: claims",
	`,"sub":null`:                                 "invalid: claims",
	`,"sub":1`:                                    "invalid: claims",
	`,"iss":{}`:                                   "invalid: claims",
	`,"jti":["x"]`:                                "invalid: claims",
	`,"aud":null`:                                 "invalid: claims",
	`,"aud":""`:                                   "invalid: claims",
	`,"aud":[]`:                                   "invalid: claims",
	`,"aud":[""]`:                                 "invalid: claims",
	`,"aud":["a",null]`:                           "invalid: claims",
	`,"aud":["a",1]`:                              "invalid: claims",
	`,"aud":[["a"]]`:                              "invalid: claims",
	`,"aud":{"a":1}`:                              "invalid: claims",
	`,"aud":1`:                                    "invalid: claims",
	`,"x":"` + "\xc0\xaf" + `"`:                   "invalid: claims",
	`,"x":"\udc00"`:                               "invalid: claims",
	`,"x":01`:                                     "invalid: claims",
	`,"x":NaN`:                                    "invalid: claims",
	`,"x":"` + "\x01" + `"`:                       "invalid: claims",
	`,`:                                           "invalid: claims",
	`} `:                                          "invalid: claims",
	`}{`:                                          "invalid: claims",
}

func TestStrictClaims(t *testing.T) {
	for members, want := range strictClaims {
		t.Run(members, func(t *testing.T) {
			_, err := verify(t, sign(testSecret, joseHeader, live(members)))
			wantOutcome(t, err, want)
		})
	}
	for _, payload := range []string{``, `null`, `[]`, `"exp"`, `1`, "\ufeff" + live(``), live(``) + "\x00", live(``) + `//`} {
		_, err := verify(t, sign(testSecret, joseHeader, payload))
		wantOutcome(t, err, "invalid: claims")
	}
}

func TestMaxSize(t *testing.T) {
	small := sign(testSecret, joseHeader, live(``))
	verifier := func(n int) pair {
		return newVerifier(jwtexptest.NewClock(epoch), jwtexp.WithMaxSize(n))
	}
	proof, err := verifier(len(small)).Verify(t.Context(), small)
	wantOutcome(t, err, "ok")
	_, err = verifier(len(small)-1).Verify(t.Context(), small)
	wantOutcome(t, err, "invalid: too_large")
	wantOutcome(t, verifier(len(small)-1).Recheck(t.Context(), proof), "invalid: too_large")

	large := sign(testSecret, joseHeader, live(`,"x":"`+strings.Repeat("x", jwtexp.DefaultMaxSize)+`"`))
	_, err = verifier(2*jwtexp.DefaultMaxSize).Verify(t.Context(), large)
	wantOutcome(t, err, "ok")
}

func TestAudience(t *testing.T) {
	for _, c := range []struct {
		members  string
		audience []string
		want     string
	}{
		{``, nil, "ok"},
		{`,"aud":"api"`, nil, "invalid: audience"}, // RFC 7519 §4.1.3
		{`,"aud":["api"]`, nil, "invalid: audience"},
		{``, []string{"api"}, "invalid: audience"},
		{`,"aud":"api"`, []string{"api"}, "ok"},
		{`,"aud":["web","api"]`, []string{"api"}, "ok"},
		{`,"aud":"api"`, []string{"web", "api"}, "ok"},
		{`,"aud":["x","y"]`, []string{"web", "api"}, "invalid: audience"},
		{`,"aud":"API"`, []string{"api"}, "invalid: audience"},
		{`,"aud":"api,web"`, []string{"api"}, "invalid: audience"},
		{`,"aud":"*"`, []string{"api"}, "invalid: audience"},
		{`,"AUD":"api"`, []string{"api"}, "invalid: audience"},
	} {
		var opts []jwtexp.VerifierOption
		if c.audience != nil {
			opts = append(opts, jwtexp.WithAudience(c.audience...))
		}
		_, err := verify(t, sign(testSecret, joseHeader, live(c.members)), opts...)
		if got := outcome(err); got != c.want {
			t.Errorf("%s for %q: got %s, want %s", c.members, c.audience, got, c.want)
		}
	}
}

func TestIssuerName(t *testing.T) {
	for members, want := range map[string]string{
		`,"iss":"login"`:              "ok",
		`,"iss":"l\u006fgin"`:         "ok",
		``:                            "invalid: issuer",
		`,"iss":""`:                   "invalid: issuer",
		`,"iss":"Login"`:              "invalid: issuer",
		`,"iss":"login "`:             "invalid: issuer",
		`,"iss":"evil","ISS":"login"`: "invalid: issuer",
	} {
		_, err := verify(t, sign(testSecret, joseHeader, live(members)), jwtexp.WithIssuer("login"))
		if got := outcome(err); got != want {
			t.Errorf("%s: got %s, want %s", members, got, want)
		}
	}
	_, err := verify(t, sign(testSecret, joseHeader, live(`,"iss":"anybody"`)))
	wantOutcome(t, err, "ok")
}

func TestType(t *testing.T) {
	for _, c := range []struct{ want, typ, outcome string }{
		// want is the argument of WithType, or "" without it. typ is JSON, or "" if it is absent.
		{"", ``, "ok"},
		{"", `"JWT"`, "ok"},
		{"", `"jwt"`, "ok"},
		{"", `"application/jwt"`, "ok"},
		{"", `"at+jwt"`, "invalid: type"},
		{"", `"dpop+jwt"`, "invalid: type"},
		{"", `"JWT "`, "invalid: type"},
		{"", `"application/application/jwt"`, "invalid: type"},
		{"JWT", ``, "invalid: type"},
		{"JWT", `"jwt"`, "ok"},
		{"at+jwt", `"at+jwt"`, "ok"},
		{"at+jwt", `"AT+JWT"`, "ok"},
		{"z+jwt", `"Z+JWT"`, "ok"},
		{"at+jwt", `"application/at+jwt"`, "ok"},
		{"application/at+jwt", `"at+jwt"`, "ok"},
		{"at+jwt", `"JWT"`, "invalid: type"},
		{"at+jwt", ``, "invalid: type"},
		{"at+jwt", `"text/at+jwt"`, "invalid: type"},
		{"at+jwt", `"at+jwt;x=y"`, "invalid: type"},
		{"secevent+jwt", `"\u017fecevent+jwt"`, "invalid: type"}, // the long s, which Unicode folds to s
	} {
		header := `{"alg":"HS256"}`
		if c.typ != "" {
			header = `{"alg":"HS256","typ":` + c.typ + `}`
		}
		var opts []jwtexp.VerifierOption
		if c.want != "" {
			opts = append(opts, jwtexp.WithType(c.want))
		}
		_, err := verify(t, sign(testSecret, header, live(``)), opts...)
		if got := outcome(err); got != c.outcome {
			t.Errorf("typ %s for %q: got %s, want %s", c.typ, c.want, got, c.outcome)
		}
	}
}

// A Verifier and a VerifierSet accept at most 64 levels in the header and in the payload, and an
// Issuer issues no token with more.
func TestDepthIsBounded(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	set := twoIssuers()
	single := namedVerifier("a", testSecret)
	for _, c := range []struct{ name, header, payload, want string }{
		{"64 in the header", `{"alg":"HS256","kid":"k1","x":` + nested(63) + `}`, live(`,"iss":"a"`), "ok"},
		{"65 in the header", `{"alg":"HS256","kid":"k1","x":` + nested(64) + `}`, live(`,"iss":"a"`), "invalid: malformed"},
		{"1000 in the header", `{"alg":"HS256","kid":"k1","x":` + nested(1000) + `}`, live(`,"iss":"a"`), "invalid: malformed"},
		{"64 in the payload", sharedKID, live(`,"iss":"a","x":` + nested(63)), "ok"},
		{"65 in the payload", sharedKID, live(`,"iss":"a","x":` + nested(64)), "invalid: claims"},
		{"2000 in the payload", sharedKID, live(`,"iss":"a","x":` + nested(2000)), "invalid: claims"},
	} {
		raw := sign(testSecret, c.header, c.payload)
		for name, v := range map[string]jwtexp.TokenVerifier{"Verifier": single, "VerifierSet": set} {
			if _, err := v.Verify(t.Context(), raw); outcome(err) != c.want {
				t.Errorf("%s, %s: got %s (%v), want %s", c.name, name, outcome(err), err, c.want)
			}
		}
	}
	issuer := newIssuer(jwtexptest.NewClock(epoch))
	for levels, want := range map[int]bool{63: true, 64: false} {
		token, err := issuer.Issue(t.Context(), "alice", map[string]json.RawMessage{"x": json.RawMessage(nested(levels))})
		if (err == nil) != want {
			t.Errorf("Issue with %d levels: got %v, want success: %t", levels+1, err, want)
		}
		if err == nil {
			accept(t, newVerifier(jwtexptest.NewClock(epoch)), token.Raw())
		}
	}
}
