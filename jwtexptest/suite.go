package jwtexptest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/setup"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// A rule is a requirement on the handler. It does not apply if it has no probes.
type rule struct {
	name   string
	rfc    string
	advice string // how to fix a handler that breaks the rule
	probes func(*suite) []probe
}

// A probe is one request at one time, and the response that it must get.
type probe struct {
	name          string
	token         string   // what to attach, or "" for nothing
	authorization []string // the Authorization headers, for the rules about them
	query         string
	now           time.Time // the zero time: when the good token was issued
	want          want
}

// bearer returns a probe with a bearer token, attached where the handler reads it.
func bearer(name, token string, w want) probe { return probe{name: name, token: token, want: w} }

func attachBearer(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) }

type suite struct {
	HandlerConfig
	tb       testing.TB
	handler  http.Handler
	inHeader bool // whether tokens are in the Authorization header: there is no Attach
	tokens   *Tokens
	start    time.Time
	issued   *jwtexp.Token
	good     string  // issued.Raw()
	leaked   []probe // those that were rejected with the whole token in the response
}

func newSuite(tb testing.TB, handler http.Handler, c HandlerConfig) *suite {
	tb.Helper()
	switch {
	case handler == nil:
		tb.Fatalf("jwtexptest.TestHandler: the handler is nil; pass the handler that you deploy")
	case c.Clock == nil:
		tb.Fatalf("jwtexptest.TestHandler: Clock is nil; set it to the handler's clock, so that expiry can be tested")
	case c.Leeway < 0 || c.Leeway > jwtexp.MaxLeeway:
		tb.Fatalf("jwtexptest.TestHandler: Leeway is %v; want 0 to %v", c.Leeway, jwtexp.MaxLeeway)
	}
	c.Lifetime = cmp.Or(c.Lifetime, Lifetime)
	if err := setup.CheckLifetime(c.Lifetime); err != nil {
		tb.Fatalf("jwtexptest.TestHandler: Lifetime: %v", err)
	}
	if c.Subject == "" {
		c.Subject = "alice"
	}
	if c.Request == nil {
		c.Request = func() *http.Request { return NewRequest(tb, "GET", "/", "") }
	}
	inHeader := c.Attach == nil
	if inHeader {
		c.Attach = attachBearer
	}
	tokens := NewTokens(tb, c.Key, jwtexp.WithClock(c.Clock), jwtexp.Options(c.Options...)).WithLifetime(c.Lifetime)
	start := c.Clock.Now()
	issued := tokens.issue(c.Subject, c.Claims)
	return &suite{HandlerConfig: c, tb: tb, handler: handler, inHeader: inHeader, tokens: tokens, start: start, issued: issued, good: issued.Raw()}
}

// checkGoodToken ends the test if the handler does not accept a good token.
func (s *suite) checkGoodToken() {
	s.tb.Helper()
	where := "reads the Authorization header (set Attach for a cookie or another header)"
	if !s.inHeader {
		where = "reads the token where Attach puts it"
	}
	if res := s.send(bearer("", s.good, accepted)); !res.accepts() {
		s.tb.Fatalf("jwtexptest.TestHandler: a good token: got %v, want %s. Check that Key, Clock, Options, Subject, Claims and Request "+
			"are the handler's, that it %s, and that it accepts tokens that live for %v (set Lifetime for another limit). jwtexp.LogDecisions logs why a token is rejected",
			res, accepted.text, where, s.Lifetime)
	}
}

func (s *suite) check(r rule) {
	s.tb.Helper()
	probes := slices.DeleteFunc(r.probes(s), func(p probe) bool { return p.authorization != nil && !s.inHeader })
	if len(probes) == 0 {
		return
	}
	var faults strings.Builder
	for _, p := range probes {
		if res := s.send(p); !p.want.holds(res) {
			fmt.Fprintf(&faults, "\n\t%s: got %v, want %s", p.name, res, p.want.text)
		}
	}
	if faults.Len() > 0 {
		s.tb.Errorf("rule %q (%s) is broken:%s\n\tWhat to do: %s.", r.name, r.rfc, faults.String(), r.advice)
		return
	}
	s.tb.Logf("rule %q (%s) holds", r.name, r.rfc)
}

func (s *suite) send(p probe) response {
	r := s.Request()
	r.Header.Del("Authorization")
	if p.authorization != nil {
		r.Header["Authorization"] = p.authorization
	}
	if p.token != "" {
		s.Attach(r, p.token)
	}
	if p.query != "" {
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+p.query, "&")
		r.RequestURI = r.URL.RequestURI()
	}
	s.Clock.Set(cmp.Or(p.now, s.start))
	res := serve(s.handler, r)
	if res.rejects() && s.quotes(res, p) {
		s.leaked = append(s.leaked, p)
	}
	return res
}

// quotes reports whether the response has the whole token of the probe, or the good one, which may
// be in the header or the query.
func (s *suite) quotes(res response, p probe) bool {
	// A shorter token, such as a dot, may be in a response by chance.
	return len(p.token) > len("garbage") && strings.Contains(res.text, p.token) || strings.Contains(res.text, s.good)
}

// signed returns the good token, changed and signed again.
func (s *suite) signed(change func(d draft)) string {
	s.tb.Helper()
	d := draftOf(s.good)
	change(d)
	return s.tokens.sign(d, s.Key)
}

// withClaims returns the good token with another claims set, signed again.
func (s *suite) withClaims(text string) string {
	s.tb.Helper()
	token, err := testsign.Sign(s.Key, draftOf(s.good).header.text(), []byte(text))
	if err != nil {
		s.tb.Fatalf("jwtexptest.TestHandler: %v", err)
	}
	return token
}
