package jwtexp_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A client with an expired token may refresh. An invalid token proves nothing, whether it has
// expired or not.
func ExampleVerifier_Verify() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}

	verify := func(raw string) {
		token, err := verifier.Verify(ctx, raw)
		switch {
		case err == nil:
			fmt.Println("good:", token.Subject())
		case errors.Is(err, jwtexp.ErrExpired):
			fmt.Println("expired: log in again, or refresh")
		case errors.Is(err, jwtexp.ErrInvalid):
			fmt.Println("invalid: log in again")
		default: // jwtexp.ErrUnavailable
			fmt.Println("unavailable: try again later")
		}
	}
	tampered := strings.Replace(issued.Raw(), ".", ".AAAA", 1)

	verify(issued.Raw())
	verify(tampered)
	clock.Advance(15 * time.Minute)
	verify(issued.Raw())
	verify(tampered) // invalid, although it would also have expired
	// Output:
	// good: alice
	// invalid: log in again
	// expired: log in again, or refresh
	// invalid: log in again
}

// A connection can last longer than the token that opened it. This one is closed when the token has
// expired.
func ExampleVerifier_Recheck() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}

	for range 3 { // while the connection is open
		if err := verifier.Recheck(ctx, token); err != nil {
			fmt.Println(clock.Now().Format(time.Kitchen), "closed, expired:", errors.Is(err, jwtexp.ErrExpired))
			break
		}
		fmt.Println(clock.Now().Format(time.Kitchen), "open")
		clock.Advance(10 * time.Minute) // a real service waits for a ticker
	}
	// Output:
	// 12:00PM open
	// 12:10PM open
	// 12:20PM closed, expired: true
}

// An ExpiredError says whose token it was and when it expired, for a friendlier message. It does not
// prove that the subject still has access.
func ExampleExpiredError() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Advance(time.Hour)

	_, err = verifier.Verify(ctx, issued.Raw())
	if expired, ok := errors.AsType[*jwtexp.ExpiredError](err); ok {
		fmt.Printf("Welcome back, %s: your session ended %v ago.\n", expired.Subject, expired.Ago())
	}
	fmt.Println(err) // the text does not contain the subject
	// Output:
	// Welcome back, alice: your session ended 45m0s ago.
	// jwtexp: token expired 45m0s ago, at 2026-01-02T12:15:00Z
}

// The Verifier rejects a token whose claims the application cannot use. No handler sees it.
func ExampleWithClaims() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}

	type membership struct {
		Tenant string `json:"tenant"`
	}
	errNoTenant := errors.New("no tenant")
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClaims(func(m *membership) error {
		if m.Tenant == "" {
			return errNoTenant
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, claims := range []map[string]any{
		{"tenant": "acme"},
		{"tenant": 7},
		{},
	} {
		issued, err := issuer.Issue(ctx, "alice", claims)
		if err != nil {
			log.Fatal(err)
		}
		_, err = verifier.Verify(ctx, issued.Raw())
		fmt.Println("invalid:", errors.Is(err, jwtexp.ErrInvalid), "no tenant:", errors.Is(err, errNoTenant))
	}
	// Output:
	// invalid: false no tenant: false
	// invalid: true no tenant: false
	// invalid: true no tenant: true
}

// exampleDenylist has the IDs of the tokens that were logged out. This one is in memory. Several
// servers share a store instead. If the store fails, revoked returns the error, and the token is
// ErrUnavailable and not ErrInvalid.
type exampleDenylist struct {
	mu        sync.Mutex
	expiresAt map[string]time.Time
}

func (d *exampleDenylist) add(t *jwtexp.Token) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expiresAt[t.ID()] = t.ExpiresAt()
}

func (d *exampleDenylist) revoked(_ context.Context, t *jwtexp.Token) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, found := d.expiresAt[t.ID()]
	return found, nil
}

// prune removes the tokens that have expired for every verifier, whatever its leeway.
func (d *exampleDenylist) prune(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.expiresAt, func(_ string, exp time.Time) bool { return now.After(exp.Add(jwtexp.MaxLeeway)) })
}

// For logout, the server keeps a list of the tokens that were logged out. An entry can be removed
// when its token has expired, so the list stays short if lifetimes are short.
//
// Such a list is enough for access tokens. Refresh tokens need more (RFC 9700 §4.14.2). The server
// replaces a refresh token each time it is used. If a replaced one is presented, one of the two
// parties that had it is a thief, and the server ends the login. So it needs a record of each login.
func ExampleWithRevoked() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	loggedOut := &exampleDenylist{expiresAt: make(map[string]time.Time)}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock), jwtexp.WithRevoked(loggedOut.revoked))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	token, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	verify := func() {
		_, err := verifier.Verify(ctx, token.Raw())
		fmt.Println("invalid:", errors.Is(err, jwtexp.ErrInvalid), "expired:", errors.Is(err, jwtexp.ErrExpired))
	}
	verify()
	loggedOut.add(token)
	verify()
	clock.Advance(30 * time.Minute)
	loggedOut.prune(clock.Now())
	verify()
	fmt.Println("entries:", len(loggedOut.expiresAt))
	// Output:
	// invalid: false expired: false
	// invalid: true expired: false
	// invalid: false expired: true
	// entries: 0
}

// A cache saves an API most of its signature checks, if clients send their tokens many times. It
// changes no verdict: each time, the key set, the lifetime and the clock are checked.
func ExampleWithCache() {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.EdDSA, private)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	checked := 0
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock),
		jwtexp.WithCache(10_000), // about 10 MB when full
		jwtexp.WithClaims(func(*struct{}) error { checked++; return nil }))
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	token, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if _, err := verifier.Verify(ctx, token.Raw()); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("checks of signature and claims:", checked)
	clock.Advance(15 * time.Minute)
	_, err = verifier.Verify(ctx, token.Raw())
	fmt.Println("expired:", errors.Is(err, jwtexp.ErrExpired))
	// Output:
	// checks of signature and claims: 1
	// expired: true
}

// An API accepts tokens of its own login and of a partner's. Both name their key "2026-01". Neither
// can sign for the other.
func ExampleVerifierSet() {
	_, ownPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	_, partnerPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	own, err := jwtexp.NewSigningKey(jwtexp.Ed25519, ownPrivate)
	if err != nil {
		log.Fatal(err)
	}
	partner, err := jwtexp.NewSigningKey(jwtexp.Ed25519, partnerPrivate)
	if err != nil {
		log.Fatal(err)
	}
	own, partner = own.WithID("2026-01"), partner.WithID("2026-01")

	// Each Verifier has the keys of its issuer and its own options.
	api := jwtexp.WithAudience("https://api.example")
	ownVerifier, err := jwtexp.NewVerifier(own, api, jwtexp.WithIssuer("https://login.example"))
	if err != nil {
		log.Fatal(err)
	}
	partnerVerifier, err := jwtexp.NewVerifier(partner, api, jwtexp.WithIssuer("https://partner.example"),
		jwtexp.WithMaxLifetime(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifierSet(ownVerifier, partnerVerifier) // NewMiddleware takes it, too
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, token := range []struct {
		issuer string
		key    jwtexp.Key
	}{
		{"https://login.example", own},
		{"https://partner.example", partner},
		{"https://login.example", partner}, // signed with the wrong key
		{"https://other.example", partner}, // an unknown issuer
	} {
		issuer, err := jwtexp.NewIssuer(token.key, 5*time.Minute, api, jwtexp.WithIssuer(token.issuer))
		if err != nil {
			log.Fatal(err)
		}
		issued, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, err = verifier.Verify(ctx, issued.Raw())
		if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
			fmt.Println(token.issuer, "rejected:", invalid.Reason)
			continue
		}
		fmt.Println(token.issuer, "accepted:", err == nil)
	}
	// Output:
	// https://login.example accepted: true
	// https://partner.example accepted: true
	// https://login.example rejected: signature
	// https://other.example rejected: issuer
}
