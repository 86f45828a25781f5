package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
)

// The log names the subject or the reason of each request, and holds no credentials.
func TestLog(t *testing.T) {
	d := startDemo(t)
	token := logIn(t, d.URL, `{"user_id":1}`)
	other := forge(t, jwt.SigningMethodHS256, []byte("another key, long enough for FIPS 140"), payload(nil))
	withoutSubject := forge(t, jwt.SigningMethodHS256, []byte(secret), payload(nil))
	get(t, d.URL, "Bearer "+token)
	get(t, d.URL, "Bearer "+withoutSubject)
	get(t, d.URL)
	get(t, d.URL, "Bearer")
	get(t, d.URL, "Bearer "+tamper(token, 2))
	get(t, d.URL, "Bearer "+other)
	get(t, d.URL, "Bearer garbage")
	get(t, d.URL, "Bearer "+forge(t, jwt.SigningMethodHS256, []byte(secret), payload(jwt.MapClaims{"user_id": "1"})))
	post(t, d.URL, `{"user_id":0}`)
	send(t, request(t, "GET", d.URL+"/login?token="+token, nil))
	send(t, request(t, "GET", d.URL+"/"+token, nil))
	noRedirect := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if res, err := noRedirect.Do(request(t, "GET", d.URL+"/"+token+"/../resource", nil)); err == nil {
		res.Body.Close()
	}
	d.clock.Advance(lifetime)
	get(t, d.URL, "Bearer "+token)
	d.clock.Set(time.Time{})
	get(t, d.URL, "Bearer "+token)
	post(t, d.URL, `{"user_id":1}`)
	d.Close()

	line := func(rest string) string { return "level=INFO msg=request " + rest + "\n" }
	want := line(`method=POST path=/login status=200 duration=0s session=started subject=1`) +
		line(`method=GET path=/resource status=200 duration=0s subject=1`) +
		line(`method=GET path=/resource status=200 duration=0s subject=""`) +
		line(`method=GET path=/resource status=400 duration=0s reason=missing`) +
		line(`method=GET path=/resource status=400 duration=0s reason=request`) +
		line(`method=GET path=/resource status=401 duration=0s reason=signature`) +
		line(`method=GET path=/resource status=401 duration=0s reason=signature`) +
		line(`method=GET path=/resource status=401 duration=0s reason=malformed`) +
		line(`method=GET path=/resource status=401 duration=0s reason=claims`) +
		line(`method=POST path=/login status=400 duration=0s`) +
		line(`method=GET path=/login status=405 duration=0s`) +
		line(`method=GET path=(unknown) status=404 duration=0s`) +
		line(`method=GET path=/resource status=307 duration=0s`) +
		line(`method=GET path=/resource status=401 duration=0s reason=expired`) +
		line(`method=GET path=/resource status=503 duration=0s reason=unavailable`) +
		line(`method=POST path=/login status=503 duration=0s session=failed error="jwtexp: temporarily unavailable: …"`)
	got := regexp.MustCompile(`unavailable: .*"`).ReplaceAllString(d.log.String(), `unavailable: …"`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	secrets := []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))}
	for _, raw := range []string{token, other, withoutSubject} {
		secrets = append(secrets, strings.Split(raw, ".")...)
	}
	for _, s := range secrets {
		if strings.Contains(d.log.String(), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

func TestLogDuration(t *testing.T) {
	var readings atomic.Int64
	clock := jwtexp.ClockFunc(func() time.Time { return start.Add(time.Duration(readings.Add(1)) * time.Second) })
	log := &safeBuffer{}
	server := startServer(t, clock, log)
	send(t, request(t, "GET", server.URL+"/nowhere", nil))
	server.Close()
	want := "level=INFO msg=request method=GET path=(unknown) status=404 duration=1s\n"
	if got := log.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReason(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&jwtexp.InvalidError{Reason: jwtexp.ReasonAudience}, "audience"},
		{fmt.Errorf("wrapped: %w", &jwtexp.InvalidError{Reason: jwtexp.ReasonType}), "type"},
		{&jwtexp.ExpiredError{}, "expired"},
		{jwtexp.ErrMissing, "missing"},
		{&jwtexp.UnavailableError{Err: context.Canceled}, "unavailable"},
		{errors.New("no verdict"), "unavailable"},
	}
	for _, tt := range tests {
		if got := reason(tt.err); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
		}
	}
}

// note does nothing without logRequests.
func TestNoteWithoutLog(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	note(r.Context(), "subject", "1")
}
