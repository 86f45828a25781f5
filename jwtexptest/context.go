package jwtexptest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Context returns a context that carries a real, verified token for subject, with
// the given application claims, for testing a handler without the middleware in
// front of it:
//
//	r := httptest.NewRequestWithContext(jwtexptest.Context(t, "alice", nil), "GET", "/", nil)
//
// The token is signed with a key of its own and lives for an hour. opts go to
// both the issuer and the verifier that make it; without WithClock they go by the
// system's clock. The context is a child of tb.Context(), which ends with the
// test. A fault fails the test.
func Context(tb testing.TB, subject string, claims any, opts ...jwtexp.CommonOption) context.Context {
	tb.Helper()
	secret := make([]byte, 32)
	rand.Read(secret)
	token, err := verified(tb.Context(), secret, subject, claims, jwtexp.Options(opts...))
	if err != nil {
		tb.Fatalf("jwtexptest.Context: %v", err)
	}
	return jwtexp.NewContext(tb.Context(), token)
}

func verified(ctx context.Context, secret []byte, subject string, claims any, opts jwtexp.CommonOption) (*jwtexp.Token, error) {
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
