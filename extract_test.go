package jwtexp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// An Authorization header without a bearer token counts as missing. The error says what it holds.
func TestFromHeaderSaysWhatTheHeaderHas(t *testing.T) {
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	const want = `; want "Bearer", a space and the token`
	for value, text := range map[string]string{
		"":                     "the Authorization header is empty",
		good:                   "the Authorization header has no scheme",
		"Bearer" + good:        "the Authorization header has no scheme",
		"Bearer:" + good:       "the Authorization header has no scheme",
		"Token " + good:        "the Authorization header has the scheme Token",
		"jwt " + good:          "the Authorization header has the scheme JWT",
		"dpop " + good:         "the Authorization header has the scheme DPoP",
		"Basic YWxpY2U6cHc=":   "the Authorization header has the scheme Basic",
		"Private " + good:      "the Authorization header has a scheme other than Bearer",
		`"Bearer ` + good:      "the Authorization header has a scheme other than Bearer",
		"Bearer-Token " + good: "the Authorization header has a scheme other than Bearer",
	} {
		_, err := jwtexp.FromHeader(&http.Request{Header: authorization(value)})
		if wantOutcome(t, err, "missing"); fmt.Sprint(err) != "jwtexp: missing token: "+text+want {
			t.Errorf("got %v, want %s", err, text+want)
		}
		_, err = must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)))).Check(&http.Request{Header: authorization(value)})
		wantText(t, text, err, "missing", text+want)
	}
	_, err := jwtexp.FromHeader(&http.Request{})
	wantText(t, "without the header", err, "missing", "no Authorization header")
	_, err = jwtexp.FromCookie("session")(&http.Request{})
	wantText(t, "without the cookie", err, "missing", "no cookie session")
	_, err = jwtexp.FromCookie("session")(&http.Request{Header: http.Header{"Cookie": {"session="}}})
	wantText(t, "with an empty cookie", err, "missing", "the cookie session is empty")
	for value, text := range map[string]string{
		"Bearer":                "no token after Bearer",
		"Bearer Bearer " + good: "more than a token after Bearer, the scheme twice, or a line break",
		"Bearer " + good + ",b": "more than a token after Bearer",
	} {
		_, err := jwtexp.FromHeader(&http.Request{Header: authorization(value)})
		wantText(t, text, err, "invalid: request", text)
	}
}

func TestFromHeaderNamed(t *testing.T) {
	good := sign(testSecret, joseHeader, live(`,"sub":"alice"`))
	guard := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(jwtexp.FromHeaderNamed("x-TOKEN"))))
	header := func(values ...string) http.Header { return http.Header{"X-Token": values} }
	for _, c := range []struct {
		name   string
		header http.Header
		want   response
		text   string
	}{
		{"good", header(good), served, ""},
		{"missing", nil, missing, "no header X-Token"},
		{"another header", authorization("Bearer " + good), missing, ""},
		{"empty", header(""), missing, "the header X-Token is empty"},
		{"with a scheme", header("Bearer " + good), invalidRequest, "the header X-Token has white space or a comma; want the token alone, without a scheme"},
		{"two in one", header(good + "," + good), invalidRequest, "white space or a comma"},
		{"two", header(good, good), invalidRequest, "more than one header X-Token"},
		{"padded", header(good + "="), invalidToken, "padding (=)"},
		{"forged", header(sign(otherSecret, joseHeader, live(""))), invalidToken, "signed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantResponse(t, guard.Handler(subject), c.header, c.want)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = c.header
			if _, err := guard.Check(r); c.text != "" && !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("got %v, want it to have %s", err, c.text)
			}
		})
	}
	raw := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(jwtexp.FromHeaderNamed("Authorization"))))
	wantResponse(t, raw.Handler(subject), authorization(good), served)
	for _, name := range []string{"", "a b", "a:b", "ä", "a\n"} {
		if jwtexp.FromHeaderNamed(name) != nil {
			t.Errorf("%q: got an Extractor, want nil", name)
		}
	}
}

func TestFirstOf(t *testing.T) {
	good, other := sign(testSecret, joseHeader, live(`,"sub":"alice"`)), sign(testSecret, joseHeader, live(`,"sub":"bob"`))
	stale := sign(testSecret, joseHeader, fmt.Sprintf(`{"exp":%d}`, epoch.Unix()))
	headerFirst := jwtexp.FirstOf(jwtexp.FromHeader, jwtexp.FromCookie("jwt"))
	cookieFirst := jwtexp.FirstOf(jwtexp.FromCookie("jwt"), jwtexp.FromHeader)
	request := func(authorization, cookie string) http.Header {
		h := http.Header{}
		if authorization != "" {
			h.Set("Authorization", authorization)
		}
		if cookie != "" {
			h.Set("Cookie", "jwt="+cookie)
		}
		return h
	}
	for _, c := range []struct {
		name   string
		from   jwtexp.Extractor
		header http.Header
		want   response
	}{
		{"good header, stale cookie", headerFirst, request("Bearer "+good, stale), served},
		{"good header, other cookie", headerFirst, request("Bearer "+good, other), served},
		{"good header, malformed cookie", headerFirst, request("Bearer "+good, `a"b`), served},
		{"good cookie alone", headerFirst, request("", good), served},
		{"other scheme, good cookie", headerFirst, request("Basic YTpi", good), served},
		{"stale header, good cookie", headerFirst, request("Bearer "+stale, good), expiredToken},
		{"malformed header, good cookie", headerFirst, request("Bearer", good), invalidRequest},
		{"forged header, good cookie", headerFirst, request("Bearer "+good+"x", good), invalidToken},
		{"stale cookie first", cookieFirst, request("Bearer "+good, stale), expiredToken},
		{"neither", headerFirst, nil, missing},
		{"empty cookie", headerFirst, http.Header{"Cookie": {"jwt="}}, missing},
		{"nested", jwtexp.FirstOf(jwtexp.FromHeaderNamed("X-Token"), headerFirst), request("Bearer "+good, stale), served},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(c.from)))
			wantResponse(t, m.Handler(subject), c.header, c.want)
		})
	}

	// Beside FirstOf, a token in a second place is still rejected.
	m := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(headerFirst, jwtexp.FromHeaderNamed("X-Token"))))
	h := request("Bearer "+good, stale)
	h.Set("X-Token", good)
	wantResponse(t, m.Handler(subject), h, invalidRequest)

	// An extractor that fails ends the search, and its error keeps its meaning.
	for _, fail := range []error{jwtexp.ErrUnavailable, errors.New("bad")} {
		from := jwtexp.FirstOf(func(*http.Request) (string, error) { return "", fail }, jwtexp.FromHeader)
		if _, err := from(requestWith(good)); err != fail {
			t.Errorf("got %v, want %v", err, fail)
		}
	}
	for name, from := range map[string]jwtexp.Extractor{
		"none": jwtexp.FirstOf(), "a nil one": jwtexp.FirstOf(jwtexp.FromHeader, jwtexp.FromCookie("")),
	} {
		if from != nil {
			t.Errorf("%s: got an Extractor, want nil", name)
		}
		if _, err := jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(from)); err == nil || !strings.Contains(err.Error(), "FirstOf") {
			t.Errorf("%s: got %v, want an error that names FirstOf", name, err)
		}
	}

	// A caller who changes the slice later changes nothing.
	list := []jwtexp.Extractor{jwtexp.FromHeader}
	from := jwtexp.FirstOf(list...)
	list[0] = jwtexp.FromCookie("session")
	if got, err := from(requestWith(good)); got != good || err != nil {
		t.Errorf("got %t and %v, want the token", got == good, err)
	}
}

// Each place that holds no token that counts is named.
func TestEveryReasonForAMissingTokenIsNamed(t *testing.T) {
	both := []jwtexp.Extractor{jwtexp.FromHeader, jwtexp.FromCookie("session")}
	header := upgradeHeader("https://evil.example", sign(testSecret, joseHeader, live("")))
	header.Set("Authorization", "Basic YTpi")
	for name, opt := range map[string]jwtexp.MiddlewareOption{
		"in turn":     jwtexp.WithTokenFrom(both...),
		"the first":   jwtexp.WithTokenFrom(jwtexp.FirstOf(both...)),
		"first and a": jwtexp.WithTokenFrom(jwtexp.FirstOf(both...), jwtexp.FromHeaderNamed("A")),
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header = header
		_, err := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), opt)).Check(r)
		wantText(t, name, err, "missing", "has the scheme Basic", "; the cookie does not count in an upgrade request")
	}
	// The text of an Extractor of the application may quote the request.
	own := func(*http.Request) (string, error) { return "", fmt.Errorf("private: %w", jwtexp.ErrMissing) }
	_, err := must(jwtexp.NewMiddleware(newVerifier(jwtexptest.NewClock(epoch)), jwtexp.WithTokenFrom(own))).Check(httptest.NewRequest("GET", "/", nil))
	if wantText(t, "own", err, "missing", "an Extractor of your own found none"); strings.Contains(fmt.Sprint(err), "private") {
		t.Errorf("got %v, want no text of the application", err)
	}
}
