package providers_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

// An assertion is what a provider expects of the token that a block with a func newAssertion
// signs.
type assertion struct {
	arguments string // of newAssertion
	algorithm jose.SignatureAlgorithm
	header    func(certificate []byte) object // besides alg
	claims    object                          // besides the times and jti
	backdated time.Duration                   // how long ago iat is
	longest   time.Duration                   // how far ahead exp may be
}

var assertions = map[string]assertion{
	"Google service account": {
		arguments: "ctx, key",
		algorithm: jose.RS256,
		header:    func([]byte) object { return object{"typ": "JWT", "kid": "0123456789abcdef0123456789abcdef01234567"} },
		claims: object{
			"iss":   "robot@example.iam.gserviceaccount.com",
			"aud":   "https://oauth2.googleapis.com/token",
			"scope": "https://www.googleapis.com/auth/devstorage.read_only",
		},
		longest: time.Hour,
	},
	"Entra application": {
		arguments: "ctx, key, certificate",
		algorithm: jose.PS256,
		header: func(certificate []byte) object {
			thumbprint := sha256.Sum256(certificate)
			return object{"typ": "JWT", "x5t#S256": base64url(thumbprint[:])}
		},
		claims: object{
			"iss": entraClient,
			"sub": entraClient,
			"aud": microsoft + tenant + "/oauth2/v2.0/token",
		},
		longest: 10 * time.Minute,
	},
	"GitHub App": {
		arguments: "ctx, key",
		algorithm: jose.RS256,
		header:    func([]byte) object { return object{"typ": "JWT"} },
		claims:    object{"iss": "Iv23liEXAMPLEclientID"},
		backdated: time.Minute,
		longest:   10 * time.Minute,
	},
}

func testAssertions(t *testing.T, p *process) {
	own := newSigner("")
	certificate := own.certificate()
	r := request{
		Key:         []byte(toPEM("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(own.key())))),
		Certificate: []byte(toPEM("CERTIFICATE", certificate)),
	}
	for heading, want := range assertions {
		t.Run(heading, func(t *testing.T) {
			r.Heading = heading
			before := time.Now().Truncate(time.Second)
			answer := p.ask(t, r)
			now := time.Now()
			signed, err := jose.ParseSignedCompact(answer.Assertion, []jose.SignatureAlgorithm{want.algorithm})
			if err != nil {
				t.Fatalf("got %v: %s", err, answer.Text)
			}
			payload, err := signed.Verify(own.key().Public())
			if err != nil {
				t.Fatal(err)
			}

			header := object{}
			for name, value := range signed.Signatures[0].Protected.ExtraHeaders {
				header[string(name)] = value
			}
			if kid := signed.Signatures[0].Protected.KeyID; kid != "" {
				header["kid"] = kid
			}
			if diff := cmp.Diff(want.header(certificate), header); diff != "" {
				t.Errorf("the header is not what the provider wants (-want +got):\n%s", diff)
			}
			var claims object
			if err := json.Unmarshal(payload, &claims); err != nil {
				t.Fatal(err)
			}
			issued, expires := numericDate(t, claims, "iat"), numericDate(t, claims, "exp")
			delete(claims, "jti")
			if diff := cmp.Diff(want.claims, claims); diff != "" {
				t.Errorf("the claims are not what the provider wants (-want +got):\n%s", diff)
			}
			if at := issued.Add(want.backdated); at.Before(before) || at.After(now) {
				t.Errorf("got iat %v, want %v before now, %v", issued, want.backdated, now)
			}
			if expires.Before(now) || expires.Sub(now) > want.longest {
				t.Errorf("got exp %v, want at most %v after now, %v", expires, want.longest, now)
			}
		})
	}
}

// numericDate returns a claim that is a time, and removes it.
func numericDate(t *testing.T, claims object, name string) time.Time {
	t.Helper()
	seconds, ok := claims[name].(float64)
	if !ok {
		t.Fatalf("got %v for %s, want a number", claims[name], name)
	}
	delete(claims, name)
	return time.Unix(int64(seconds), 0)
}
