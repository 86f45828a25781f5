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

// Issue a token, and verify it. The example of NewSecretKey shows where a service
// has its secret from.
func Example() {
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
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	raw := issued.Raw() // goes to the client, and comes back with each request

	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject(), "for", token.ExpiresAt().Sub(token.IssuedAt()))
	// Output: alice for 15m0s
}

// WRONG, on purpose: one key signs tokens for two purposes, and nothing in
// them tells the purposes apart. Whoever gets hold of a link in an e-mail can
// use the API.
//
// The right way stands below it: each purpose has a type.
func Example_wrong() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	// WRONG: a confirmation link and an access token look alike.
	links, err := jwtexp.NewIssuer(key, 24*time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	api, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}
	link, err := links.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Verify(ctx, link.Raw())
	fmt.Println("wrong: the link opens the API:", err == nil)

	// RIGHT: issuer and verifier name the type of their purpose.
	links, err = jwtexp.NewIssuer(key, 24*time.Hour, jwtexp.WithType("confirm+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	api, err = jwtexp.NewVerifier(key, jwtexp.WithType("at+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	link, err = links.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = api.Verify(ctx, link.Raw())
	fmt.Println("right: the link opens the API:", err == nil)
	// Output:
	// wrong: the link opens the API: true
	// right: the link opens the API: false
}

// Expired is not invalid: with an expired token a client may refresh. One that is
// invalid, expired or not, proves nothing.
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

	judge := func(raw string) {
		token, err := verifier.Verify(ctx, raw)
		switch {
		case err == nil:
			fmt.Println("good:", token.Subject())
		case errors.Is(err, jwtexp.ErrExpired):
			fmt.Println("expired: log in again, or refresh")
		case errors.Is(err, jwtexp.ErrInvalid):
			fmt.Println("invalid: log in again")
		default: // jwtexp.ErrUnavailable
			fmt.Println("not judged: try again later")
		}
	}
	tampered := strings.Replace(issued.Raw(), ".", ".AAAA", 1)

	judge(issued.Raw())
	judge(tampered)
	clock.Advance(15 * time.Minute)
	judge(issued.Raw())
	judge(tampered) // too old as well, but that is not what is wrong with it
	// Output:
	// good: alice
	// invalid: log in again
	// expired: log in again, or refresh
	// invalid: log in again
}

// The application's own claims go into a token as a struct or a map, and come out
// of it the same way.
func ExampleToken_Claims() {
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
	verifier, err := jwtexp.NewVerifier(key)
	if err != nil {
		log.Fatal(err)
	}

	type membership struct {
		Tenant string   `json:"tenant"`
		Roles  []string `json:"roles,omitempty"`
	}
	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", membership{Tenant: "acme", Roles: []string{"admin"}})
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(ctx, issued.Raw())
	if err != nil {
		log.Fatal(err)
	}
	var m membership
	if err := token.Claims(&m); err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject(), m.Tenant, m.Roles)
	// Output: alice acme [admin]
}

// A claims set that the application cannot use is refused with the token, before
// any handler sees it.
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

// A short access token beside a longer refresh token: the type tells them apart,
// so that neither is taken for the other.
//
// There is more to a refresh token than its type: see the example of WithRevoked.
func ExampleWithType() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	accessType := jwtexp.WithType("at+jwt")
	access, err := jwtexp.NewIssuer(key, 10*time.Minute, accessType)
	if err != nil {
		log.Fatal(err)
	}
	refresh, err := jwtexp.NewIssuer(key, 14*24*time.Hour, jwtexp.WithType("refresh+jwt"))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, accessType) // of the API
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, issuer := range []*jwtexp.Issuer{access, refresh} {
		issued, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, err = verifier.Verify(ctx, issued.Raw())
		if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
			fmt.Println(issued.Type(), "refused because of its", invalid.Reason)
			continue
		}
		fmt.Println(issued.Type(), "accepted:", err == nil)
	}
	// Output:
	// at+jwt accepted: true
	// refresh+jwt refused because of its type
}

// exampleDenylist has the tokens that were logged out, by jti. It is in memory
// for the example: several servers share a store, and where that fails,
// revoked returns its error, which is an outage and not a forgery.
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

// prune drops the tokens that are refused without it, for they are expired, also
// to a verifier with leeway.
func (d *exampleDenylist) prune(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.expiresAt, func(_ string, exp time.Time) bool { return now.After(exp.Add(jwtexp.MaxLeeway)) })
}

// Logout: a list of the tokens that must not be used any more, each until it
// expires. It stays short where tokens are.
//
// That is enough for access tokens. A refresh token must not be stateless:
// that it was stolen shows only where the server remembers which one is the
// current, replaces it at each refresh and, when a replaced one turns up, ends
// them all (rotation, RFC 9700 §4.14.2). It is a row in a database, whatever
// it looks like.
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
	judge := func() {
		_, err := verifier.Verify(ctx, token.Raw())
		fmt.Println("invalid:", errors.Is(err, jwtexp.ErrInvalid), "expired:", errors.Is(err, jwtexp.ErrExpired))
	}
	judge()
	loggedOut.add(token)
	judge()
	clock.Advance(30 * time.Minute)
	loggedOut.prune(clock.Now())
	judge()
	fmt.Println("remembered:", len(loggedOut.expiresAt))
	// Output:
	// invalid: false expired: false
	// invalid: true expired: false
	// invalid: false expired: true
	// remembered: 0
}

// An API that sees the same tokens again and again, signed with a public-key
// algorithm, spares itself most of the signature checks. The verdicts are what they
// are without a cache: each time the key set is asked, and the clock.
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
	fmt.Println("signature and claims checked:", checked, "time")
	clock.Advance(15 * time.Minute)
	_, err = verifier.Verify(ctx, token.Raw())
	fmt.Println("expired:", errors.Is(err, jwtexp.ErrExpired))
	// Output:
	// signature and claims checked: 1 time
	// expired: true
}
