package jwtexptest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/testsign"
)

// A rule is one that a handler keeps, or not. It does not apply where it has no
// tries.
type rule struct {
	name   string
	rfc    string
	advice string // to the author of a handler that breaks it
	tries  func(*suite) []try
}

// A try is one request, at one time, and what has to come of it.
type try struct {
	name          string
	authorization []string
	query         string
	at            time.Time // the zero time: when the good token was issued
	want          want
}

// bearer is a try with a Bearer token in its place.
func bearer(name, token string, w want) try {
	return try{name: name, authorization: []string{"Bearer " + token}, want: w}
}

type suite struct {
	HandlerConfig
	tb      testing.TB
	handler http.Handler
	tokens  *Tokens
	start   time.Time
	issued  *jwtexp.Token
	good    string

	repeated []try // whose refusal had the whole token in it
}

func newSuite(tb testing.TB, handler http.Handler, c HandlerConfig) *suite {
	tb.Helper()
	switch {
	case handler == nil:
		tb.Fatalf("jwtexptest.TestHandler: the handler is nil")
	case c.Clock == nil:
		tb.Fatalf("jwtexptest.TestHandler: Clock is nil: without the handler's clock expiry cannot be tested")
	case c.Leeway < 0 || c.Leeway > jwtexp.MaxLeeway:
		tb.Fatalf("jwtexptest.TestHandler: Leeway is %v, want 0 to %v", c.Leeway, jwtexp.MaxLeeway)
	}
	if c.Subject == "" {
		c.Subject = "alice"
	}
	if c.Request == nil {
		c.Request = func() *http.Request { return NewRequest(tb, "GET", "/", "") }
	}
	tokens := NewTokens(tb, c.Key, jwtexp.WithClock(c.Clock), jwtexp.Options(c.Options...))
	start := c.Clock.Now()
	issued := tokens.issue(c.Subject, c.Claims)
	return &suite{HandlerConfig: c, tb: tb, handler: handler, tokens: tokens, start: start, issued: issued, good: issued.Raw()}
}

func (s *suite) serveGoodToken() {
	s.tb.Helper()
	t := bearer("a good token", s.good, taken)
	if a := s.send(t); !t.want.holds(a) {
		s.tb.Fatalf("jwtexptest.TestHandler: a good token: got %v, want %s. Nothing else can be tested before: "+
			"are Key, Clock, Options, Subject, Claims and Request those of the handler, does it take its token from the Authorization header, "+
			"and may a token live for %v?", a, t.want.text, Lifetime)
	}
}

func (s *suite) examine(r rule) {
	s.tb.Helper()
	tries := r.tries(s)
	if len(tries) == 0 {
		return
	}
	var faults strings.Builder
	for _, t := range tries {
		if a := s.send(t); !t.want.holds(a) {
			fmt.Fprintf(&faults, "\n\t%s: got %v, want %s", t.name, a, t.want.text)
		}
	}
	if faults.Len() > 0 {
		s.tb.Errorf("rule %q (%s) is broken:%s\n\tWhat to do: %s.", r.name, r.rfc, faults.String(), r.advice)
		return
	}
	s.tb.Logf("rule %q (%s) holds", r.name, r.rfc)
}

func (s *suite) send(t try) answer {
	r := s.Request()
	r.Header.Del("Authorization")
	if t.authorization != nil {
		r.Header["Authorization"] = t.authorization
	}
	if t.query != "" {
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+t.query, "&")
		r.RequestURI = r.URL.RequestURI()
	}
	s.Clock.Set(cmp.Or(t.at, s.start))
	a := answerOf(s.handler, r)
	if a.refused() && len(t.token()) > len("garbage") && strings.Contains(a.text, t.token()) {
		s.repeated = append(s.repeated, t)
	}
	return a
}

// token returns the Bearer token, "" where there is not one.
func (t try) token() string {
	if len(t.authorization) != 1 {
		return ""
	}
	token, _ := strings.CutPrefix(t.authorization[0], "Bearer ")
	return token
}

// signed returns the good token, changed and signed again.
func (s *suite) signed(change func(d draft)) string {
	s.tb.Helper()
	d := draftOf(s.good)
	change(d)
	return s.tokens.sign(d, s.Key)
}

// withClaims is signed, for the text of the claims set.
func (s *suite) withClaims(text string) string {
	s.tb.Helper()
	token, err := testsign.Sign(s.Key, draftOf(s.good).header.text(), []byte(text))
	if err != nil {
		s.tb.Fatalf("jwtexptest.TestHandler: %v", err)
	}
	return token
}

// adding returns the text of the good token's claims set with more members at its
// end.
func (s *suite) adding(members string) string {
	text := draftOf(s.good).claims.text()
	return string(text[:len(text)-1]) + "," + members + "}"
}
