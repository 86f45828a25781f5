package jwtexp_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// exampleKeyFromEnv returns a key whose secret is in an environment variable, in base64. If the
// variable is not set, the secret is empty and too short.
func exampleKeyFromEnv(name string) (jwtexp.Key, error) {
	secret, err := base64.StdEncoding.DecodeString(os.Getenv(name))
	if err != nil {
		return jwtexp.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		return jwtexp.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// Read a secret from the environment. To make one, run
//
//	openssl rand -base64 32
func ExampleNewSecretKey() {
	_, err := exampleKeyFromEnv("EXAMPLE_SECRET") // not set
	fmt.Println(err)

	os.Setenv("EXAMPLE_SECRET", base64.StdEncoding.EncodeToString([]byte("a password")))
	_, err = exampleKeyFromEnv("EXAMPLE_SECRET")
	fmt.Println(err)

	random := make([]byte, 32)
	rand.Read(random)
	os.Setenv("EXAMPLE_SECRET", base64.StdEncoding.EncodeToString(random))
	key, err := exampleKeyFromEnv("EXAMPLE_SECRET")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("accepted for", key.Algorithm())
	// Output:
	// EXAMPLE_SECRET: jwtexp: key: a secret of 0 bytes is too short; want 32 random bytes or more (RFC 7518 §3.2)
	// EXAMPLE_SECRET: jwtexp: key: a secret of 10 bytes is too short; want 32 random bytes or more (RFC 7518 §3.2)
	// accepted for HS256
}

// The issuer has the private key. The verifiers have only the public key, so they cannot issue
// tokens. To make a private key, run
//
//	openssl genpkey -algorithm ed25519
//
// Keep it in a file or in a secret store. The key of this example is published in RFC 8410.
func ExampleParsePEM() {
	const examplePEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`
	private, err := jwtexp.ParsePEM(jwtexp.Ed25519, []byte(examplePEM))
	if err != nil {
		log.Fatal(err)
	}
	private = private.WithID("2026-01")
	issuer, err := jwtexp.NewIssuer(private, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}

	// The verifier is another program. ParsePEM also reads public keys.
	public, err := jwtexp.NewPublicKey(private.Algorithm(), private.PublicKey())
	if err != nil {
		log.Fatal(err)
	}
	public = public.WithID("2026-01")
	verifier, err := jwtexp.NewVerifier(public)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(ctx, issued.Raw())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject(), "with key", token.KeyID())
	_, err = jwtexp.NewIssuer(public, 15*time.Minute)
	fmt.Println("the public key can sign:", err == nil)
	// Output:
	// alice with key 2026-01
	// the public key can sign: false
}

// To rotate a key, add the new key to the verifiers first. Then sign with it. Remove the old key
// when its last token has expired.
func ExampleNewKeySet() {
	secrets := make([]byte, 64)
	rand.Read(secrets)
	january, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[:32])
	if err != nil {
		log.Fatal(err)
	}
	february, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[32:])
	if err != nil {
		log.Fatal(err)
	}
	january, february = january.WithID("2026-01"), february.WithID("2026-02")

	keys, err := jwtexp.NewKeySet(february, january)
	if err != nil {
		log.Fatal(err)
	}
	during, err := jwtexp.NewVerifier(keys)
	if err != nil {
		log.Fatal(err)
	}
	after, err := jwtexp.NewVerifier(february)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	for _, key := range []jwtexp.Key{january, february} {
		issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
		if err != nil {
			log.Fatal(err)
		}
		issued, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		_, errDuring := during.Verify(ctx, issued.Raw())
		_, errAfter := after.Verify(ctx, issued.Raw())
		fmt.Println(issued.KeyID(), "during the rotation:", errDuring == nil, "after it:", errAfter == nil)
	}
	// Output:
	// 2026-01 during the rotation: true after it: false
	// 2026-02 during the rotation: true after it: true
}

// A retired key has a limit: the time at which its last token expires, which is a lifetime after the
// new key started to sign. A token that a thief signs with the retired key expires later than that,
// so it is rejected.
func ExampleKey_WithNotAfter() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	const lifetime = 15 * time.Minute
	clock := jwtexptest.NewClock(time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC))
	rotation := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	retired := key.WithNotAfter(rotation.Add(lifetime))

	issuer, err := jwtexp.NewIssuer(key, lifetime, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(retired, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	last, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	clock.Advance(5 * time.Minute)
	stolen, err := issuer.Issue(ctx, "alice", nil) // by the thief
	if err != nil {
		log.Fatal(err)
	}

	_, err = verifier.Verify(ctx, last.Raw())
	fmt.Println("good:", err == nil)
	_, err = verifier.Verify(ctx, stolen.Raw())
	fmt.Println("signed by a thief, invalid:", errors.Is(err, jwtexp.ErrInvalid))
	clock.Advance(lifetime)
	_, err = verifier.Verify(ctx, last.Raw())
	fmt.Println("expired:", errors.Is(err, jwtexp.ErrExpired))
	// Output:
	// good: true
	// signed by a thief, invalid: true
	// expired: true
}

// exampleSchedule is a KeySource that changes keys at a given time. It uses the now that it gets,
// which is also the iat of the token.
type exampleSchedule struct {
	change        time.Time
	before, after jwtexp.Key
}

func (s exampleSchedule) SigningKey(_ context.Context, now time.Time) (jwtexp.Key, error) {
	if now.Before(s.change) {
		return s.before, nil
	}
	return s.after, nil
}

// This issuer changes its key at midnight.
func ExampleKeySource() {
	secrets := make([]byte, 64)
	rand.Read(secrets)
	january, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[:32])
	if err != nil {
		log.Fatal(err)
	}
	february, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[32:])
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(exampleSchedule{
		change: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		before: january.WithID("2026-01"),
		after:  february.WithID("2026-02"),
	}, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}

	for range 2 {
		token, err := issuer.Issue(context.Background(), "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token.IssuedAt().Format(time.DateTime), token.KeyID())
		clock.Advance(time.Second)
	}
	// Output:
	// 2026-01-31 23:59:59 2026-01
	// 2026-02-01 00:00:00 2026-02
}

// exampleKeyTable is a KeySet that reads from a database, which can be down.
type exampleKeyTable struct {
	keys map[string]jwtexp.Key
	down bool
}

// VerificationKeys returns the key with the given ID. A token without kid is rejected, because no
// key has the ID "".
func (t *exampleKeyTable) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	if t.down {
		return nil, &jwtexp.UnavailableError{Detail: "no connection to the table", RetryAfter: 30 * time.Second}
	}
	if key, ok := t.keys[id]; ok {
		return []jwtexp.Key{key}, nil
	}
	return nil, nil
}

// If a KeySet fails, the token cannot be verified. The client is told to try again, and not that
// its token is invalid.
func ExampleKeySet() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	key = key.WithID("2026-01")
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	table := &exampleKeyTable{keys: map[string]jwtexp.Key{key.ID(): key}}
	verifier, err := jwtexp.NewVerifier(table)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello!")
	}))

	ctx := context.Background()
	issued, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, down := range []bool{false, true} {
		table.down = down
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+issued.Raw())
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %s, Retry-After %q\n", w.Code, w.Body, w.Header().Get("Retry-After"))
	}
	_, err = verifier.Verify(ctx, issued.Raw())
	fmt.Println(errors.Is(err, jwtexp.ErrUnavailable), err)
	// Output:
	// 200 Hello!, Retry-After ""
	// 503 {"error":"Temporarily unavailable"}, Retry-After "30"
	// true jwtexp: temporarily unavailable: key set: no connection to the table
}
