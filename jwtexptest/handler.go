package jwtexptest

import (
	"net/http"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A HandlerConfig tells [TestHandler] which tokens the handler accepts.
type HandlerConfig struct {
	// Key is the key that the handler trusts. The suite signs with it. It is required.
	Key jwtexp.Key

	// Clock is the handler's clock. The suite moves it, and moves it back at the end. It is
	// required, and must have been set.
	Clock *Clock

	// Options are the handler's jwtexp.WithIssuer, WithAudience, WithType and WithMaxSize, without
	// WithClock. nil means none.
	Options []jwtexp.CommonOption

	// Lifetime is how long the suite's tokens live: whole seconds, and at most the handler's
	// jwtexp.WithMaxLifetime. 0 means jwtexptest.Lifetime.
	Lifetime time.Duration

	// Leeway is the handler's leeway, from 0, the default, to jwtexp.MaxLeeway.
	Leeway time.Duration

	// Subject is the subject of a token that the handler accepts. "" means alice.
	Subject string

	// Claims are the application claims of a token that the handler accepts, as for
	// jwtexp.Issuer.Issue. nil means none.
	Claims any

	// Request returns a new request on each call, without a token and without an Authorization
	// header. With a good token, the handler must accept it. nil means GET /.
	Request func() *http.Request

	// Attach adds a token to a request, for a handler that reads a cookie or another header. The
	// rules about the Authorization header are then left out. nil means Authorization: Bearer.
	Attach func(r *http.Request, token string)
}

// TestHandler tests a handler that is protected by bearer tokens, whatever JWT library it uses.
// Pass the handler that you deploy, with its router and middleware. TestHandler sends requests
// without a token, with good tokens and with bad ones. It wants 2xx for the good ones and the
// rejection of RFC 6750 for the others.
//
// The rules are from RFC 6750, 7515, 7519 and 8725, read strictly: a token without an expiry is
// rejected, and so is one that two parsers could read in two ways. If the RFC leaves a choice,
// the rule is this library's: for the size of a token, duplicate claims, and a typ that was not
// asked for.
//
// Each broken rule is one tb.Errorf with its name, its RFC section, what was sent, got and
// wanted, and what to do. Each other rule is one tb.Logf, which go test -v shows. Rules that do
// not apply are left out, such as the issuer's if [HandlerConfig.Options] has no WithIssuer. A bad
// config, or a handler that rejects a good token, ends the test with tb.Fatalf.
//
// The handler must read the Authorization header, or what [HandlerConfig.Attach] adds, and answer
// at once: a stream that ends with its request's context never ends here. A handler that accepts
// requests without a token breaks a rule by design. TestHandler cannot detect a secret that serves
// two algorithms, such as HS256 and HS512, because a Key has only one.
//
// No message contains a token. The handler runs in the test's goroutine, and a panic in it is a
// failure like others. TestHandler moves the Clock, so tests with the same Clock must not run in
// parallel.
func TestHandler(tb testing.TB, handler http.Handler, c HandlerConfig) {
	tb.Helper()
	s := newSuite(tb, handler, c)
	defer c.Clock.Set(s.start)
	s.checkGoodToken()
	for _, group := range [][]rule{requestRules, timeRules, signatureRules, formRules, claimRules, rejectionRules} {
		for _, r := range group {
			s.check(r)
		}
	}
}
