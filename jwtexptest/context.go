package jwtexptest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Context returns a context with a real, verified token for subject and the given application
// claims. Use it to test a handler without its middleware:
//
//	r := httptest.NewRequestWithContext(jwtexptest.Context(t, "alice", nil), "GET", "/", nil)
//
// The token is signed with a new key and lives for an hour. opts apply to both the issuer and the
// verifier; without jwtexp.WithClock they use the system clock. The parent is tb.Context(), which
// ends with the test. An error fails the test.
func Context(tb testing.TB, subject string, claims any, opts ...jwtexp.CommonOption) context.Context {
	tb.Helper()
	token, err := verifiedToken(tb.Context(), subject, claims, jwtexp.Options(opts...))
	if err != nil {
		tb.Fatalf("jwtexptest.Context: %v", err)
	}
	return jwtexp.NewContext(tb.Context(), token)
}

func verifiedToken(ctx context.Context, subject string, claims any, opts jwtexp.CommonOption) (*jwtexp.Token, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		return nil, err
	}
	issuer, err := jwtexp.NewIssuer(key, time.Hour, opts)
	if err != nil {
		return nil, err
	}
	verifier, err := jwtexp.NewVerifier(key, opts)
	if err != nil {
		return nil, err
	}
	issued, err := issuer.Issue(ctx, subject, claims)
	if err != nil {
		return nil, err
	}
	return verifier.Verify(ctx, issued.Raw())
}
