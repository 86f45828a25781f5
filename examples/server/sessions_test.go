package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/jwtexptest"
)

// tokens are what a client keeps.
type tokens struct{ access, refresh string }

// start logs in and returns both tokens.
func (d *demo) start(t *testing.T, userID int) tokens {
	t.Helper()
	got := post(t, d.URL, fmt.Sprintf(`{"user_id":%d}`, userID))
	var answer struct {
		Token        string
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || got.Status != 200 || answer.RefreshToken == "" {
		t.Fatalf("got %+v, want two tokens", got)
	}
	return tokens{answer.Token, answer.RefreshToken}
}

// form posts a form.
func (d *demo) form(t *testing.T, path string, form url.Values) reply {
	t.Helper()
	r := request(t, "POST", d.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, r)
}

// refresh returns the next tokens, or the reply if there are none.
func (d *demo) refresh(t *testing.T, refreshToken string) (tokens, reply) {
	t.Helper()
	got := d.form(t, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
	var answer struct {
		Token        string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil {
		t.Fatal(err)
	}
	return tokens{answer.Token, answer.RefreshToken}, got
}

func (d *demo) bearer(t *testing.T, method, path, token string) reply {
	t.Helper()
	r := request(t, method, d.URL+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return send(t, r)
}

func want(t *testing.T, what string, want, got reply) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantStatus(t *testing.T, what string, want int, got reply) {
	t.Helper()
	if got.Status != want {
		t.Errorf("%s: got %d, want %d", what, got.Status, want)
	}
}

var (
	invalidGrant   = jsonReply(400, `{"error":"invalid_grant","error_description":"the session is not valid; log in again"}`+"\n")
	sessionExpired = jsonReply(400, `{"error":"invalid_grant","error_description":"the session has expired; log in again"}`+"\n")
)

// A login outlives its access tokens, until it is idle for too long or ends.
func TestLoginLasts(t *testing.T) {
	d := startDemo(t)
	has := d.start(t, 1)
	for range 11 {
		d.clock.Advance(time.Hour)
		wantStatus(t, "the expired token", 401, get(t, d.URL, "Bearer "+has.access))
		next, got := d.refresh(t, has.refresh)
		if got.Status != 200 || next.refresh == has.refresh {
			t.Fatalf("got %+v, want the next refresh token", got)
		}
		has = next
		want(t, "the next token", alice, get(t, d.URL, "Bearer "+has.access))
	}
	d.clock.Advance(time.Hour)
	_, got := d.refresh(t, has.refresh)
	want(t, "at the end", sessionExpired, got)

	has = d.start(t, 1)
	d.clock.Advance(3 * time.Hour)
	_, got = d.refresh(t, has.refresh)
	want(t, "after three hours without a refresh", sessionExpired, got)
}

// A logout reaches every holder of a token at once.
func TestLogout(t *testing.T) {
	d := startDemo(t)
	has, other, bob := d.start(t, 1), d.start(t, 1), d.start(t, 2)
	if got := d.form(t, "/revoke", url.Values{"token": {has.refresh}}); got.Status != 200 {
		t.Errorf("got %+v, want 200", got)
	}
	want(t, "the access token after a logout", invalidToken, get(t, d.URL, "Bearer "+has.access))
	_, got := d.refresh(t, has.refresh)
	want(t, "the refresh token after a logout", invalidGrant, got)
	want(t, "another login", alice, get(t, d.URL, "Bearer "+other.access))

	third := d.start(t, 1)
	want(t, "log out everywhere", jsonReply(200, `{"ended":2}`), d.bearer(t, "POST", "/logout-everywhere", third.access))
	for _, token := range []string{other.access, third.access} {
		want(t, "an access token afterwards", invalidToken, get(t, d.URL, "Bearer "+token))
	}
	wantStatus(t, "Bob", 200, get(t, d.URL, "Bearer "+bob.access))
}

// A thief gets the same successor within the grace. Later the theft ends the session.
func TestTheft(t *testing.T) {
	d := startDemo(t)
	owner := d.start(t, 1)
	copied := owner.refresh
	d.clock.Advance(time.Minute + time.Second)
	owner, _ = d.refresh(t, copied)
	thief, _ := d.refresh(t, copied)
	if thief.refresh != owner.refresh {
		t.Error("got two successors within the grace, want one")
	}
	for range 2 {
		d.clock.Advance(time.Minute + time.Second)
		owner, _ = d.refresh(t, owner.refresh)
	}
	_, got := d.refresh(t, thief.refresh)
	want(t, "the thief", invalidGrant, got)
	_, got = d.refresh(t, owner.refresh)
	want(t, "the owner", invalidGrant, got)
	want(t, "the owner's access token", invalidToken, get(t, d.URL, "Bearer "+owner.access))
	if log := d.log.String(); !strings.Contains(log, "session=reused") || strings.Contains(log, "rt1_") {
		t.Errorf("got the log\n%s\nwant session=reused and no refresh token", log)
	}
}

func TestShowSession(t *testing.T) {
	d := startDemo(t)
	has := d.start(t, 1)
	from := start.Unix()
	want(t, "at first", jsonReply(200, fmt.Sprintf(`{"started":%d,"expires":%d,"end":%d,"grace_seconds":30}`, from, from+3*3600, from+12*3600)),
		d.bearer(t, "GET", "/session", has.access))
	d.clock.Advance(10 * time.Minute)
	d.refresh(t, has.refresh)
	want(t, "refreshed", jsonReply(200, fmt.Sprintf(`{"started":%d,"expires":%d,"end":%d,"grace_seconds":30}`, from, from+600+3*3600, from+12*3600)),
		d.bearer(t, "GET", "/session", has.access))
	for path, methods := range map[string]string{"/session": "GET, HEAD", "/logout-everywhere": "POST"} {
		method := map[string]string{"/session": "POST", "/logout-everywhere": "GET"}[path]
		want(t, path, jsonReply(405, `{"error":"Method not allowed"}`).allowing(methods), d.bearer(t, method, path, has.access))
	}
	want(t, "without a token", jsonReply(400, `{"error":"Invalid token"}`).challenged(challengeMissing), send(t, request(t, "POST", d.URL+"/logout-everywhere", nil)))
}

// Any lifetime of a token has a policy, from a second to 100 years.
func TestPolicies(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, lifetime := range []time.Duration{time.Second, 7 * time.Second, 24 * time.Hour, 10 * year, 90 * year} {
		startServer(t, jwtexptest.NewClock(start), io.Discard, func(c *config) { c.lifetime = lifetime })
	}
}
