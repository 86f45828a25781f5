package keyring_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/keyring"
)

// exampleKey returns a new key pair. A service creates one with
//
//	openssl genpkey -algorithm ed25519
//
// and reads it with jwtexp.ParsePEM.
func exampleKey(id string) jwtexp.Key {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwtexp.NewSigningKey(jwtexp.Ed25519, private)
	if err != nil {
		log.Fatal(err)
	}
	return key.WithID(id) // without an ID, Rotate uses the thumbprint
}

func exampleRing() *keyring.Ring {
	ring, err := keyring.New(keyring.Schedule{
		Lifetime:    15 * time.Minute,
		Propagation: time.Hour,
		Grace:       24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	return ring
}

// A rotation at midnight, and the last token of the previous key. The ring uses the time of each
// Issue and Verify, so a test can move the clock.
func Example() {
	midnight := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	clock := jwtexptest.NewClock(midnight.Add(-time.Hour))
	ring := exampleRing()
	if err := ring.Rotate(exampleKey("january"), clock.Now()); err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(ring, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(ring, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}

	clock.Set(midnight)
	if err := ring.Rotate(exampleKey("february"), clock.Now()); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	var last *jwtexp.Token
	for range 3 {
		token, err := issuer.Issue(ctx, "alice", nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(clock.Now().Format(time.TimeOnly), token.KeyID(), "signs")
		if token.KeyID() == "january" {
			last = token
		}
		clock.Advance(40 * time.Minute)
	}

	for _, after := range []time.Duration{time.Hour, 24 * time.Hour, 48 * time.Hour} {
		clock.Set(midnight.Add(after))
		_, err := verifier.Verify(ctx, last.Raw())
		fmt.Printf("%v after midnight: expired %t, invalid %t\n", after,
			errors.Is(err, jwtexp.ErrExpired), errors.Is(err, jwtexp.ErrInvalid))
	}
	// Output:
	// 00:00:00 january signs
	// 00:40:00 january signs
	// 01:20:00 february signs
	// 1h0m0s after midnight: expired true, invalid false
	// 24h0m0s after midnight: expired true, invalid false
	// 48h0m0s after midnight: expired false, invalid true
}

// Store the state as JSON where all instances can read it, and the keys by their IDs where you
// store secrets.
func ExampleRing_Load() {
	vault := map[string]jwtexp.Key{"january": exampleKey("january"), "february": exampleKey("february")}
	midnight := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	ring := exampleRing()
	if err := ring.Rotate(vault["january"], midnight.AddDate(0, -1, 0)); err != nil {
		log.Fatal(err)
	}
	if err := ring.Rotate(vault["february"], midnight); err != nil {
		log.Fatal(err)
	}
	stored, err := json.MarshalIndent(ring.State(), "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(stored))

	// In another instance, or after a restart:
	var state keyring.State
	if err := json.Unmarshal(stored, &state); err != nil {
		log.Fatal(err)
	}
	another := exampleRing()
	err = another.Load(state, func(id string) (jwtexp.Key, error) {
		key, ok := vault[id]
		if !ok {
			return jwtexp.Key{}, errors.New("not in the vault")
		}
		return key, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	key, err := another.SigningKey(context.Background(), midnight.Add(time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.ID(), "signs")
	// Output:
	// {
	//   "generation": 2,
	//   "entries": [
	//     {
	//       "id": "january",
	//       "published": "2026-01-01T00:00:00Z",
	//       "sign_from": "2026-01-01T00:00:00Z",
	//       "sign_until": "2026-02-01T01:00:00Z",
	//       "not_after": "2026-02-01T01:15:00Z"
	//     },
	//     {
	//       "id": "february",
	//       "published": "2026-02-01T00:00:00Z",
	//       "sign_from": "2026-02-01T01:00:00Z"
	//     }
	//   ]
	// }
	// february signs
}

// Several instances share a State. A change happens in a new Ring, and its State is stored if no
// other instance was faster. Then the serving Ring loads it.
func ExampleRing_State() {
	vault := map[string]jwtexp.Key{"january": exampleKey("january"), "february": exampleKey("february")}
	find := func(id string) (jwtexp.Key, error) { return vault[id], nil }

	// In place of a database: read and write are one statement each.
	var stored keyring.State
	read := func() keyring.State { return stored }
	write := func(s keyring.State, before uint64) bool { // UPDATE … WHERE generation = before
		if stored.Generation != before {
			return false
		}
		stored = s
		return true
	}
	change := func(do func(*keyring.Ring) error) error {
		for {
			before := read()
			ring := exampleRing()
			if before.Generation > 0 {
				if err := ring.Load(before, find); err != nil {
					return err
				}
			}
			if err := do(ring); err != nil {
				return err
			}
			if write(ring.State(), before.Generation) {
				return nil
			}
		}
	}

	midnight := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for _, id := range []string{"january", "february"} {
		if err := change(func(ring *keyring.Ring) error { return ring.Rotate(vault[id], midnight) }); err != nil {
			log.Fatal(err)
		}
	}
	if err := change(func(ring *keyring.Ring) error { return ring.Revoke("january", midnight) }); err != nil {
		log.Fatal(err)
	}

	serving := exampleRing()
	if err := serving.Load(read(), find); err != nil {
		log.Fatal(err)
	}
	key, err := serving.SigningKey(context.Background(), midnight)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("generation", serving.State().Generation)
	fmt.Println(key.ID(), "signs")
	// Output:
	// generation 3
	// february signs
}

// After a key has leaked, its tokens are invalid at once, and the next key signs.
func ExampleRing_Revoke() {
	clock := jwtexptest.NewClock(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	ring := exampleRing()
	for _, id := range []string{"leaked", "next"} {
		if err := ring.Rotate(exampleKey(id), clock.Now()); err != nil {
			log.Fatal(err)
		}
	}
	issuer, err := jwtexp.NewIssuer(ring, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(ring, jwtexp.WithClock(clock), jwtexp.WithCache(1000))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	verify := func(token *jwtexp.Token) {
		_, err := verifier.Verify(ctx, token.Raw())
		fmt.Printf("signed by %s: good %t, invalid %t\n", token.KeyID(), err == nil, errors.Is(err, jwtexp.ErrInvalid))
	}

	before, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	verify(before)
	if err := ring.Revoke("leaked", clock.Now()); err != nil {
		log.Fatal(err)
	}
	verify(before)
	after, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	verify(after)
	// Output:
	// signed by leaked: good true, invalid false
	// signed by leaked: good false, invalid true
	// signed by next: good true, invalid false
}

// Secrets rotate by the same call. The old secret gets an ID, and its tokens without kid stay
// good. In a single process the new secret signs at once.
func ExampleRing_Rotate() {
	secrets := make([]byte, 64)
	rand.Read(secrets)
	old, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[:32])
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(old, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	withoutKID, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}

	clock := jwtexp.SystemClock()
	ring, err := keyring.New(keyring.Schedule{Lifetime: 15 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	if err := ring.Rotate(old.WithID("2025"), clock.Now()); err != nil {
		log.Fatal(err)
	}
	replacement, err := jwtexp.NewSecretKey(jwtexp.HS256, secrets[32:])
	if err != nil {
		log.Fatal(err)
	}
	if err := ring.Rotate(replacement.WithID("2026"), clock.Now()); err != nil {
		log.Fatal(err)
	}

	issuer, err = jwtexp.NewIssuer(ring, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(ring)
	if err != nil {
		log.Fatal(err)
	}
	withKID, err := issuer.Issue(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []*jwtexp.Token{withoutKID, withKID} {
		_, err := verifier.Verify(ctx, token.Raw())
		fmt.Printf("kid %q: good %t\n", token.KeyID(), err == nil)
	}
	// Output:
	// kid "": good true
	// kid "2026": good true
}

// The key of RFC 8037 A.3.
func ExampleThumbprint() {
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keyring.Thumbprint(ed25519.PublicKey(public)))
	// Output: kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k <nil>
}
