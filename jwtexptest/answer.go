package jwtexptest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
)

// An answer is what a handler made of a request.
type answer struct {
	status    int
	challenge string // WWW-Authenticate, its values joined
	text      string // header and body
	said      string // the challenge and the body, which the client reads
	panicked  bool
}

func answerOf(handler http.Handler, r *http.Request) (a answer) {
	defer func() {
		if recover() != nil { // the value may hold a token
			a = answer{panicked: true}
		}
	}()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	result := w.Result()
	body, err := io.ReadAll(result.Body)
	if err != nil {
		panic("jwtexptest: a ResponseRecorder failed: " + err.Error())
	}
	challenge := strings.Join(result.Header["Www-Authenticate"], ", ")
	return answer{
		status:    result.StatusCode,
		challenge: challenge,
		text:      fmt.Sprintf("%v\n%s", result.Header, body),
		said:      challenge + "\n" + string(body),
	}
}

func (a answer) took() bool    { return a.status/100 == 2 }
func (a answer) refused() bool { return a.status/100 == 4 }

var (
	bearerChallenge = regexp.MustCompile(`(?i)(^|,\s*)Bearer(\s|,|$)`)
	invalidToken    = regexp.MustCompile(`\berror="?invalid_token\b`)
	expiry          = regexp.MustCompile(`(?i)expir`)
)

func (a answer) asksForBearer() bool { return bearerChallenge.MatchString(a.challenge) }

func (a answer) saysInvalidToken() bool { return invalidToken.MatchString(a.challenge) }

func (a answer) saysExpired() bool { return expiry.MatchString(a.said) }

// repeats reports whether something of a token, which an Issuer might have made, is
// in the answer: its payload, its signature or its jti.
func (a answer) repeats(token string) bool {
	parts := strings.Split(token, ".")
	id, _ := membersOf(parts[1])["jti"].(string)
	for _, text := range []string{parts[1], parts[2], id} {
		if text != "" && strings.Contains(a.text, text) {
			return true
		}
	}
	return false
}

// String tells the status and whether there is a challenge, and no text of the
// answer, which may repeat a token.
func (a answer) String() string {
	switch {
	case a.panicked:
		return "a panic"
	case a.saysInvalidToken():
		return fmt.Sprintf(`%d with the challenge error="invalid_token"`, a.status)
	case a.asksForBearer():
		return fmt.Sprintf("%d with a Bearer challenge", a.status)
	case a.refused():
		return fmt.Sprintf("%d without a Bearer challenge", a.status)
	}
	return fmt.Sprint(a.status)
}

// A want is what has to hold of an answer.
type want struct {
	text  string
	holds func(answer) bool
}

var (
	taken   = want{"the answer of a good token (2xx)", answer.took}
	refused = want{"a refusal (4xx)", answer.refused}

	challenged = want{"a refusal (4xx) with a Bearer challenge in WWW-Authenticate", func(a answer) bool {
		return a.refused() && a.asksForBearer()
	}}
	toldInvalidToken = want{`401 with a Bearer challenge and error="invalid_token" in WWW-Authenticate`, func(a answer) bool {
		return a.status == http.StatusUnauthorized && a.asksForBearer() && a.saysInvalidToken()
	}}
)
