package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (p *provider) discover(t *testing.T) *jwks.Remote {
	t.Helper()
	keys, err := jwks.Discover(t.Context(), p.issuer, jwks.WithLoopbackHTTP())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}

// newClock returns a clock that stands at the current time, at which the provider's tokens are good.
func newClock() *jwtexptest.Clock { return jwtexptest.NewClock(jwtexp.SystemClock().Now()) }

func newVerifier(keys jwtexp.KeySet, clock jwtexp.Clock, opts ...jwtexp.VerifierOption) *jwtexp.Verifier {
	return must(jwtexp.NewVerifier(keys, append(opts, jwtexp.WithClock(clock))...))
}

func TestAccessToken(t *testing.T) {
	p := startProvider(t)
	keys := p.discover(t)
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			raw := p.accessToken(t, audience(alg))
			api := forAPI(p, audience(alg))
			clock := newClock()
			now := clock.Now()
			token, err := newVerifier(keys, clock, api...).Verify(t.Context(), raw)
			if err != nil {
				t.Fatalf("got %v, want nil", err)
			}
			if token.Subject() != "service" {
				t.Errorf("got subject %s, want service", token.Subject())
			}
			tests := []struct {
				name string
				raw  string
				now  time.Time
				opts []jwtexp.VerifierOption
				want error
			}{
				{"a nanosecond before exp", raw, token.ExpiresAt().Add(-1), api, nil},
				{"expired", raw, token.ExpiresAt(), api, jwtexp.ErrExpired},
				{"tampered", tamper(raw), now, api, jwtexp.ErrInvalid},
				{"tampered and expired", tamper(raw), token.ExpiresAt(), api, jwtexp.ErrInvalid},
				{"another audience", raw, now, forAPI(p, audience("other")), jwtexp.ErrInvalid},
				{"another issuer", raw, now, []jwtexp.VerifierOption{jwtexp.WithIssuer(p.issuer + "/"),
					jwtexp.WithAudience(audience(alg)), jwtexp.WithType("at+jwt")}, jwtexp.ErrInvalid},
				{"used as an ID token", raw, now, []jwtexp.VerifierOption{jwtexp.WithIssuer(p.issuer),
					jwtexp.WithAudience(audience(alg))}, jwtexp.ErrInvalid},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					_, err := newVerifier(keys, jwtexptest.NewClock(tt.now), tt.opts...).Verify(t.Context(), tt.raw)
					if !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					}
				})
			}
		})
	}
}

// forAPI returns the options of an API that accepts access tokens.
func forAPI(p *provider, audience string) []jwtexp.VerifierOption {
	return []jwtexp.VerifierOption{jwtexp.WithIssuer(p.issuer), jwtexp.WithAudience(audience), jwtexp.WithType("at+jwt")}
}

// tamper changes the signature.
func tamper(raw string) string {
	i := len(raw) - 40
	if raw[i] == 'A' {
		return raw[:i] + "B" + raw[i+1:]
	}
	return raw[:i] + "A" + raw[i+1:]
}

func TestIDToken(t *testing.T) {
	p := startProvider(t)
	raw := p.idToken(t, "alice", "n-1")
	login := func(nonce string) jwtexp.VerifierOption {
		type claims struct {
			Nonce string `json:"nonce"`
		}
		return jwtexp.WithClaims(func(c *claims) error {
			if c.Nonce != nonce {
				return errors.New("nonce of another login")
			}
			return nil
		})
	}
	tests := []struct {
		name string
		opts []jwtexp.VerifierOption
		want error
	}{
		{"good", []jwtexp.VerifierOption{jwtexp.WithAudience("web"), login("n-1")}, nil},
		{"another login", []jwtexp.VerifierOption{jwtexp.WithAudience("web"), login("n-2")}, jwtexp.ErrInvalid},
		{"another client", []jwtexp.VerifierOption{jwtexp.WithAudience("service"), login("n-1")}, jwtexp.ErrInvalid},
		{"used as an access token", []jwtexp.VerifierOption{jwtexp.WithAudience("web"), jwtexp.WithType("at+jwt")}, jwtexp.ErrInvalid},
	}
	keys := p.discover(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verifier := newVerifier(keys, newClock(), append(tt.opts, jwtexp.WithIssuer(p.issuer))...)
			token, err := verifier.Verify(t.Context(), raw)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil && token.Subject() != "alice" {
				t.Errorf("got subject %s, want alice", token.Subject())
			}
		})
	}
}
