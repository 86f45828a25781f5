package jwks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

// Discover fetches the configuration of an identity provider (OpenID Connect Discovery 1.0 §4,
// which plain OAuth 2.0 providers support, too). It returns a Remote for the provider's keys,
// which are fetched for the first token.
//
// issuer is the provider's https URL, exactly as in iss of its tokens, with or without a trailing
// slash: the configuration must name the same issuer (§4.3). Pass it to [jwtexp.WithIssuer], too.
// ctx limits Discover, not the Remote. A panic of the transport reaches the caller.
//
// An error matches [jwtexp.ErrUnavailable] if the provider is down or unreachable: retry later.
// If the arguments or the configuration are wrong, it matches no verdict.
func Discover(ctx context.Context, issuer string, opts ...RemoteOption) (*Remote, error) {
	c := configure("Discover", opts)
	c.fault("issuer", checkIssuer(issuer, c.http))
	if err := c.err(); err != nil {
		return nil, err
	}
	body, _, err := newGetter(c).get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if _, temporary := errors.AsType[*temporaryError](err); temporary {
		return nil, fmt.Errorf("jwks: Discover: %w: %w", jwtexp.ErrUnavailable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("jwks: Discover: %w", err)
	}
	address, err := jwksURI(body, issuer, c.http)
	if err != nil {
		return nil, fmt.Errorf("jwks: Discover: configuration of %s: %w", issuer, err)
	}
	return newRemote(address, c), nil
}

func checkIssuer(issuer string, allowed httpHosts) error {
	if strings.Contains(issuer, "?") {
		return errors.New("URL contains a query; remove the part from ? on (OpenID Connect Discovery 1.0 §3)")
	}
	return checkURL(issuer, allowed)
}

// jwksURI returns jwks_uri from a provider's configuration. It may name another host, because
// the configuration comes from the provider's own host.
func jwksURI(configuration []byte, issuer string, allowed httpHosts) (string, error) {
	var members struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	// Unlike encoding/json, go-jose's reader compares names case-sensitively and rejects
	// duplicates.
	if josejson.Unmarshal(configuration, &members) != nil {
		return "", errors.New("response " + kindOf(configuration, "issuer", `"`) + "; want an OpenID configuration, a JSON object with the strings issuer and jwks_uri")
	}
	if members.Issuer != issuer {
		return "", mismatch(members.Issuer, issuer, "Discover", false)
	}
	if err := checkURL(members.JWKSURI, allowed); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return members.JWKSURI, nil
}
