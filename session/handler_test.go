package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

const formType = "application/x-www-form-urlencoded"

// post sends a form and checks what every answer has.
func post(t testing.TB, h http.Handler, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", formType)
	return serve(t, h, r)
}

func serve(t testing.TB, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
	if got := w.Header().Get("Content-Type"); w.Body.Len() > 0 && got != "application/json" {
		t.Errorf("Content-Type: got %q, want application/json", got)
	}
	return w
}

// answered returns the status and the error of a response.
func answered(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Body.Len() == 0 {
		return fmt.Sprint(w.Code)
	}
	var body struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("got %q, want JSON: %v", w.Body, err)
	}
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", body.Error))
}

func TestTokenHandler(t *testing.T) {
	w := newWorld()
	good := w.start(t)
	long := strings.Repeat("x", 16<<10)
	fits := "grant_type=refresh_token&refresh_token=" + good + "&x="
	for _, tt := range []struct{ name, body, want string }{
		{"good", "grant_type=refresh_token&refresh_token=" + good, "200"},
		{"in another order", "refresh_token=" + good + "&grant_type=refresh_token", "200"},
		{"escaped", "grant%5Ftype=refresh%5Ftoken&refresh_token=" + strings.ReplaceAll(good, "_", "%5f"), "200"},
		{"with unknown parameters", "grant_type=refresh_token&client_id=a&resource=b&refresh_token=" + good, "200"},
		{"with an empty scope", "grant_type=refresh_token&scope=&refresh_token=" + good, "200"},
		{"16 KiB", fits + long[:16<<10-len(fits)], "200"},

		{"more than 16 KiB", fits + long[:16<<10-len(fits)+1], "400 invalid_request"},
		{"nothing", "", "400 invalid_request"},
		{"no grant_type", "refresh_token=" + good, "400 invalid_request"},
		{"an empty grant_type", "grant_type=&refresh_token=" + good, "400 invalid_request"},
		{"two grant_types", "grant_type=refresh_token&grant_type=refresh_token&refresh_token=" + good, "400 invalid_request"},
		{"two grant_types, one empty", "grant_type=&grant_type=refresh_token&refresh_token=" + good, "400 invalid_request"},
		{"another grant_type", "grant_type=password&refresh_token=" + good, "400 unsupported_grant_type"},
		{"another grant_type alone", "grant_type=password", "400 unsupported_grant_type"},
		{"another grant_type with a parameter twice", "grant_type=password&a=1&a=2", "400 unsupported_grant_type"},
		{"another letter case", "grant_type=Refresh_Token&refresh_token=" + good, "400 unsupported_grant_type"},
		{"no refresh_token", "grant_type=refresh_token", "400 invalid_request"},
		{"an empty refresh_token", "grant_type=refresh_token&refresh_token=", "400 invalid_request"},
		{"two refresh_tokens", "grant_type=refresh_token&refresh_token=" + good + "&refresh_token=" + good, "400 invalid_request"},
		{"another parameter twice", "grant_type=refresh_token&a=1&a=1&refresh_token=" + good, "400 invalid_request"},
		{"a scope", "grant_type=refresh_token&scope=read&refresh_token=" + good, "400 invalid_scope"},
		{"a semicolon", "grant_type=refresh_token;refresh_token=" + good, "400 invalid_request"},
		{"a bad escape", "grant_type=refresh_token&refresh_token=%zz", "400 invalid_request"},
		{"a bad escape elsewhere", "grant_type=refresh_token&x=%zz&refresh_token=" + good, "400 invalid_request"},
		{"garbage", "grant_type=refresh_token&refresh_token=garbage", "400 invalid_grant"},
		{"JSON", `{"grant_type":"refresh_token"}`, "400 invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := answered(t, post(t, w.TokenHandler(), tt.body)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRequestsThatAreNotForms(t *testing.T) {
	w := newWorld()
	good := w.start(t)
	body := "grant_type=refresh_token&token=" + good + "&refresh_token=" + good
	for _, h := range []http.Handler{w.TokenHandler(), w.RevocationHandler()} {
		for _, tt := range []struct{ method, query, contentType, want string }{
			{"GET", "?" + body, "", "405 invalid_request"},
			{"HEAD", "?" + body, "", "405 invalid_request"},
			{"PUT", "", formType, "405 invalid_request"},
			{"DELETE", "", formType, "405 invalid_request"},
			{"POST", "", "", "400 invalid_request"},
			{"POST", "", "application/json", "400 invalid_request"},
			{"POST", "", "multipart/form-data; boundary=x", "400 invalid_request"},
			{"POST", "", "text/plain", "400 invalid_request"},
			{"POST", "?grant_type=password&grant_type=a&token=a.b.c&scope=a", formType + "; charset=UTF-8", "200"},
		} {
			r := httptest.NewRequest(tt.method, "/"+tt.query, strings.NewReader(body))
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			got := serve(t, h, r)
			if got.Code == 405 && got.Header().Get("Allow") != "POST" {
				t.Errorf("%s: got Allow %q, want POST", tt.method, got.Header().Get("Allow"))
			}
			if got := answered(t, got); got != tt.want {
				t.Errorf("%s %s: got %s, want %s", tt.method, tt.contentType, got, tt.want)
			}
		}
	}
}

func TestTokenResponse(t *testing.T) {
	w := newWorld()
	first := w.start(t)
	w.clock.Advance(2 * grace)
	body := "grant_type=refresh_token&refresh_token=" + first
	for _, tt := range []struct {
		age     time.Duration // since the replacement
		refresh bool
	}{{0, true}, {grace, false}} {
		w.clock.Set(epoch.Add(2*grace + tt.age))
		var got map[string]any
		if err := json.Unmarshal(post(t, w.TokenHandler(), body).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		token, err := must(jwtexp.NewVerifier(w.key, jwtexp.WithClock(w.clock))).Verify(t.Context(), fmt.Sprint(got["access_token"]))
		if err != nil || token.Subject() != "alice" {
			t.Errorf("access_token: got %v, %v, want alice's", token, err)
		}
		want := map[string]any{"access_token": got["access_token"], "token_type": "Bearer", "expires_in": 599.0}
		if tt.refresh {
			want["refresh_token"] = w.refresh(t, first)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", tt.age, diff)
		}
	}
}

func TestErrorsOfTheTokenHandler(t *testing.T) {
	w := newWorld()
	h := w.TokenHandler()
	body := "grant_type=refresh_token&refresh_token=" + w.start(t)

	w.store.hook = failBefore("Find")
	got := post(t, h, body)
	if answered(t, got) != "503 temporarily_unavailable" || got.Header().Get("Retry-After") != "5" {
		t.Errorf("outage: got %s with Retry-After %q, want 503 with 5", answered(t, got), got.Header().Get("Retry-After"))
	}
	w.store.hook = func(string, func() error) error {
		return fmt.Errorf("wrapped: %w", &jwtexp.UnavailableError{What: "database", Detail: "too many connections", RetryAfter: time.Minute, Err: errStore})
	}
	if got := post(t, h, body).Header().Get("Retry-After"); got != "60" {
		t.Errorf("an outage that says when to try again: got Retry-After %q, want 60", got)
	}
	w.store.hook = nil
	w.clock.Advance(idle)
	if got := answered(t, post(t, h, body)); got != "400 invalid_grant" {
		t.Errorf("expired: got %s, want 400 invalid_grant", got)
	}
	w.wantEvents(t, session.EventStarted, session.EventFailed, session.EventFailed, session.EventExpired)
}

func TestRespondError(t *testing.T) {
	for _, tt := range []struct {
		err         error
		want, retry string
	}{
		{&jwtexp.ExpiredError{}, "400 invalid_grant", ""},
		{&jwtexp.InvalidError{Reason: session.ReasonReused}, "400 invalid_grant", ""},
		{&jwtexp.InvalidError{Reason: jwtexp.ReasonRequest}, "400 invalid_grant", ""},
		{fmt.Errorf("wrapped: %w", jwtexp.ErrInvalid), "400 invalid_grant", ""},
		{&jwtexp.UnavailableError{}, "503 temporarily_unavailable", "5"},
		{&jwtexp.UnavailableError{RetryAfter: 1500 * time.Millisecond}, "503 temporarily_unavailable", "2"},
		{errors.Join(jwtexp.ErrUnavailable, jwtexp.ErrExpired), "503 temporarily_unavailable", "5"},
		{errors.New("other"), "500 server_error", ""},
		{nil, "500 server_error", ""},
	} {
		w := httptest.NewRecorder()
		session.RespondError(w, tt.err)
		if got := answered(t, w); got != tt.want || w.Header().Get("Retry-After") != tt.retry || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: got %s, %v, want %s and Retry-After %q", tt.err, got, w.Header(), tt.want, tt.retry)
		}
	}
}

func TestRevocationHandler(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil))
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", "", "400 invalid_request"},
		{"an empty token", "token=", "400 invalid_request"},
		{"two tokens", "token=a&token=b", "400 invalid_request"},
		{"an access token", "token=" + tokens.Access().Raw(), "400 unsupported_token_type"},
		{"garbage", "token=garbage", "200"},
		{"a refresh token of another secret", "token=rt1_" + strings.Repeat("A", 56), "200"},
	} {
		if got := answered(t, post(t, w.RevocationHandler(), tt.body)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	w.refresh(t, tokens.Refresh())
	good := "token_type_hint=refresh_token&token=" + tokens.Refresh()
	w.store.hook = failBefore("End")
	if got := answered(t, post(t, w.RevocationHandler(), good)); got != "503 temporarily_unavailable" {
		t.Errorf("outage: got %s, want 503", got)
	}
	w.store.hook = nil
	for range 2 { // the second time the session is over
		if got := answered(t, post(t, w.RevocationHandler(), good)); got != "200" {
			t.Errorf("got %s, want 200", got)
		}
	}
	_, err := w.Refresh(t.Context(), tokens.Refresh())
	wantOutcome(t, err, "invalid: ended")
	w.wantEvents(t, session.EventStarted, session.EventRepeated, session.EventFailed, session.EventEnded)
}

// Whatever a body holds, the answer is one of the documented ones, and no bad body changes a
// session.
func FuzzForms(f *testing.F) {
	w := newWorld()
	good := must(w.Start(f.Context(), "alice", nil)).Refresh()
	f.Add("grant_type=refresh_token&refresh_token=" + good)
	f.Add("grant_type=refresh_token&refresh_token=x&refresh_token=y")
	f.Add("grant_type=password;a=%zz")
	f.Add("token=a.b.c&token_type_hint=x")
	answers := map[string]bool{"200": true, "400 invalid_request": true, "400 unsupported_grant_type": true, "400 invalid_scope": true,
		"400 invalid_grant": true, "400 unsupported_token_type": true}
	f.Fuzz(func(t *testing.T, body string) {
		if got := answered(t, post(t, w.TokenHandler(), body)); !answers[got] {
			t.Errorf("TokenHandler: got %s, want another answer", got)
		}
		if strings.Contains(body, "rt1") || strings.Contains(body, "%") {
			return // it could be good
		}
		if got := answered(t, post(t, w.RevocationHandler(), body)); !answers[got] || got == "400 invalid_grant" {
			t.Errorf("RevocationHandler: got %s, want another answer", got)
		}
		w.refresh(t, good)
	})
}

// A handler around the endpoint may have read the form, to authenticate the client.
func TestFormThatWasRead(t *testing.T) {
	w := newWorld()
	good := w.start(t)
	for _, tt := range []struct {
		h          http.Handler
		body, want string
	}{
		{w.TokenHandler(), "client_id=a&grant_type=refresh_token&refresh_token=" + good, "200"},
		{w.TokenHandler(), "client_id=a&client_id=b&grant_type=refresh_token&refresh_token=" + good, "400 invalid_request"},
		{w.TokenHandler(), "client_id=a", "400 invalid_request"},
		{w.RevocationHandler(), "client_id=a&token=" + good, "200"},
	} {
		wrapped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.PostFormValue("client_id") != "a" {
				t.Errorf("got client_id %q, want a", r.PostFormValue("client_id"))
			}
			tt.h.ServeHTTP(w, r)
		})
		if got := answered(t, post(t, wrapped, tt.body)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.body[:20], got, tt.want)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Content-Type", formType)
	r.Body = nil
	if got := answered(t, serve(t, w.TokenHandler(), r)); got != "400 invalid_request" {
		t.Errorf("no body: got %s, want 400 invalid_request", got)
	}
}

// hungUp returns a handler whose client has disconnected.
func hungUp(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}
