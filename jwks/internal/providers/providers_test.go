package providers_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A provider has the documents that it publishes, by URL, and the blocks that are for its tokens.
type provider struct {
	documents func() map[string]document
	blocks    []block
}

var providers = []provider{auth0, entra, google, okta, cognito, keycloak, firebase, github, kubernetes, apple}

// A block is a Go block of the page with a func newVerifier, and the tokens that it must accept
// and reject.
type block struct {
	heading string
	by      *signer
	header  object // of a good token, besides alg and kid
	claims  object // of a good token

	// These tokens differ from the good one, and must be rejected.
	audience change   // for another API or client
	issuer   change   // of another issuer or tenant
	kind     change   // an ID token in place of an access token, or the reverse
	more     []change // whatever else the block checks

	// These tokens differ from the good one, and must be accepted.
	also []change
}

// A change is how a token differs from the good one.
type change struct {
	name   string
	by     *signer // if it has another key
	header object
	claims object
	want   string // the verdict, or the reason of an invalid token
}

// A token is a signed token with the result that it must have.
type token struct{ name, raw, want string }

const wellKnown = ".well-known/openid-configuration"

// discovery returns the configuration of a provider.
func discovery(issuer, jwksURI string) document {
	return document{body: object{
		"issuer":                                issuer,
		"jwks_uri":                              jwksURI,
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	}}
}

// forRS256 are the members of a JWK that says what it is for.
var forRS256 = object{"alg": "RS256", "use": "sig"}

func keys(jwks ...object) document { return document{body: object{"keys": jwks}} }

// tokens returns all tokens of the block.
func (b *block) tokens(now time.Time) []token {
	fresh := now.Add(-5 * time.Second)
	changed := func(c change) token {
		by := b.by
		if c.by != nil {
			by = c.by
		}
		return token{c.name, by.sign(by.kid, b.header.with(c.header), b.claims.with(c.claims), fresh), c.want}
	}
	expired := fresh.Add(-time.Duration(b.claims["exp"].(after)))
	found := []token{
		changed(change{name: "good", want: "accepted"}),
		{"expired", b.by.sign(b.by.kid, b.header, b.claims, expired), "expired"},
		{"by another provider's key with the same kid", b.stranger().sign(b.by.kid, b.header, b.claims, fresh), "signature"},
		changed(b.audience), changed(b.issuer), changed(b.kind),
	}
	for _, c := range b.more {
		found = append(found, changed(c))
	}
	for _, c := range b.also {
		c.want = "accepted"
		found = append(found, changed(c))
	}
	return found
}

// stranger returns the key of another provider.
func (b *block) stranger() *signer {
	if b.by == googleKey {
		return appleKey
	}
	return googleKey
}

func TestPage(t *testing.T) {
	code := readPage(t)
	documents := make(map[string]document)
	var blocks []block
	for _, p := range providers {
		maps.Copy(documents, p.documents())
		blocks = append(blocks, p.blocks...)
	}
	listed := slices.Collect(maps.Keys(assertions))
	for _, b := range blocks {
		listed = append(listed, b.heading)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(listed, slices.Sorted(maps.Keys(code))); diff != "" {
		t.Fatalf("the tests (-) and the Go blocks of the page (+) have different headings:\n%s", diff)
	}
	if got := strings.Count(strings.Join(slices.Collect(maps.Values(code)), ""), serviceAccount); got != 1 {
		t.Fatalf("got %q %d times in the Go blocks, want once", serviceAccount, got)
	}
	dir := t.TempDir()
	program := build(t, code, dir)

	t.Run("tokens", func(t *testing.T) {
		net := newInternet(t, documents)
		p := startWith(t, program, dir, net)
		t.Run("assertions", func(t *testing.T) { testAssertions(t, p) })
		for _, b := range blocks {
			for _, token := range b.tokens(time.Now()) {
				t.Run(b.heading+"/"+token.name, func(t *testing.T) { p.verify(t, b.heading, token.raw, token.want) })
			}
		}
		t.Run("documents", func(t *testing.T) {
			if diff := cmp.Diff(slices.Sorted(maps.Keys(documents)), net.requested()); diff != "" {
				t.Errorf("want requests for all documents (-), and no others (+):\n%s", diff)
			}
		})
	})
	// The program starts although no provider is up, and every token is an outage.
	t.Run("outage", func(t *testing.T) {
		net := newInternet(t, nil)
		net.proxy.Close()
		p := startWith(t, program, dir, net)
		for _, b := range blocks {
			t.Run(b.heading, func(t *testing.T) { p.verify(t, b.heading, b.tokens(time.Now())[0].raw, "unavailable") })
		}
	})
}

// startWith starts the program with the proxy and the files of net. The token of the service
// account is replaced after the start, as the kubelet does every hour.
func startWith(t *testing.T, program, dir string, net *internet) *process {
	t.Helper()
	files := map[string]string{"ca.crt": net.cluster.pem(), "token": "an older token"}
	for name, text := range files {
		write(t, filepath.Join(dir, ownServiceAccount, name), text)
	}
	write(t, filepath.Join(dir, "roots.pem"), net.roots.pem())
	p := start(t, program, dir, net.proxy.URL)
	write(t, filepath.Join(dir, ownServiceAccount, "token"), podToken)
	return p
}

func (p *process) verify(t *testing.T, heading, raw, want string) {
	t.Helper()
	answer := p.ask(t, request{Heading: heading, Token: raw})
	got := answer.Verdict
	if got == "invalid" {
		got = answer.Reason
	}
	if got != want {
		t.Errorf("got %s, want %s: %s", got, want, answer.Text)
	}
}
