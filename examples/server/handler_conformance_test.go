package main

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// The whole server passes the conformance suite for handlers.
func TestResourceIsProtected(t *testing.T) {
	clock := jwtexptest.NewClock(start)
	handler, err := newServer(config{
		clock:    clock,
		secret:   []byte(secret),
		lifetime: lifetime,
		logger:   slog.New(slog.DiscardHandler),
		hosts:    []string{"example.com"}, // the host in the requests of jwtexptest
	})
	if err != nil {
		t.Fatal(err)
	}
	defer handler.Close()
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	alice := int64(1)
	jwtexptest.TestHandler(t, handler, jwtexptest.HandlerConfig{
		Key:     key,
		Clock:   clock,
		Subject: "1",
		Claims:  claims{UserID: &alice},
		Request: func() *http.Request { return jwtexptest.NewRequest(t, "GET", "/resource", "") },
	})
}
