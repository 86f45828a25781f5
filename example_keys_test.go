package jwtexp_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// exampleKeyFromEnv returns the key whose secret an environment variable has in
// base64. Where that is unset, the secret is empty, and so too short.
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

// A secret from the environment. One is made by
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
	fmt.Println("taken for", key.Algorithm())
	// Output:
	// EXAMPLE_SECRET: jwtexp: key: a secret of 0 bytes is too short: at least 32 random bytes (RFC 7518 §3.2)
	// EXAMPLE_SECRET: jwtexp: key: a secret of 10 bytes is too short: at least 32 random bytes (RFC 7518 §3.2)
	// taken for HS256
}

// The issuer has the private key, and the verifiers only the public one, so that
// they cannot mint. A private key is made by
//
//	openssl genpkey -algorithm ed25519
//
// and stays in a file or a secret store: this one is the example of RFC 8410,
// which everybody knows.
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

	// Elsewhere; ParsePEM reads a public key too.
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
	fmt.Println(token.Subject(), "by key", token.KeyID())
	_, err = jwtexp.NewIssuer(public, 15*time.Minute)
	fmt.Println("the public key mints:", err == nil)
	// Output:
	// alice by key 2026-01
	// the public key mints: false
}

// A new key takes over without a break: verifiers learn it first, then the issuer
// signs with it, and the old one stays until its last token has expired.
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
	both, err := jwtexp.NewVerifier(keys)
	if err != nil {
		log.Fatal(err)
	}
	afterwards, err := jwtexp.NewVerifier(february)
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
		_, errBoth := both.Verify(ctx, issued.Raw())
		_, errAfterwards := afterwards.Verify(ctx, issued.Raw())
		fmt.Println(issued.KeyID(), "with both:", errBoth == nil, "afterwards:", errAfterwards == nil)
	}
	// Output:
	// 2026-01 with both: true afterwards: false
	// 2026-02 with both: true afterwards: true
}

// A retired key is kept with a limit: the moment at which the last token that
// it was meant to sign expires, a lifetime after the new key took over. Tokens
// that a thief mints with it later expire later, and are refused.
func ExampleKey_WithNotAfter() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	const lifetime = 15 * time.Minute
	clock := jwtexptest.NewClock(time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC))
	takeover := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	retired := key.WithNotAfter(takeover.Add(lifetime))

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
	minted, err := issuer.Issue(ctx, "alice", nil) // by the thief
	if err != nil {
		log.Fatal(err)
	}

	_, err = verifier.Verify(ctx, last.Raw())
	fmt.Println("good:", err == nil)
	_, err = verifier.Verify(ctx, minted.Raw())
	fmt.Println("minted with the stolen key:", errors.Is(err, jwtexp.ErrInvalid))
	clock.Advance(lifetime)
	_, err = verifier.Verify(ctx, last.Raw())
	fmt.Println("expired:", errors.Is(err, jwtexp.ErrExpired))
	// Output:
	// good: true
	// minted with the stolen key: true
	// expired: true
}

// exampleSchedule is a KeySource that goes by the time it is handed: the
// issuer's, so that a key and the iat of its tokens never disagree.
type exampleSchedule struct {
	takeover      time.Time
	before, after jwtexp.Key
}

func (s exampleSchedule) SigningKey(_ context.Context, now time.Time) (jwtexp.Key, error) {
	if now.Before(s.takeover) {
		return s.before, nil
	}
	return s.after, nil
}

// One issuer that changes keys at a moment which was set in advance.
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
		takeover: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		before:   january.WithID("2026-01"),
		after:    february.WithID("2026-02"),
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

// exampleKeyTable is a KeySet on a database, which can be down.
type exampleKeyTable struct {
	keys map[string]jwtexp.Key
	down bool
}

// VerificationKeys knows no key without an ID: tokens without kid are refused.
func (t *exampleKeyTable) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	if t.down {
		return nil, &jwtexp.UnavailableError{Err: errors.New("no connection"), RetryAfter: 30 * time.Second}
	}
	if key, ok := t.keys[id]; ok {
		return []jwtexp.Key{key}, nil
	}
	return nil, nil
}

// A KeySet of your own. Where it fails, nothing is known about the token: the
// client is told to try again, not that its token is bad.
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
	fmt.Println("outage:", errors.Is(err, jwtexp.ErrUnavailable), "forgery:", errors.Is(err, jwtexp.ErrInvalid))
	// Output:
	// 200 Hello!, Retry-After ""
	// 503 {"error":"Temporarily unavailable"}, Retry-After "30"
	// outage: true forgery: false
}

// What issuer and verifier must agree on is written once.
func ExampleOptions() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	names := jwtexp.Options(
		jwtexp.WithIssuer("https://login.example"),
		jwtexp.WithAudience("orders"),
		jwtexp.WithType("at+jwt"),
	)
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, names)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, names, jwtexp.WithLeeway(5*time.Second))
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
	fmt.Println(token.Issuer(), token.Audience(), token.Type())
	// Output: https://login.example [orders] at+jwt
}

// Neither formatting nor logging shows the token or its claims. What may be
// logged is named: the subject here, or the ID.
func ExampleToken_LogValue() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key.WithID("2026-01"), 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), "alice", map[string]any{"email": "alice@example.com"})
	if err != nil {
		log.Fatal(err)
	}

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{} // the log's own time, which differs each time
			}
			return a
		},
	}))
	logger.Info("issued", "token", token, "sub", token.Subject())
	fmt.Println(token)
	// Output:
	// level=INFO msg=issued token.alg=HS256 token.kid=2026-01 token.exp=2026-01-02T12:15:00.000Z sub=alice
	// jwtexp.Token(alg=HS256 kid="2026-01" exp=2026-01-02T12:15:00Z)
}
