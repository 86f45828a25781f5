package jwtexptest_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("Hello!")) })

// guarded returns hello behind a Middleware that is set up as c describes.
func guarded(t *testing.T, c jwtexptest.HandlerConfig, opts ...jwtexp.MiddlewareOption) http.Handler {
	t.Helper()
	v := newVerifier(t, c.Key, jwtexp.WithClock(c.Clock), jwtexp.Options(c.Options...), jwtexp.WithLeeway(c.Leeway), jwtexp.WithCache(100))
	guard, err := jwtexp.NewMiddleware(v, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Handler(hello)
}

func TestMiddlewareKeepsEveryRule(t *testing.T) {
	names := []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api", "mobile"), jwtexp.WithType("at+jwt")}
	for _, alg := range algorithms {
		for _, id := range []string{"", "key 1"} {
			clock := jwtexptest.NewClock(start)
			c := jwtexptest.HandlerConfig{Key: newKey(t, alg).WithID(id), Clock: clock}
			if id != "" {
				c.Options, c.Leeway = names, jwtexp.MaxLeeway
			}
			jwtexptest.TestHandler(t, guarded(t, c), c)
			if got := clock.Now(); !got.Equal(start) {
				t.Errorf("%s: clock afterwards: got %v, want %v", alg, got, start)
			}
		}
	}
}

// The clock may stand in the first minutes of 1970, when no token can have expired.
func TestHandlerIn1970(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(time.Unix(60, 0))}
	jwtexptest.TestHandler(t, guarded(t, c), c)
}

// The suite sends the configured subject, claims and request.
func TestHandlerConfig(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	clock := jwtexptest.NewClock(start)
	guard, err := jwtexp.NewMiddleware(newVerifier(t, key, jwtexp.WithClock(clock), jwtexp.WithClaims[plan](nil)))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("PUT /plan", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		var p plan
		if err := token.Claims(&p); err != nil || p != largePlan || token.Subject() != "bob" || r.FormValue("page") != "2" {
			http.Error(w, "not mine", http.StatusForbidden)
		}
	})))
	jwtexptest.TestHandler(t, mux, jwtexptest.HandlerConfig{
		Key: key, Clock: clock, Subject: "bob", Claims: largePlan,
		Request: func() *http.Request { return jwtexptest.NewRequest(t, "PUT", "/plan?page=2", "") },
	})
}

var ruleName = regexp.MustCompile(`^rule "(.+?)" \((RFC \d+ §[\d.]+)\) (holds|is broken)`)

func names(t *testing.T, messages []string) []string {
	t.Helper()
	var found []string
	for _, m := range messages {
		match := ruleName.FindStringSubmatch(m)
		if match == nil {
			t.Fatalf("got the message %q, want a rule with its RFC", m)
		}
		found = append(found, match[1])
	}
	return found
}

// A handler that accepts every request breaks every rule about rejections.
func TestHandlerThatAcceptsEverything(t *testing.T) {
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.ES256} {
		c := jwtexptest.HandlerConfig{
			Key: newKey(t, alg), Clock: jwtexptest.NewClock(start),
			Options: []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api")},
		}
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, hello, c) })
		got, want := names(t, r.logs), []string{"scheme in any case", "accepted until exp", "no token in the response"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: rules that hold: got %q, want %q", alg, got, want)
		}
		broken := len(names(t, r.errors))
		if want := 32; broken < want {
			t.Errorf("%s: broken rules: got %d, want %d or more", alg, broken, want)
		}
		for _, e := range r.errors {
			probes := strings.Count(e, "\n\t") - 1 // the last line is the advice
			if accepted := strings.Count(e, ": got 200, want "); accepted != probes && !strings.Contains(e, `rule "rejected before nbf"`) {
				t.Errorf("probes with 200: got %d, want %d: %s", accepted, probes, e)
			}
			if !strings.Contains(e, "\n\tWhat to do: ") {
				t.Errorf("got %q, want a message with advice", e)
			}
		}
	}
}

// A message lists only the probes that fail, and the suite continues with the next rule.
func TestHandlerThatFailsOneProbe(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	strict := guarded(t, c)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // the one message
	}{
		{"a comma is a separator", func(w http.ResponseWriter, r *http.Request) {
			if first, _, two := strings.Cut(r.Header.Get("Authorization"), ","); two {
				r.Header.Set("Authorization", first)
			}
			strict.ServeHTTP(w, r)
		}, `rule "two tokens" (RFC 6750 §2.1) is broken:
	a good token twice, with a comma: got 200, want 4xx
	What to do: reject a header with more than one token: another component may use the second.`},
		{"a panic", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer" {
				panic("no token")
			}
			strict.ServeHTTP(w, r)
		}, `rule "scheme without a token" (RFC 6750 §3.1) is broken:
	Bearer: got a panic, want 4xx with a Bearer challenge in WWW-Authenticate
	What to do: check that a token follows the scheme, and answer 400 or 401 if not.`},
		{"a 500", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer .." {
				w.WriteHeader(500)
				return
			}
			strict.ServeHTTP(w, r)
		}, `rule "not a JWT" (RFC 7519 §7.2) is broken:
	..: got 500, want 4xx
	What to do: expect any text as a token, and count its segments before you use one.`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, test.handler, c) })
			if len(r.errors) != 1 || r.errors[0] != test.want || len(r.fatals) > 0 {
				t.Errorf("got Errorf %q and Fatalf %q, want one Errorf: %s", r.errors, r.fatals, test.want)
			}
		})
	}
}

// The suite checks the text of a rejection as strictly as its status.
func TestRejectionThatTellsTooMuch(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	segment := func(r *http.Request, i int) string {
		parts := append(strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "."), "", "", "")
		return parts[i]
	}
	tests := []struct {
		name string
		say  func(w http.ResponseWriter, r *http.Request)
		want []string
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, nil},
		{"the payload segment", func(w http.ResponseWriter, r *http.Request) { http.Error(w, segment(r, 1), http.StatusUnauthorized) }, []string{"no token in the response"}},
		{"the signature, in a header", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Token", segment(r, 2)) }, []string{"no token in the response"}},
		{"the claims", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 1))
			http.Error(w, string(text), http.StatusUnauthorized)
		}, []string{"no token in the response"}},
		{"says expired without verifying the signature", func(w http.ResponseWriter, r *http.Request) {
			if c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has Expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"says expired without verifying the signature, and always sets Expires", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Expires", "0")
			if c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has Expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"says expired without checking the audience", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 1))
			if strings.Contains(string(text), `"aud"`) && c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"says expired without checking typ", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 0))
			if strings.Contains(string(text), `"not-JWT"`) && c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"the whole token, for a fault that only another rule probes", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 0))
			if strings.Contains(string(text), `"crit"`) {
				http.Error(w, r.Header.Get("Authorization"), http.StatusUnauthorized)
			}
		}, []string{"no token in the response"}},
		{"the query, for a token in it", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.RawQuery, http.StatusUnauthorized)
		}, []string{"no token in the response"}},
		{"both headers, if there are two", func(w http.ResponseWriter, r *http.Request) {
			if all := r.Header["Authorization"]; len(all) == 2 {
				http.Error(w, strings.Join(all, "; "), http.StatusBadRequest)
			}
		}, []string{"no token in the response"}},
		{"says expired or invalid for every fault", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "expired or invalid", http.StatusUnauthorized)
		}, nil},
		{"another challenge", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="the bearer"`)
		}, []string{"missing token", "other scheme", "scheme without a token", "challenge for a bad token"}},
		{"several challenges", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="api"`)
			w.Header().Add("WWW-Authenticate", `bearer error=invalid_token`)
		}, nil},
		{"no error code", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
		}, []string{"challenge for a bad token"}},
		{"403", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, []string{"challenge for a bad token"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			handler := guarded(t, c, jwtexp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, _ error) { test.say(w, r) }))
			r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
			if got := names(t, r.errors); !slices.Equal(got, test.want) || len(r.fatals) > 0 {
				t.Errorf("broken rules: got %q and Fatalf %q, want %q and no Fatalf", got, r.fatals, test.want)
			}
		})
	}
}

func TestHandlerThatCannotBeTested(t *testing.T) {
	key := newKey(t, jwtexp.HS256)
	clock := jwtexptest.NewClock(start)
	good := jwtexptest.HandlerConfig{Key: key, Clock: clock}
	handler := guarded(t, good)
	tests := []struct {
		name    string
		handler http.Handler
		config  jwtexptest.HandlerConfig
		want    string // in the message
	}{
		{"nil handler", nil, good, "the handler is nil"},
		{"handler that rejects everything", http.NotFoundHandler(), good, "a good token: got 404"},
		{"handler that redirects to a login page", http.RedirectHandler("/login", http.StatusFound), good, "a good token: got 302"},
		{"zero Key", handler, jwtexptest.HandlerConfig{Clock: clock}, "the zero Key"},
		{"another key", handler, jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS512), Clock: clock}, "a good token: got 401"},
		{"no clock", handler, jwtexptest.HandlerConfig{Key: key}, "Clock is nil"},
		{"clock that was never set", handler, jwtexptest.HandlerConfig{Key: key, Clock: new(jwtexptest.Clock)}, "clock"},
		{"WithClock", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: []jwtexp.CommonOption{jwtexp.WithClock(clock)}}, "WithClock: given twice"},
		{"another audience", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: []jwtexp.CommonOption{jwtexp.WithAudience("api")}}, "a good token: got 401"},
		{"negative leeway", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Leeway: -1}, "Leeway"},
		{"too much leeway", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Leeway: jwtexp.MaxLeeway + 1}, "Leeway"},
		{"claims that Issue rejects", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Claims: map[string]any{"exp": 1}}, "exp"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, test.handler, test.config) })
			if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], test.want) || len(r.errors) > 0 || len(r.logs) > 0 {
				t.Errorf("got Fatalf %q, Errorf %q and Logf %q, want one Fatalf that contains %q", r.fatals, r.errors, r.logs, test.want)
			}
		})
	}
}

// A handler that ends the test, for example by FailNow, leaves the clock as it was.
func TestHandlerThatEndsTheTest(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	strict := guarded(t, c)
	r := record(t, func(tb testing.TB) {
		jwtexptest.TestHandler(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !c.Clock.Now().Equal(start) {
				tb.Fatalf("the clock has moved")
			}
			strict.ServeHTTP(w, r)
		}), c)
	})
	if got := c.Clock.Now(); !got.Equal(start) || len(r.fatals) != 1 {
		t.Errorf("got the clock at %v and Fatalf %q, want %v and one Fatalf", got, r.fatals, start)
	}
}

// The suite detects a handler with another leeway than configured, at both ends.
func TestHandlerWithOtherLeeway(t *testing.T) {
	for _, leeway := range []time.Duration{0, 2} {
		c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Leeway: leeway}
		handler := guarded(t, c)
		c.Leeway = 1
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
		want := []string{"accepted until exp", "rejected before nbf"}
		if leeway > c.Leeway {
			want = []string{"rejected from exp on", "rejected before nbf"}
		}
		if got := names(t, r.errors); !slices.Equal(got, want) {
			t.Errorf("leeway %d instead of 1: broken rules: got %q, want %q", leeway, got, want)
		}
	}
}
