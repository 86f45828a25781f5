package jwtexp_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// An Issuer and a Verifier that share WithMaxSize agree about each token, to the byte.
func TestIssuerAndVerifierShareMaxSize(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	groups := make([]string, 500)
	for i := range groups {
		groups[i] = fmt.Sprintf("group-%08d-%08d", i, i)
	}
	claims := map[string]any{"groups": groups}

	_, err := newIssuer(clock).Issue(t.Context(), "alice", claims)
	if err == nil || len(verdicts(err)) > 0 {
		t.Fatalf("got %v, want an error without a verdict", err)
	}
	for _, want := range []string{"bytes, and the limit is 8192", "WithMaxSize"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to have %s", err, want)
		}
	}

	large, err := newIssuer(clock, jwtexp.WithMaxSize(1<<20)).Issue(t.Context(), "alice", claims)
	if err != nil {
		t.Fatalf("got %v, want a token within the limit of its Issuer", err)
	}
	size := len(large.Raw())
	for limit, want := range map[int]string{size - 1: "invalid: too_large", size: "ok"} {
		common := jwtexp.Options(jwtexp.WithClock(clock), jwtexp.WithMaxSize(limit))
		token, err := must(jwtexp.NewIssuer(testKey(), time.Hour, common)).Issue(t.Context(), "alice", claims)
		if (err == nil) != (want == "ok") {
			t.Errorf("limit %d: got %v, %v, want %s", limit, token, err, want)
		}
		_, err = must(jwtexp.NewVerifier(testKey(), common)).Verify(t.Context(), large.Raw())
		wantOutcome(t, err, want)
	}
	for _, n := range []int{0, -1} {
		if _, err := jwtexp.NewIssuer(testKey(), time.Hour, jwtexp.WithMaxSize(n)); err == nil {
			t.Errorf("WithMaxSize(%d): got nil, want an error", n)
		}
	}
}

// nbf is the time that was passed. A token that is valid from now on is valid now, whatever the
// fraction of the second.
func TestNotBeforeIsNotRounded(t *testing.T) {
	for _, fraction := range []time.Duration{0, 1, 999, 250 * time.Millisecond, time.Second - 1} {
		now := epoch.Add(fraction)
		clock := jwtexptest.NewClock(now)
		token := must(newIssuer(clock).Issue(t.Context(), "alice", nil, jwtexp.WithNotBefore(clock.Now())))
		if !token.NotBefore().Equal(now) {
			t.Errorf("issued: got nbf %v, want %v", token.NotBefore(), now)
		}
		verified, err := newVerifier(clock).Verify(t.Context(), token.Raw())
		if err != nil || !verified.NotBefore().Equal(now) {
			t.Errorf("at %v: got %v, %v, want a token with nbf %v", now, verified, err, now)
			continue
		}
		clock.Set(now.Add(-1))
		_, err = newVerifier(clock).Verify(t.Context(), token.Raw())
		wantOutcome(t, err, "invalid: not_yet_valid")
	}
	// The same with the clock of the system.
	token := must(must(jwtexp.NewIssuer(testKey(), time.Hour)).Issue(t.Context(), "alice", nil, jwtexp.WithNotBefore(time.Now())))
	_, err := must(jwtexp.NewVerifier(testKey())).Verify(t.Context(), token.Raw())
	wantOutcome(t, err, "ok")
}

// Issue names every fault of its arguments.
func TestIssueNamesEveryFault(t *testing.T) {
	_, err := newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), "", nil, jwtexp.WithLifetime(time.Hour/7), nil, jwtexp.WithLifetime(2*time.Hour))
	for _, want := range []string{"the subject is empty", "invalid lifetime 8m34.285714285s", "nil option", "2h0m0s is longer than the Issuer's 1h0m0s"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want it to have %s", err, want)
		}
	}
	// The claims have faults, too.
	for name, opts := range map[string][]jwtexp.IssueOption{"empty": nil, "nbf": {jwtexp.WithNotBefore(epoch.Add(2 * time.Hour))}} {
		subject := map[string]string{"empty": "", "nbf": "alice"}[name]
		_, err := newIssuer(jwtexptest.NewClock(epoch)).Issue(t.Context(), subject, struct{ Channel chan int }{make(chan int)}, opts...)
		for _, want := range []string{name, "the field Channel has a chan int"} {
			if !strings.Contains(strings.ReplaceAll(fmt.Sprint(err), "WithNotBefore", "nbf"), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line that has %s", err, want)
			}
		}
	}
}

// A slowSigner signs and then calls after, as if a KMS answered late.
type slowSigner struct {
	crypto.Signer
	after func()
}

func (s slowSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := s.Signer.Sign(rand, digest, opts)
	s.after()
	return signature, err
}

// A token that comes after the caller's context has ended is an outage, if a signer of the
// application made it. A key in memory does not wait for anything.
func TestContextThatEndsWhileSigning(t *testing.T) {
	for name, private := range map[string]crypto.Signer{"EdDSA": newEd25519(), "ES256": newECDSA(elliptic.P256()), "RS256": testRSA()} {
		alg := jwtexp.Algorithm(name)
		ctx, cancel := context.WithCancel(t.Context())
		remote := must(jwtexp.NewSigningKey(alg, slowSigner{private, cancel}))
		token, err := must(jwtexp.NewIssuer(remote, time.Hour)).Issue(ctx, "alice", nil)
		wantText(t, name, err, "unavailable", "signer: its signature came too late; the caller's context was canceled")
		if token != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, %v, want no token, and context.Canceled in the error", name, token, err)
		}

		inMemory := must(jwtexp.NewSigningKey(alg, private))
		_, err = must(jwtexp.NewIssuer(inMemory, time.Hour)).Issue(ctx, "alice", nil)
		wantOutcome(t, err, "ok")
		quick := must(jwtexp.NewSigningKey(alg, slowSigner{private, func() {}}))
		_, err = must(jwtexp.NewIssuer(quick, time.Hour)).Issue(t.Context(), "alice", nil)
		wantOutcome(t, err, "ok")
	}
	// A signature that is wrong, and a signer that fails, keep their own errors.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failing := must(jwtexp.NewSigningKey(jwtexp.EdDSA, remoteSigner{newEd25519(), errors.New("down")}))
	_, err := must(jwtexp.NewIssuer(failing, time.Hour)).Issue(ctx, "alice", nil)
	wantText(t, "failing", err, "unavailable", "signer: the caller's context was canceled")
}
