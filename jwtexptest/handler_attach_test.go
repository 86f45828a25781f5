package jwtexptest_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

func attachCookie(r *http.Request, token string) {
	r.AddCookie(&http.Cookie{Name: "session", Value: token})
}

// places are where a token can be in a request.
var places = []struct {
	name   string
	attach func(r *http.Request, token string)
	read   jwtexp.Extractor
}{
	{"a cookie", attachCookie, jwtexp.FromCookie("session")},
	{"a cookie beside others", func(r *http.Request, token string) {
		r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
		attachCookie(r, token)
	}, jwtexp.FromCookie("session")},
	{"another header", func(r *http.Request, token string) { r.Header.Set("X-Token", token) },
		func(r *http.Request) (string, error) { return r.Header.Get("X-Token"), nil }},
	{"another header with a scheme", func(r *http.Request, token string) { r.Header.Set("X-Token", "JWT "+token) },
		func(r *http.Request) (string, error) { return strings.TrimPrefix(r.Header.Get("X-Token"), "JWT "), nil }},
	{"the Authorization header with another scheme", func(r *http.Request, token string) { r.Header.Set("Authorization", "Token "+token) },
		func(r *http.Request) (string, error) {
			return strings.TrimPrefix(r.Header.Get("Authorization"), "Token "), nil
		}},
}

// The suite tests handlers that read the token in other places, with every rule that is not about
// the Authorization header.
func TestHandlerWithAttach(t *testing.T) {
	inHeader := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, guarded(t, inHeader), inHeader) })
	about := []string{"other scheme", "scheme in any case", "scheme without a token", "two tokens", "two headers"}
	want := slices.DeleteFunc(names(t, r.logs), func(name string) bool { return slices.Contains(about, name) })
	for _, place := range places {
		for _, lifetime := range []time.Duration{0, time.Second, 5 * time.Minute} {
			c := inHeader
			c.Attach, c.Lifetime, c.Leeway = place.attach, lifetime, time.Minute
			r := record(t, func(tb testing.TB) {
				jwtexptest.TestHandler(tb, guarded(t, c, jwtexp.WithTokenFrom(place.read)), c)
			})
			if len(r.errors) > 0 || len(r.fatals) > 0 {
				t.Errorf("%s: got Errorf %q and Fatalf %q, want none", place.name, r.errors, r.fatals)
			}
			if got := names(t, r.logs); !slices.Equal(got, want) {
				t.Errorf("%s: got the rules %q, want %q", place.name, got, want)
			}
		}
	}
}

// With Attach, no request has an Authorization header or two tokens, whatever Request returns.
func TestAttachReplacesTheAuthorizationHeader(t *testing.T) {
	c := jwtexptest.HandlerConfig{
		Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Attach: attachCookie,
		Request: func() *http.Request { return jwtexptest.NewRequest(t, "GET", "/?page=2", "stale") },
	}
	both := guarded(t, c, jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("session")))
	requests, attached := 0, 0
	jwtexptest.TestHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		attached += len(r.CookiesNamed("session"))
		if got := r.Header["Authorization"]; got != nil {
			t.Error("got an Authorization header, want none")
		}
		both.ServeHTTP(w, r)
	}), c)
	// Without a token in the cookie: "missing token", and the two probes of "token in the query".
	if got, want := requests-attached, 3; got != want {
		t.Errorf("requests without a cookie: got %d, want %d", got, want)
	}
}

// A handler that accepts every request breaks the rules, wherever its token is.
func TestAttachToHandlerThatAcceptsEverything(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Attach: attachCookie}
	r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, hello, c) })
	if got, want := names(t, r.logs), []string{"accepted until exp", "no token in the response"}; !slices.Equal(got, want) {
		t.Errorf("rules that hold: got %q, want %q", got, want)
	}
	if got, want := len(names(t, r.errors)), 25; got < want {
		t.Errorf("broken rules: got %d, want %d or more", got, want)
	}
}

// If the handler does not read what Attach attaches, the message names Attach.
func TestAttachThatAttachesNothing(t *testing.T) {
	for name, attach := range map[string]func(*http.Request, string){
		"nothing":            func(*http.Request, string) {},
		"another cookie":     func(r *http.Request, token string) { r.AddCookie(&http.Cookie{Name: "other", Value: token}) },
		"a copy's cookie":    func(r *http.Request, token string) { attachCookie(r.Clone(r.Context()), token) },
		"a part of a token":  func(r *http.Request, token string) { attachCookie(r, token[1:]) },
		"the default header": func(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) },
	} {
		c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Attach: attach}
		handler := guarded(t, c, jwtexp.WithTokenFrom(jwtexp.FromCookie("session")))
		r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
		if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], "a good token: got 401") || !strings.Contains(r.fatals[0], "Attach") {
			t.Errorf("%s: got Fatalf %q, want one about a good token that names Attach", name, r.fatals)
		}
	}
	// Without Attach, the message says that there is one.
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start)}
	handler := guarded(t, c, jwtexp.WithTokenFrom(jwtexp.FromCookie("session")))
	r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
	if len(r.fatals) != 1 || !strings.Contains(r.fatals[0], "Attach") {
		t.Errorf("no Attach: got Fatalf %q, want one that names Attach", r.fatals)
	}
}

// The suite finds a token in a response wherever it was in the request.
func TestAttachedTokenInTheResponse(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Attach: attachCookie}
	tests := []struct {
		name string
		say  func(w http.ResponseWriter, r *http.Request)
		leak bool
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, false},
		{"deletes the cookie", func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", MaxAge: -1})
		}, false},
		{"the token", func(w http.ResponseWriter, r *http.Request) {
			for _, cookie := range r.CookiesNamed("session") {
				http.Error(w, cookie.Value, http.StatusUnauthorized)
			}
		}, true},
		{"the Cookie header", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.Header.Get("Cookie"), http.StatusUnauthorized)
		}, true},
		{"the cookie once more", func(w http.ResponseWriter, r *http.Request) {
			for _, cookie := range r.CookiesNamed("session") {
				http.SetCookie(w, cookie)
			}
		}, true},
		{"the token, for a fault that only another rule probes", func(w http.ResponseWriter, r *http.Request) {
			for _, cookie := range r.CookiesNamed("session") {
				if strings.HasSuffix(cookie.Value, "=") {
					http.Error(w, cookie.Value, http.StatusUnauthorized)
				}
			}
		}, true},
		{"the query with the token", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.RawQuery, http.StatusUnauthorized)
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			handler := guarded(t, c, jwtexp.WithTokenFrom(jwtexp.FromCookie("session")),
				jwtexp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, _ error) { test.say(w, r) }))
			r := record(t, func(tb testing.TB) { jwtexptest.TestHandler(tb, handler, c) })
			want := []string(nil)
			if test.leak {
				want = []string{"no token in the response"}
			}
			if got := names(t, r.errors); !slices.Equal(got, want) || len(r.fatals) > 0 {
				t.Errorf("broken rules: got %q and Fatalf %q, want %q and no Fatalf", got, r.fatals, want)
			}
			for _, message := range slices.Concat(r.errors, r.logs) {
				if strings.Contains(message, "eyJ") {
					t.Error("got a message with a token, want none")
				}
			}
		})
	}
}

// A cookie's rejection is also 401 with a Bearer challenge.
func TestAttachKeepsTheChallengeRule(t *testing.T) {
	c := jwtexptest.HandlerConfig{Key: newKey(t, jwtexp.HS256), Clock: jwtexptest.NewClock(start), Attach: attachCookie}
	handler := guarded(t, c, jwtexp.WithTokenFrom(jwtexp.FromCookie("session")))
	r := record(t, func(tb testing.TB) {
		jwtexptest.TestHandler(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := httptest.NewRecorder()
			handler.ServeHTTP(recorded, r)
			w.WriteHeader(recorded.Code) // without the challenge
		}), c)
	})
	if got, want := names(t, r.errors), []string{"missing token", "challenge for a bad token"}; !slices.Equal(got, want) {
		t.Errorf("broken rules: got %q, want %q", got, want)
	}
}
