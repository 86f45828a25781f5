package jwtexptest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
)

// A response is what a handler answered.
type response struct {
	status    int
	challenge string // all WWW-Authenticate values
	body      string
	text      string // header and body
	panicked  bool
}

func serve(handler http.Handler, r *http.Request) (res response) {
	defer func() {
		if recover() != nil { // ignore the value: it may hold a token
			res = response{panicked: true}
		}
	}()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	result := w.Result()
	body, err := io.ReadAll(result.Body)
	if err != nil {
		panic("jwtexptest: cannot read a recorded response: " + err.Error())
	}
	return response{
		status:    result.StatusCode,
		challenge: strings.Join(result.Header["Www-Authenticate"], ", "),
		body:      string(body),
		text:      fmt.Sprintf("%v\n%s", result.Header, body),
	}
}

func (r response) accepts() bool { return r.status/100 == 2 }
func (r response) rejects() bool { return r.status/100 == 4 }

var (
	bearerChallenge = regexp.MustCompile(`(?i)(^|,\s*)Bearer(\s|,|$)`)
	invalidToken    = regexp.MustCompile(`\berror="?invalid_token\b`)
	expiry          = regexp.MustCompile(`(?i)expir`)
)

func (r response) hasBearerChallenge() bool { return bearerChallenge.MatchString(r.challenge) }

func (r response) hasInvalidToken() bool { return invalidToken.MatchString(r.challenge) }

// mentionsExpiry looks at the challenge and the body, but not at other headers such as Expires.
func (r response) mentionsExpiry() bool { return expiry.MatchString(r.challenge + "\n" + r.body) }

// leaks reports whether the response contains the payload, the signature or the jti of a token.
func (r response) leaks(token string) bool {
	parts := strings.Split(token, ".")
	id, _ := membersOf(parts[1])["jti"].(string)
	for _, text := range []string{parts[1], parts[2], id} {
		if text != "" && strings.Contains(r.text, text) {
			return true
		}
	}
	return false
}

// String returns the status and the kind of challenge. It quotes no text, which may hold a token.
func (r response) String() string {
	switch {
	case r.panicked:
		return "a panic"
	case r.hasInvalidToken():
		return fmt.Sprintf(`%d with the challenge error="invalid_token"`, r.status)
	case r.hasBearerChallenge():
		return fmt.Sprintf("%d with a Bearer challenge", r.status)
	case r.rejects():
		return fmt.Sprintf("%d without a Bearer challenge", r.status)
	}
	return fmt.Sprint(r.status)
}

// A want is what a response must be.
type want struct {
	text  string
	holds func(response) bool
}

var (
	accepted = want{"2xx", response.accepts}
	rejected = want{"4xx", response.rejects}

	challenged = want{"4xx with a Bearer challenge in WWW-Authenticate", func(r response) bool {
		return r.rejects() && r.hasBearerChallenge()
	}}
	rejectedAsInvalid = want{`401 with a Bearer challenge and error="invalid_token" in WWW-Authenticate`, func(r response) bool {
		return r.status == http.StatusUnauthorized && r.hasBearerChallenge() && r.hasInvalidToken()
	}}
)
