package jwks_test

import (
	"crypto/elliptic"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func withAlgorithms(algs ...jwtexp.Algorithm) []jwks.RemoteOption {
	return []jwks.RemoteOption{jwks.WithAlgorithms(algs...)}
}

// remoteWith returns a Remote with the options, whose server answers every request with body.
func remoteWith(t *testing.T, body string, opts []jwks.RemoteOption) *jwks.Remote {
	t.Helper()
	return newRemote(t, keysURL, append(opts, jwks.WithTransport(&origin{reply: response(http.StatusOK, body)}))...)
}

// Only the algorithms that fit a key's type count. If none does, the default stays.
func TestWithAlgorithmsSaysWhatKeysWithoutAlgAreFor(t *testing.T) {
	tests := []struct {
		name, jwk string
		opts      []jwks.RemoteOption
		want      string // the algorithms of the JWK's keys
		assumed   string // of WhyAlgorithm
	}{
		{"RSA", rsa2048, nil, "RS256", "RS256 was assumed"},
		{"RSA for PS256", rsa2048, withAlgorithms(jwtexp.PS256), "PS256", "PS256 was assumed"},
		{"RSA for two", rsa2048, withAlgorithms(jwtexp.PS256, jwtexp.RS512), "PS256 RS512", "PS256 and RS512 were assumed"},
		{"RSA for three", rsa2048, withAlgorithms(jwtexp.RS256, jwtexp.PS384, jwtexp.PS512), "RS256 PS384 PS512", "RS256, PS384 and PS512 were assumed"},
		{"RSA for all", rsa2048, withAlgorithms(jwtexp.RS256, jwtexp.RS384, jwtexp.RS512, jwtexp.PS256, jwtexp.PS384, jwtexp.PS512),
			"RS256 RS384 RS512 PS256 PS384 PS512", ""},
		{"RSA beside other types", rsa2048, withAlgorithms(jwtexp.ES256, jwtexp.RS384, jwtexp.EdDSA), "RS384", "RS384 was assumed"},
		{"none fits RSA", rsa2048, withAlgorithms(jwtexp.ES256, jwtexp.EdDSA), "RS256", "RS256 was assumed"},
		{"RSA with alg", rsa2048 + `,"alg":"RS384"`, withAlgorithms(jwtexp.PS256), "RS384", ""},
		{"P-256", p256, withAlgorithms(jwtexp.ES256, jwtexp.ES384), "ES256", ""},
		{"none fits P-384", p384, withAlgorithms(jwtexp.ES256, jwtexp.ES512), "ES384", ""},
		{"P-521", p521, withAlgorithms(jwtexp.RS256), "ES512", ""},
		{"Ed25519", ed, nil, "EdDSA Ed25519", ""},
		{"Ed25519 for EdDSA", ed, withAlgorithms(jwtexp.EdDSA), "EdDSA", "EdDSA was assumed"},
		{"Ed25519 for Ed25519", ed, withAlgorithms(jwtexp.Ed25519, jwtexp.RS256), "Ed25519", "Ed25519 was assumed"},
		{"Ed25519 for both", ed, withAlgorithms(jwtexp.Ed25519, jwtexp.EdDSA), "Ed25519 EdDSA", ""},
		{"none fits Ed25519", ed, withAlgorithms(jwtexp.PS512), "EdDSA Ed25519", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for kind, jwk := range map[string]string{"with kid": `{"kid":"1",` + tt.jwk + `}`, "without kid": `{` + tt.jwk + `}`} {
				remote := remoteWith(t, `{"keys":[`+jwk+`]}`, tt.opts)
				keys, err := remote.VerificationKeys(t.Context(), "1", day)
				var got []string
				for _, key := range keys {
					got = append(got, string(key.Algorithm()))
				}
				if err != nil || strings.Join(got, " ") != tt.want {
					t.Errorf("%s: got %q, %v, want %q", kind, got, err, tt.want)
				}
				for _, id := range []string{"", "1"} {
					wantAssumed(t, kind+", id "+id, remote.WhyAlgorithm(id), tt.assumed)
				}
				if kind == "with kid" {
					wantAssumed(t, "an unknown id", remote.WhyAlgorithm("2"), "")
				}
			}
		})
	}
}

// wantAssumed checks that a text of WhyAlgorithm says what was assumed, or is "".
func wantAssumed(t *testing.T, what, got, assumed string) {
	t.Helper()
	want := ""
	if assumed != "" {
		want = "its JWK names no alg, so " + assumed + "; jwks.WithAlgorithms sets what such keys are for"
	}
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestTokensOfAssumedAlgorithms(t *testing.T) {
	private := testRSA()
	public := `"kty":"RSA","kid":"1","e":"AQAB","n":"` + base64url(private.N.Bytes()) + `"`
	tokenFor := func(alg jwtexp.Algorithm) string {
		return tokenBy(must(jwtexp.NewSigningKey(alg, private)).WithID("1"))
	}
	for _, tt := range []struct {
		opts []jwks.RemoteOption
		want map[jwtexp.Algorithm]error
	}{
		{nil, map[jwtexp.Algorithm]error{jwtexp.RS256: good, jwtexp.PS256: invalid, jwtexp.RS512: invalid}},
		{withAlgorithms(jwtexp.PS256, jwtexp.RS512), map[jwtexp.Algorithm]error{jwtexp.RS256: invalid, jwtexp.PS256: good, jwtexp.RS512: good}},
	} {
		verifier := newVerifier(remoteWith(t, `{"keys":[{`+public+`}]}`, tt.opts), jwtexptest.NewClock(day))
		for alg, want := range tt.want {
			_, err := verifier.Verify(t.Context(), tokenFor(alg))
			wantVerdict(t, fmt.Sprint(alg), err, want)
			hint := "assumed; jwks.WithAlgorithms sets what such keys are for"
			if got := strings.Contains(fmt.Sprint(err), hint); got != (want == invalid) {
				t.Errorf("%s: got %v, want the hint at WithAlgorithms: %t", alg, err, want == invalid)
			}
		}
	}
}

// WhyAlgorithm says for an ID only what is so for each of its JWKs.
func TestWhyAlgorithmOfSeveralJWKs(t *testing.T) {
	const assumed = "its JWK names no alg, so RS256 was assumed; jwks.WithAlgorithms sets what such keys are for"
	tests := []struct{ name, keys, id, want string }{
		{"another has alg", `{"kid":"1",` + rsa2048 + `},{"kid":"1","alg":"RS256",` + rsa4096 + `}`, "1", ""},
		{"another has no alg", `{"kid":"1",` + rsa2048 + `},{"kid":"1",` + rsa4096 + `}`, "1", assumed},
		{"another ID has alg", `{"kid":"1",` + rsa2048 + `},{"kid":"2","alg":"RS256",` + rsa4096 + `}`, "1", assumed},
		{"no kid, one has alg", `{"kid":"1",` + rsa2048 + `},{"kid":"2","alg":"RS256",` + rsa4096 + `}`, "", ""},
		{"no kid, one is of a curve", `{"kid":"1",` + rsa2048 + `},{"kid":"2",` + p256 + `}`, "", ""},
		{"no kid, none has alg", `{"kid":"1",` + rsa2048 + `},{"kid":"2",` + rsa4096 + `}`, "", assumed},
		{"another is left out", `{"kid":"1",` + rsa2048 + `},{"kid":"1","use":"enc",` + p256 + `}`, "1",
			assumed + `; its JWK is not usable: use is "enc", and not sig`},
	}
	for _, tt := range tests {
		remote := remoteOf(t, `{"keys":[`+tt.keys+`]}`)
		if _, err := remote.VerificationKeys(t.Context(), "", day); err != nil {
			t.Fatal(err)
		}
		if got := remote.WhyAlgorithm(tt.id); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWithAlgorithmsChecksItsArguments(t *testing.T) {
	tests := []struct {
		name string
		opts []jwks.RemoteOption
		want []string
	}{
		{"none", withAlgorithms(), []string{"no algorithm; name at least one, or leave the option out"}},
		{"unknown", withAlgorithms("XS256"), []string{`algorithm "XS256" is unknown; want RS256, `}},
		{"the algorithm none", withAlgorithms("none"), []string{`algorithm "none" is unknown`}},
		{"in lower case", withAlgorithms("rs256"), []string{`algorithm "rs256" is unknown`}},
		{"empty", withAlgorithms(""), []string{`algorithm "" is unknown`}},
		{"for secrets", withAlgorithms(jwtexp.HS256), []string{"HS256 is for secrets, and a JWK Set has public keys only"}},
		{"twice", withAlgorithms(jwtexp.RS256, jwtexp.RS256), []string{`"RS256" is named twice`}},
		{"several faults", withAlgorithms(jwtexp.RS256, "no", jwtexp.HS512), []string{`"no" is unknown`, "HS512 is for secrets"}},
		{"the option twice", append(withAlgorithms(jwtexp.RS256), jwks.WithAlgorithms(jwtexp.RS256)), []string{"given twice; pass it once"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := append(tt.opts, jwks.WithTransport(&origin{reply: set("a")}))
			remote, err := jwks.NewRemote(keysURL, opts...)
			wantFault(t, "NewRemote", err, tt.want)
			if remote != nil {
				t.Errorf("got a Remote, want none")
			}
			_, err = jwks.Discover(t.Context(), "https://login.example", opts...)
			wantFault(t, "Discover", err, tt.want)
		})
	}
}

// wantFault checks that err names WithAlgorithms and has all texts.
func wantFault(t *testing.T, constructor string, err error, want []string) {
	t.Helper()
	for _, text := range append(want, "jwks: "+constructor+": WithAlgorithms: ") {
		if !strings.Contains(fmt.Sprint(err), text) {
			t.Errorf("got %v, want it to have %s", err, text)
		}
	}
}

// The caller may change the algorithms later.
func TestWithAlgorithmsCopiesItsArguments(t *testing.T) {
	algs := []jwtexp.Algorithm{jwtexp.PS256}
	remote := remoteWith(t, `{"keys":[{`+rsa2048+`}]}`, withAlgorithms(algs...))
	algs[0] = jwtexp.RS512
	keys, err := remote.VerificationKeys(t.Context(), "", day)
	if got := names(keys); err != nil || got != "PS256:" {
		t.Errorf("got %q, %v, want PS256", got, err)
	}
}

// Every curve has one algorithm, which is not assumed.
func TestCurvesNeedNoAlg(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		remote := remoteOf(t, `{"keys":[{`+validECJWK(curve)+`}]}`)
		if _, err := remote.VerificationKeys(t.Context(), "", day); err != nil {
			t.Fatal(err)
		}
		wantAssumed(t, curve.Params().Name, remote.WhyAlgorithm(""), "")
	}
}
