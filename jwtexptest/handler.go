package jwtexptest

import (
	"net/http"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A HandlerConfig tells [TestHandler] what the handler takes for a good token.
type HandlerConfig struct {
	// Key is the key that the handler trusts, and that the suite signs with. The
	// zero Key, and one that cannot sign, end the test.
	Key jwtexp.Key

	// Clock is the handler's clock. The suite moves it, and puts it
	// back at the end. nil ends the test, and so does a zero Clock.
	Clock *Clock

	// Options are what the handler demands of a token: jwtexp.WithIssuer,
	// WithAudience and WithType, in any number. nil: neither of them. WithClock is
	// not among them.
	Options []jwtexp.CommonOption

	// Leeway is by how much the handler moves both ends of a token's life outward:
	// not negative, and not over jwtexp.MaxLeeway. 0: not at all.
	Leeway time.Duration

	// Subject is the subject of a token that the handler serves. "" is alice.
	Subject string

	// Claims are the application claims of such a token, as jwtexp.Issuer.Issue
	// takes them. nil: none.
	Claims any

	// Request makes a new request with each call, without a token and without an
	// Authorization header, that the handler serves if it has a good token.
	// nil: GET /.
	Request func() *http.Request
}

// TestHandler tests a handler that bearer tokens protect, with whatever library it
// does so: hand it the one that you deploy, with its router and its middleware. It
// sends requests with and without tokens, good and bad, and wants a 2xx for the
// good ones and the refusal of RFC 6750 for the others.
//
// What has to hold are the rules of RFC 6750, 7515, 7519 and 8725, read strictly:
// what two parsers could read in two ways is to be refused, and so is a token
// without an end. Where the section that a rule names leaves a choice, as it does
// for the size of a token, for a claim that is given twice and for a kind of token
// that was not asked for, the rule is this library's. Each rule that does
// not hold is one tb.Errorf with its name, the section, what was sent, got and wanted,
// and what to do; each that does is one tb.Logf, which go test -v shows. Rules that make
// no sense for the handler, such as that of the issuer where [HandlerConfig.Options] name
// none, are left out. A handler that does not serve a good token ends the test by
// tb.Fatalf.
//
// The suite is for handlers that want a token in the Authorization header and answer at
// once. One that lets anybody in without a token breaks a rule by design, and a stream
// that ends with its request's context never ends here. Whether a secret serves two
// algorithms, say HS256 and HS512, cannot be seen with a Key, which has one.
//
// No message holds a token. The handler is called in the test's own goroutine; a
// panic of it is a failure like others. Its clock is moved meanwhile: no test that
// uses the same Clock may run in parallel.
func TestHandler(tb testing.TB, handler http.Handler, c HandlerConfig) {
	tb.Helper()
	s := newSuite(tb, handler, c)
	defer c.Clock.Set(s.start)
	s.serveGoodToken()
	for _, group := range [][]rule{requestRules, timeRules, signatureRules, formRules, claimRules, refusalRules} {
		for _, r := range group {
			s.examine(r)
		}
	}
}
