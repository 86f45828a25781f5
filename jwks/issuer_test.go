package jwks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

const (
	template = "https://login.microsoftonline.com/{tenantid}/v2.0"
	tenantA  = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
	tenantB  = "https://login.microsoftonline.com/31537af4-6d77-4bb9-a681-d2394888ea26/v2.0"
)

// entraJWK returns the JWK of a key with the member issuer, a JSON value.
func entraJWK(id, issuer string) string {
	return strings.Replace(jwkOf(id), "{", `{"issuer":`+issuer+`,`, 1)
}

func entraSet(jwks ...string) string { return `{"keys":[` + strings.Join(jwks, ",") + `]}` }

func quoted(text string) string { return string(must(json.Marshal(text))) }

func TestForIssuer(t *testing.T) {
	tests := []struct {
		name, member string // the JSON value of the member issuer; "": none
		issuer       string
		want         error
	}{
		{"no member", "", tenantA, good},
		{"no member, another issuer", "", "https://login.example", good},
		{"null", "null", tenantA, good},
		{"the issuer", quoted(tenantA), tenantA, good},
		{"another tenant", quoted(tenantA), tenantB, invalid},
		{"a template", quoted(template), tenantA, good},
		{"a template, another tenant", quoted(template), tenantB, good},
		{"a template, itself", quoted(template), template, good},
		{"a template, an issuer with a slash", quoted(template), tenantA + "/", invalid},
		{"a template with a slash", quoted(template + "/"), tenantA + "/", good},
		{"a template, no tenant", quoted(template), "https://login.microsoftonline.com//v2.0", invalid},
		{"a template, two segments", quoted(template), "https://login.microsoftonline.com/a/b/v2.0", invalid},
		{"a template, no segment", quoted(template), "https://login.microsoftonline.com/v2.0", invalid},
		{"a template, a query", quoted(template), "https://login.microsoftonline.com/a?b/v2.0", invalid},
		{"a template, a fragment", quoted(template), "https://login.microsoftonline.com/a#b/v2.0", invalid},
		{"a template, another host", quoted(template), "https://login.example/a/v2.0", invalid},
		{"a template, http", quoted(template), "http://login.microsoftonline.com/a/v2.0", invalid},
		{"a template, another version", quoted(template), "https://login.microsoftonline.com/a/v1.0", invalid},
		{"a template, another case", quoted(template), "https://LOGIN.microsoftonline.com/a/v2.0", invalid},
		{"a template at the end", quoted("https://sts.windows.net/{tenantid}/"), "https://sts.windows.net/a/", good},
		{"a template for two segments", quoted("https://login.example/{tenantid}/{tenantid}"), "https://login.example/a/b", good},
		{"a template for the host", quoted("https://{tenantid}/v2.0"), "https://evil.example/v2.0", invalid},
		{"a template for the scheme", quoted("{tenantid}//login.example/v2.0"), "http://login.example/v2.0", invalid},
		{"a template of a part of a segment", quoted("https://login.example/x{tenantid}"), "https://login.example/xa", invalid},
		{"a template of another case", quoted("https://login.example/{tenantId}"), "https://login.example/a", invalid},
		{"an empty member", `""`, tenantA, invalid},
		{"an empty member, no issuer", `""`, "", invalid},
		{"a number", `1`, tenantA, invalid},
		{"a list", `[` + quoted(tenantA) + `]`, tenantA, invalid},
		{"an object", `{}`, "", invalid},
		{"ISSUER", quoted(tenantA) + `,"ISSUER":` + quoted(tenantB), tenantB, invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			jwk := jwkOf("a")
			if tt.member != "" {
				jwk = entraJWK("a", tt.member)
			}
			remote := remoteOf(t, entraSet(jwk, jwkOf("b")))
			verify(t, remote.ForIssuer(tt.issuer), "a", tt.want)
			verify(t, remote.ForIssuer(tt.issuer), "b", good)
			verify(t, remote, "a", good) // the Remote itself ignores the member
		})
	}
}

// Several keys of one set are for several issuers.
func TestViewsOfOneRemote(t *testing.T) {
	remote := remoteOf(t, entraSet(entraJWK("a", quoted(tenantA)), entraJWK("b", quoted(tenantB)), entraJWK("both", quoted(template)), jwkOf("all")))
	for issuer, want := range map[string]string{
		tenantA:                 "Ed25519:a Ed25519:both Ed25519:all",
		tenantB:                 "Ed25519:b Ed25519:both Ed25519:all",
		"https://login.example": "Ed25519:all",
	} {
		view := remote.ForIssuer(issuer)
		keys, err := view.VerificationKeys(t.Context(), "", day)
		if got := names(keys); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", issuer, got, err, want)
		}
		clear(keys)
		keys, err = view.VerificationKeys(t.Context(), "", day)
		if got := names(keys); err != nil || got != want {
			t.Errorf("%s: after a caller changed its slice: got %q, %v, want %q", issuer, got, err, want)
		}
	}
}

// An equal key may be in the set once for each issuer.
func TestEqualKeysForTwoIssuers(t *testing.T) {
	remote := remoteOf(t, entraSet(entraJWK("a", quoted(tenantA)), entraJWK("a", quoted(tenantB))))
	for _, issuer := range []string{tenantA, tenantB} {
		verify(t, remote.ForIssuer(issuer), "a", good)
	}
	verify(t, remote.ForIssuer("https://login.example"), "a", invalid)
}

// An explainer is what a Verifier asks for the texts of its errors.
type explainer interface {
	WhyNot(id string) string
	WhyAlgorithm(id string) string
}

var _, _ explainer = (*jwks.Remote)(nil), (*jwks.Set)(nil)

func TestViewSaysWhyAKeyIsNotForTheIssuer(t *testing.T) {
	remote := remoteOf(t, entraSet(entraJWK("a", quoted(tenantA)), jwkOf("b"), `{"kid":"enc","use":"enc",`+p256+`}`, `{"kid":"rsa",`+rsa2048+`}`))
	view := remote.ForIssuer(tenantB)
	line := lineOf(t, view, tokenOf("a"))
	if want := "its JWK is not usable: its issuer does not match the one passed to ForIssuer"; !strings.Contains(line, want) || !strings.Contains(line, "reason=unknown_key") {
		t.Errorf("got %s, want it to have %s", line, want)
	}
	why := view.(explainer)
	for id, want := range map[string]string{
		"a":   "its JWK is not usable: its issuer does not match the one passed to ForIssuer",
		"b":   "",
		"c":   "",
		"enc": `its JWK is not usable: use is "enc", and not sig`,
		"rsa": "",
	} {
		if got := why.WhyNot(id); got != want {
			t.Errorf("%s: got WhyNot %q, want %q", id, got, want)
		}
	}
	wantAssumed(t, "a view", why.WhyAlgorithm("rsa"), "RS256 was assumed")
	if got := remote.WhyNot("a"); got != "" {
		t.Errorf("got WhyNot %q of the Remote, want none", got)
	}
}

// A view shares the fetches of its Remote, and follows its set.
func TestViewFollowsTheRemote(t *testing.T) {
	server := &origin{reply: response(http.StatusOK, entraSet(entraJWK("a", quoted(tenantA))))}
	remote := newRemote(t, keysURL, jwks.WithTransport(server))
	a, b := remote.ForIssuer(tenantA), remote.ForIssuer(tenantB)
	verify(t, a, "a", good)
	verify(t, b, "a", invalid)
	if got := server.count(); got != 1 {
		t.Errorf("got %d fetches, want 1: a key for another issuer is known", got)
	}
	server.replyWith(response(http.StatusOK, entraSet(entraJWK("a", quoted(tenantB)), entraJWK("b", quoted(tenantB)))))
	clock := jwtexptest.NewClock(day.Add(time.Minute))
	for _, tt := range []struct {
		name, id string
		view     jwtexp.KeySet
		want     error
	}{
		{"a new key", "b", b, good},
		{"a key that moved", "a", b, good},
		{"a key that moved away", "a", a, invalid},
	} {
		_, err := newVerifier(tt.view, clock).Verify(t.Context(), tokenOf(tt.id))
		wantVerdict(t, tt.name, err, tt.want)
	}
	if got := server.count(); got != 2 {
		t.Errorf("got %d fetches, want 2", got)
	}
	server.replyWith(down)
	later := jwtexptest.NewClock(day.Add(5 * time.Hour))
	_, err := newVerifier(b, later).Verify(t.Context(), tokenOf("b"))
	wantVerdict(t, "in an outage", err, good)
	_, err = newVerifier(b, later).Verify(t.Context(), tokenOf("unknown"))
	wantVerdict(t, "an unknown key in an outage", err, unavailable)
}

func TestViewOfARemoteWithoutKeys(t *testing.T) {
	closed := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: set("a")}))
	view := closed.ForIssuer(tenantA)
	verify(t, view, "a", good)
	closed.Close()
	for name, tt := range map[string]struct {
		view jwtexp.KeySet
		want string
	}{
		"closed":      {view, "Remote is closed"},
		"made closed": {closed.ForIssuer(tenantB), "Remote is closed"},
		"zero":        {new(jwks.Remote).ForIssuer(tenantA), "zero Remote"},
		"nil":         {(*jwks.Remote)(nil).ForIssuer(tenantA), "zero Remote"},
		"down":        {newRemote(t, keysURL, jwks.WithTransport(&origin{reply: down})).ForIssuer(tenantA), keysURL},
	} {
		keys, err := tt.view.VerificationKeys(t.Context(), "a", day)
		if e := wantUnavailable(t, err); keys != nil || !strings.Contains(e.Detail, tt.want) {
			t.Errorf("%s: got %v and %s, want no keys and %s", name, keys, e.Detail, tt.want)
		}
		if got := tt.view.(explainer).WhyNot("a") + tt.view.(explainer).WhyAlgorithm("a"); got != "" {
			t.Errorf("%s: got WhyNot and WhyAlgorithm %q, want none", name, got)
		}
		verify(t, tt.view, "a", unavailable)
	}
	if got := new(jwks.Remote).WhyAlgorithm("a"); got != "" {
		t.Errorf("zero: got WhyAlgorithm %q, want none", got)
	}
}

// A call of a view stops waiting for the fetch when its context ends.
func TestViewStopsWaiting(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: after(release, set("a"))}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := remote.ForIssuer(tenantA).VerificationKeys(ctx, "a", day)
	if e := wantUnavailable(t, err); e.Err != context.Canceled {
		t.Errorf("got %v, want %v", e.Err, context.Canceled)
	}
}

// If the Remote is closed while a view waits for a fetch, the token is not invalid.
func TestViewOfARemoteThatCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		remote := must(jwks.NewRemote(keysURL, jwks.WithTransport(&origin{reply: after(release, set("a"))})))
		verdict := startVerify(t.Context(), newVerifier(remote.ForIssuer(tenantA), jwtexptest.NewClock(day)), tokenOf("a"))
		synctest.Wait()
		remote.Close()
		wantVerdict(t, "a token", <-verdict, unavailable)
	})
}

func TestViewIsSafeForConcurrentUse(t *testing.T) {
	remote := remoteOf(t, entraSet(entraJWK("a", quoted(tenantA)), jwkOf("b")))
	view := remote.ForIssuer(tenantA)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 20 {
				keys, err := view.VerificationKeys(t.Context(), "", day.Add(time.Duration(i)*time.Hour))
				if got := names(keys); err != nil || got != "Ed25519:a Ed25519:b" {
					t.Errorf("got %q, %v, want both keys", got, err)
				}
				clear(keys)
			}
		})
	}
	wg.Wait()
}

// A sole key of an issuer without kid serves any kid, as in a set of its own.
func TestSoleKeyOfAnIssuerServesAnyKid(t *testing.T) {
	private := keyOf("a").WithID("any")
	remote := remoteOf(t, entraSet(entraJWK("", quoted(tenantB)), `{"issuer":`+quoted(tenantA)+`,`+ed+`}`))
	for issuer, want := range map[string]error{tenantA: good, tenantB: jwtexp.ErrInvalid} {
		_, err := newVerifier(remote.ForIssuer(issuer), jwtexptest.NewClock(day)).Verify(t.Context(), tokenBy(private))
		wantVerdict(t, issuer, err, want)
	}
}

func TestViewShowsNoSecret(t *testing.T) {
	remote := newRemote(t, keysURL+"?"+secret, jwks.WithTransport(&origin{reply: set("a")}))
	view := remote.ForIssuer(tenantA)
	verify(t, view, "a", good)
	wantUnreachable(t, "a view", view)
	if text := fmt.Sprintf("%v %+v %#v", view, view, view); strings.Contains(text, secret) {
		t.Errorf("got %s, want no secret in it", text)
	}
}
