package differential_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/jwtexp/jwtexp"
)

// A reading holds the registered claims that a library has read. Dates are Unix seconds; -1 means
// none.
type reading struct {
	iss, sub, jti string
	aud           []string
	exp, nbf, iat float64
}

// sameAs compares two readings. Dates may differ by one second, because the other libraries truncate
// them or convert them to float64.
func (a *reading) sameAs(b *reading) bool {
	near := func(x, y float64) bool { return x-y < 1.001 && y-x < 1.001 }
	return a.iss == b.iss && a.sub == b.sub && a.jti == b.jti && slices.Equal(a.aud, b.aud) &&
		near(a.exp, b.exp) && near(a.nbf, b.nbf) && near(a.iat, b.iat)
}

type accept func(raw string) (*reading, error)

var clock = func() time.Time { return time.Unix(now, 0) }

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return -1
	}
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

func newJWTExp(k key) accept {
	newKey := func() (jwtexp.Key, error) { return jwtexp.NewPublicKey(jwtexp.Algorithm(k.alg), k.verify) }
	if secret, ok := k.verify.([]byte); ok {
		newKey = func() (jwtexp.Key, error) { return jwtexp.NewSecretKey(jwtexp.Algorithm(k.alg), secret) }
	}
	v := must(jwtexp.NewVerifier(must(newKey()), jwtexp.WithClock(jwtexp.ClockFunc(clock)),
		jwtexp.WithIssuer("login"), jwtexp.WithAudience("api")))
	return func(raw string) (*reading, error) {
		t, err := v.Verify(context.Background(), raw)
		if err != nil {
			return nil, err
		}
		return &reading{t.Issuer(), t.Subject(), t.ID(), t.Audience(), seconds(t.ExpiresAt()), seconds(t.NotBefore()), seconds(t.IssuedAt())}, nil
	}
}

func newGolangJWT(k key) accept {
	p := jwt.NewParser(jwt.WithValidMethods([]string{k.alg}), jwt.WithTimeFunc(clock),
		jwt.WithIssuer("login"), jwt.WithAudience("api"), jwt.WithExpirationRequired())
	keyFunc := func(*jwt.Token) (any, error) { return k.verify, nil }
	date := func(d *jwt.NumericDate, err error) float64 {
		if d == nil || err != nil {
			return -1
		}
		return seconds(d.Time)
	}
	return func(raw string) (*reading, error) {
		claims := jwt.MapClaims{}
		if _, err := p.ParseWithClaims(raw, claims, keyFunc); err != nil {
			return nil, err
		}
		aud, err := claims.GetAudience()
		iss, _ := claims["iss"].(string)
		sub, _ := claims["sub"].(string)
		jti, _ := claims["jti"].(string)
		return &reading{iss, sub, jti, aud, date(claims.GetExpirationTime()), date(claims.GetNotBefore()), date(claims.GetIssuedAt())}, err
	}
}

func newJWX(k key) accept {
	alg, ok := jwa.LookupSignatureAlgorithm(k.alg)
	if !ok {
		panic(k.alg)
	}
	options := []jwxjwt.ParseOption{jwxjwt.WithKey(alg, k.verify), jwxjwt.WithClock(jwxjwt.ClockFunc(clock)),
		jwxjwt.WithIssuer("login"), jwxjwt.WithAudience("api"), jwxjwt.WithRequiredClaim("exp")}
	date := func(t time.Time, ok bool) float64 {
		if !ok {
			return -1
		}
		return seconds(t)
	}
	return func(raw string) (*reading, error) {
		t, err := jwxjwt.ParseString(raw, options...)
		if err != nil {
			return nil, err
		}
		iss, _ := t.Issuer()
		sub, _ := t.Subject()
		jti, _ := t.JwtID()
		aud, _ := t.Audience()
		return &reading{iss, sub, jti, aud, date(t.Expiration()), date(t.NotBefore()), date(t.IssuedAt())}, nil
	}
}

func newGoJOSE(k key) accept {
	algs := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(k.alg)}
	expected := josejwt.Expected{Issuer: "login", AnyAudience: josejwt.Audience{"api"}, Time: clock()}
	date := func(d *josejwt.NumericDate) float64 {
		if d == nil {
			return -1
		}
		return seconds(d.Time())
	}
	return func(raw string) (*reading, error) {
		t, err := josejwt.ParseSigned(raw, algs)
		if err != nil {
			return nil, err
		}
		var c josejwt.Claims
		if err := t.Claims(k.verify, &c); err != nil {
			return nil, err
		}
		if c.Expiry == nil {
			return nil, errors.New("no exp")
		}
		if err := c.ValidateWithLeeway(expected, 0); err != nil {
			return nil, err
		}
		return &reading{c.Issuer, c.Subject, c.ID, c.Audience, date(c.Expiry), date(c.NotBefore), date(c.IssuedAt)}, nil
	}
}

// reasonOf returns jwtexp's reason for a rejection.
func reasonOf(err error) string {
	if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		return string(invalid.Reason)
	}
	if errors.Is(err, jwtexp.ErrExpired) {
		return "expired"
	}
	return "?"
}

// excerpt returns the start of text on one line.
func excerpt(text string) string {
	if len(text) > 120 {
		text = text[:120] + "…"
	}
	quoted, _ := json.Marshal(text)
	return string(quoted[1 : len(quoted)-1])
}
