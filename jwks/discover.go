package jwks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

// Discover asks an identity provider for the address of its keys (OpenID Connect Discovery
// 1.0 §4, which providers of plain OAuth 2.0 answer, too), and returns a Remote for it. The
// keys themselves are fetched for the first token.
//
// issuer is the provider's name, an https URL, letter by letter as it stands in iss of its
// tokens: the document has to name exactly it (§4.3), trailing slash or not. Hand it to
// [jwtexp.WithIssuer] as well. ctx ends the asking, not the Remote. The transport is called
// in the caller's goroutine, so its panic reaches the caller.
//
// An error matches [jwtexp.ErrUnavailable] where the provider cannot be reached or is
// broken, so that trying again makes sense. It matches no verdict where the configuration
// or the document is wrong.
func Discover(ctx context.Context, issuer string, opts ...RemoteOption) (*Remote, error) {
	c := configure("Discover", opts)
	c.fault("issuer", checkIssuer(issuer, c.loopback))
	if err := c.err(); err != nil {
		return nil, err
	}
	body, _, err := newGetter(c).get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if _, down := errors.AsType[outage](err); down {
		return nil, fmt.Errorf("jwks: Discover: %w: %w", jwtexp.ErrUnavailable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("jwks: Discover: %w", err)
	}
	address, err := jwksURI(body, issuer, c.loopback)
	if err != nil {
		return nil, fmt.Errorf("jwks: Discover: the document of %s: %w", issuer, err)
	}
	return newRemote(address, c), nil
}

func checkIssuer(issuer string, loopback bool) error {
	if strings.Contains(issuer, "?") {
		return errors.New("a URL with a query (OpenID Connect Discovery 1.0 §3)")
	}
	return checkURL(issuer, loopback)
}

// jwksURI returns jwks_uri of a provider's document, which may be of another host: the
// document, which the provider's own host has vouched for, says so.
func jwksURI(document []byte, issuer string, loopback bool) (string, error) {
	var members struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	// Names in exact case, and none of them twice, unlike encoding/json.
	if josejson.Unmarshal(document, &members) != nil {
		return "", errors.New("not a JSON object whose issuer and jwks_uri are strings")
	}
	if members.Issuer != issuer {
		return "", errors.New("issuer is not exactly the one that was asked for (OpenID Connect Discovery 1.0 §4.3): is it a trailing slash?")
	}
	if err := checkURL(members.JWKSURI, loopback); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return members.JWKSURI, nil
}
