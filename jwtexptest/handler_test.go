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

// guarded is hello behind this module's own Middleware, as c has it.
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
				t.Errorf("%s: got a clock that stands at %v afterwards, want %v", alg, got, start)
			}
		}
	}
}

// A fake clock may stand at the beginning of time, where no token has expired yet.
func TestHandlerAtTheBeginningOfTime(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(time.Unix(60, 0))}
	jwtexptest.TestHandler(t, guarded(t, c), c)
}

// The subject, the claims and the request are those that the handler needs.
func TestHandlerWithNeedsOfItsOwn(t *testing.T) {
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
			t.Fatalf("got the message %q, want a rule and its RFC", m)
		}
		found = append(found, match[1])
	}
	return found
}

// Whoever lets everybody in breaks each rule that is about a refusal; one that
// refuses everybody is not tested at all.
func TestHandlerThatLetsEverybodyIn(t *testing.T) {
	for _, alg := range []jwtexp.Algorithm{jwtexp.HS256, jwtexp.ES256} {
		c := jwtexptest.HandlerConfig{
			Key: newKey(t, alg), Clock: jwtexptest.NewClock(start),
			Options: []jwtexp.CommonOption{jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api")},
		}
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, hello, c) })
		got, want := names(t, r.logs), []string{"case of the scheme", "good until exp", "nothing of a token in the answer"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the rules %q kept, want %q", alg, got, want)
		}
		broken := len(names(t, r.errors))
		if want := 32; broken < want {
			t.Errorf("%s: got %d rules broken, want %d or more", alg, broken, want)
		}
		for _, e := range r.errors {
			tries := strings.Count(e, "\n\t") - 1 // the last line is what to do
			if accepted := strings.Count(e, ": got 200, want "); accepted != tries && !strings.Contains(e, `rule "not before nbf"`) {
				t.Errorf("got %d tries with 200, want %d: %s", accepted, tries, e)
			}
			if !strings.Contains(e, "\n\tWhat to do: ") {
				t.Errorf("got %q, want advice in it", e)
			}
		}
	}
}

// A rule that was broken once in a try names that try alone, and the suite goes
// on.
func TestHandlerBrokenInOnePlace(t *testing.T) {
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
	a good token twice, with a comma: got 200, want a refusal (4xx)
	What to do: refuse whatever follows the first token: another part of the system may take that.`},
		{"a panic", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer" {
				panic("no token")
			}
			strict.ServeHTTP(w, r)
		}, `rule "scheme without a token" (RFC 6750 §3.1) is broken:
	Bearer: got a panic, want a refusal (4xx) with a Bearer challenge in WWW-Authenticate
	What to do: look whether a token follows before taking it; the answer is 400 or 401.`},
		{"a 500", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer .." {
				w.WriteHeader(500)
				return
			}
			strict.ServeHTTP(w, r)
		}, `rule "no JWT at all" (RFC 7519 §7.2) is broken:
	..: got 500, want a refusal (4xx)
	What to do: expect anything where a token is due, and look before taking a segment of it.`},
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

// What clients are told is looked at as closely as whether they get in.
func TestHandlerThatTellsTooMuch(t *testing.T) {
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
		{"the payload segment", func(w http.ResponseWriter, r *http.Request) { http.Error(w, segment(r, 1), http.StatusUnauthorized) }, []string{"nothing of a token in the answer"}},
		{"the signature, in a header", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Token", segment(r, 2)) }, []string{"nothing of a token in the answer"}},
		{"the claims", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 1))
			http.Error(w, string(text), http.StatusUnauthorized)
		}, []string{"nothing of a token in the answer"}},
		{"expired, without having verified", func(w http.ResponseWriter, r *http.Request) {
			if c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has Expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"expired, without having verified, and Expires always", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Expires", "0")
			if c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has Expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"expired, without having looked at the audience", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 1))
			if strings.Contains(string(text), `"aud"`) && c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"expired, without having looked at typ", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 0))
			if strings.Contains(string(text), `"not-JWT"`) && c.Clock.Now().After(start.Add(time.Hour)) {
				http.Error(w, "it has expired", http.StatusUnauthorized)
			}
		}, []string{"expired means only expired"}},
		{"a whole token, for a fault that the rule has no token of", func(w http.ResponseWriter, r *http.Request) {
			text, _ := base64.RawURLEncoding.DecodeString(segment(r, 0))
			if strings.Contains(string(text), `"crit"`) {
				http.Error(w, r.Header.Get("Authorization"), http.StatusUnauthorized)
			}
		}, []string{"nothing of a token in the answer"}},
		{"expired or invalid, for every fault", func(w http.ResponseWriter, r *http.Request) {
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
				t.Errorf("got %q broken and Fatalf %q, want %q", got, r.fatals, test.want)
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
		want    string // what the message names
	}{
		{"nil handler", nil, good, "the handler is nil"},
		{"handler that refuses everybody", http.NotFoundHandler(), good, "a good token: got 404"},
		{"handler that sends everybody to a login page", http.RedirectHandler("/login", http.StatusFound), good, "a good token: got 302"},
		{"zero Key", handler, jwtexptest.HandlerConfig{Clock: clock}, "the zero Key"},
		{"another key", handler, jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS512), Clock: clock}, "a good token: got 401"},
		{"no clock", handler, jwtexptest.HandlerConfig{Key: key}, "Clock is nil"},
		{"clock that was never set", handler, jwtexptest.HandlerConfig{Key: key, Clock: new(jwtexptest.Clock)}, "clock"},
		{"WithClock", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: []jwtexp.CommonOption{jwtexp.WithClock(clock)}}, "WithClock: given twice"},
		{"an audience of somebody else", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Options: []jwtexp.CommonOption{jwtexp.WithAudience("api")}}, "a good token: got 401"},
		{"negative leeway", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Leeway: -1}, "Leeway"},
		{"too much leeway", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Leeway: jwtexp.MaxLeeway + 1}, "Leeway"},
		{"claims that no Issuer takes", handler, jwtexptest.HandlerConfig{Key: key, Clock: clock, Claims: map[string]any{"exp": 1}}, "exp"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, test.handler, test.config) })
			if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], test.want) || len(r.errors) > 0 || len(r.logs) > 0 {
				t.Errorf("got Fatalf %q, Errorf %q and Logf %q, want one Fatalf that names %q", r.fatals, r.errors, r.logs, test.want)
			}
		})
	}
}

// A handler that ends the test, as one that calls FailNow does, leaves the clock
// as it was too.
func TestHandlerThatEndsTheTest(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	strict := guarded(t, c)
	r := record(t, func(tb testing.TB) {
		jwtexptest.TestHandler(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !c.Clock.Now().Equal(start) {
				tb.Fatalf("the clock was moved")
			}
			strict.ServeHTTP(w, r)
		}), c)
	})
	if got := c.Clock.Now(); !got.Equal(start) || len(r.fatals) != 1 {
		t.Errorf("got a clock at %v and Fatalf %q, want it at %v, and one", got, r.fatals, start)
	}
}

// A handler that goes by another leeway than it says is found at both ends.
func TestHandlerWithOtherLeeway(t *testing.T) {
	for _, leeway := range []time.Duration{0, 2} {
		c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Leeway: leeway}
		handler := guarded(t, c)
		c.Leeway = 1
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
		want := []string{"good until exp", "not before nbf"}
		if leeway > c.Leeway {
			want = []string{"expired at exp", "not before nbf"}
		}
		if got := names(t, r.errors); !slices.Equal(got, want) {
			t.Errorf("leeway %d for 1: got %q broken, want %q", leeway, got, want)
		}
	}
}
