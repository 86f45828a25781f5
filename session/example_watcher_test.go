package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

// A Verifier with a Watcher rejects the access tokens of a session that was ended.
func ExampleWatcher() {
	ctx := context.Background()
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	store := session.NewMemory()
	watcher, err := session.NewWatcher(store, session.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	defer watcher.Close()
	sessions := newSessionsIn(store, clock, session.Policy{Lifetime: 24 * time.Hour}, session.WithWatcher(watcher))
	verifier := newVerifier(clock, jwtexp.WithRevoked(watcher.Revoked))

	tokens, err := sessions.Start(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	raw := tokens.Access().Raw()
	_, err = verifier.Verify(ctx, raw)
	fmt.Println(err)
	if err := sessions.End(ctx, tokens.Refresh()); err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(ctx, raw)
	fmt.Println(err)
	// Output:
	// <nil>
	// jwtexp: invalid token: revoked: WithRevoked's function says so
}

// A service without access to the store reads what was ended over HTTP.
func ExampleFeedHandler() {
	ctx := context.Background()
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	store := session.NewMemory()
	sessions := newSessionsIn(store, clock, session.Policy{Lifetime: 24 * time.Hour})
	server := httptest.NewServer(session.FeedHandler(store)) // behind your authentication
	defer server.Close()

	feed, err := session.NewRemoteFeed(server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	watcher, err := session.NewWatcher(feed, session.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	defer watcher.Close()
	verifier := newVerifier(clock, jwtexp.WithRevoked(watcher.Revoked))

	tokens, err := sessions.Start(ctx, "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := sessions.End(ctx, tokens.Refresh()); err != nil {
		log.Fatal(err)
	}
	watcher.Sync(ctx) // or wait for a second
	_, err = verifier.Verify(ctx, tokens.Access().Raw())
	fmt.Println(errors.Is(err, jwtexp.ErrInvalid))
	// Output: true
}
