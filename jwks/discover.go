package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/jwtexp/jwtexp"
)

const wellKnown = "/.well-known/openid-configuration"

// Discover fetches the configuration of an identity provider (OpenID Connect Discovery 1.0 §4,
// which plain OAuth 2.0 providers support, too). It returns a Remote for the provider's keys,
// which are fetched for the first token. If a fetch of the keys fails, the next one fetches the
// configuration again.
//
// issuer is the provider's https URL, exactly as in iss of its tokens, with or without a trailing
// slash: the configuration must name the same issuer (§4.3). Pass it to [jwtexp.WithIssuer], too.
// If the provider has another URL from here, use [WithAddress]. ctx limits Discover, not the
// Remote. A panic of the transport reaches the caller.
//
// An error matches [jwtexp.ErrUnavailable] if the provider is down or unreachable: retry later, or
// use [DiscoverLater]. If the arguments or the configuration are wrong, it matches no verdict.
func Discover(ctx context.Context, issuer string, opts ...RemoteOption) (*Remote, error) {
	r, err := newDiscoverer("Discover", issuer, opts)
	if err != nil {
		return nil, err
	}
	if err := r.inner.Load().discoverFirst(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// DiscoverLater is Discover without a request: the first token fetches the configuration and the
// keys. So a service can start before its provider. While the configuration cannot be fetched or
// is wrong, tokens are [jwtexp.ErrUnavailable], and a fetch is tried again once per [WithInterval].
//
// An error says that the arguments are wrong.
func DiscoverLater(issuer string, opts ...RemoteOption) (*Remote, error) {
	return newDiscoverer("DiscoverLater", issuer, opts)
}

// WithAddress makes [Discover] and [DiscoverLater] fetch the configuration from address +
// "/.well-known/openid-configuration". The configuration must still name the issuer. address must
// be https, unless [WithLoopbackHTTP] or [WithInsecureHTTP] allows http.
//
// Use it for a provider whose public name cannot be reached from here. The issuer is then only a
// name, and may be http. If jwks_uri cannot be reached from here either, use [NewRemote] with the
// URL of the keys instead, and [jwtexp.WithIssuer].
//
// Use it also for Microsoft Entra, with the issuer
// https://login.microsoftonline.com/{tenantid}/v2.0, in braces, and the address
// https://login.microsoftonline.com/organizations/v2.0. Make a Verifier for each tenant that you
// accept: its issuer has the tenant's ID.
func WithAddress(address string) RemoteOption {
	return remoteOption{"WithAddress", func(c *config) error {
		c.address = address
		return nil // newDiscoverer checks it, because WithInsecureHTTP may follow
	}}
}

// newDiscoverer returns a Remote that finds the URL of its keys with the issuer's configuration.
func newDiscoverer(constructor, issuer string, opts []RemoteOption) (*Remote, error) {
	c := configure(constructor, opts)
	if c.hasAddress() {
		c.fault("issuer", checkName(issuer))
		c.fault("WithAddress", checkBase(c.address, c.http))
	} else {
		c.fault("issuer", checkIssuer(issuer, c.http))
		c.address = issuer
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return newRemote("", issuer, c), nil
}

func (c *config) hasAddress() bool { return c.given["WithAddress"] }

// checkName checks an issuer that is not fetched.
func checkName(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return errors.New("issuer is empty; pass the iss of its tokens")
	case strings.Contains(issuer, "#"):
		return errors.New("it contains a fragment; remove the part from # on")
	case strings.Contains(issuer, "?"):
		return errors.New("it contains a query; remove the part from ? on")
	case err == nil && u.User != nil:
		return errors.New("it contains a user; remove the part before @")
	}
	return nil
}

// checkIssuer checks an issuer that is fetched.
func checkIssuer(issuer string, allowed httpHosts) error {
	if strings.ContainsAny(issuer, "{}") {
		return errors.New("it is a template; replace the braces by your tenant's ID, or pass the URL to fetch from with WithAddress")
	}
	return checkBase(issuer, allowed)
}

// checkBase checks the URL that the path of the configuration is added to.
func checkBase(base string, allowed httpHosts) error {
	switch {
	case strings.Contains(base, "?"):
		return errors.New("URL contains a query; remove the part from ? on (OpenID Connect Discovery 1.0 §3)")
	case strings.HasSuffix(strings.TrimSuffix(base, "/"), wellKnown):
		return errors.New("URL names the configuration itself; remove " + wellKnown)
	}
	return checkURL(base, allowed)
}

// discoverFirst finds the URL of the keys for Discover.
func (r *remote) discoverFirst(ctx context.Context) error {
	began := jwtexp.SystemClock().Now()
	var report Fetch
	ctx, cancel := r.getter.withTimeout(ctx)
	defer cancel()
	keysURL, err := r.discover(ctx, &report)
	report.Err = err
	if broken := r.observe(report, began); broken != nil {
		err = broken
	}
	if _, temporary := errors.AsType[*temporaryError](err); temporary {
		return fmt.Errorf("jwks: Discover: %w: %w", jwtexp.ErrUnavailable, err)
	}
	if err != nil {
		return fmt.Errorf("jwks: Discover: %w", err)
	}
	r.state.Store(&state{keysURL: keysURL})
	return nil
}

// discover fetches the configuration and returns the URL of the keys.
func (r *remote) discover(ctx context.Context, report *Fetch) (string, error) {
	body, _, err := r.getter.get(ctx, r.config.configurationURL(), report)
	if err != nil {
		return "", err
	}
	keysURL, err := r.jwksURI(body)
	if err != nil {
		return "", fmt.Errorf("configuration of %s: %w", r.config.address, err)
	}
	return keysURL, nil
}

func (c *config) configurationURL() string { return strings.TrimSuffix(c.address, "/") + wellKnown }

// jwksURI returns jwks_uri from a provider's configuration. It may name another host, because
// the configuration comes from the provider's own host.
func (r *remote) jwksURI(configuration []byte) (string, error) {
	var members struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	// Unlike encoding/json, go-jose's reader compares names case-sensitively and rejects
	// duplicates.
	if josejson.Unmarshal(configuration, &members) != nil {
		return "", errors.New("response " + kindOf(configuration, "issuer", `"`) + "; want an OpenID configuration, a JSON object with the strings issuer and jwks_uri")
	}
	if members.Issuer != r.issuer {
		return "", mismatch(members.Issuer, r.issuer, r.config.constructor, r.config.hasAddress())
	}
	if !isShortASCII(members.JWKSURI) {
		return "", fmt.Errorf("jwks_uri is missing, longer than %d characters, or not ASCII; want the URL of the keys", maxURL)
	}
	if err := checkURL(members.JWKSURI, r.config.http); err != nil {
		return "", r.withHint(members.JWKSURI, fmt.Errorf("jwks_uri: %w", err))
	}
	return members.JWKSURI, nil
}

const maxURL = 2048 // characters of a URL from a provider

// isShortASCII reports whether a URL is short, and printable ASCII also when the escapes of its host
// are decoded: errors and log lines show it.
func isShortASCII(text string) bool {
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	u, err := url.Parse(text)
	return text != "" && len(text) <= maxURL && !strings.ContainsFunc(text, unfit) &&
		(err != nil || !strings.ContainsFunc(u.Host, unfit))
}

// withHint adds a hint to the error of the keys at keysURL if that is not at the provider's address.
func (r *remote) withHint(keysURL string, err error) error {
	keys, wrong := url.Parse(keysURL)
	address, _ := url.Parse(r.config.address)
	if !r.config.hasAddress() || wrong != nil || keys.Host == "" || strings.EqualFold(keys.Host, address.Host) {
		return err
	}
	return fmt.Errorf("%w; jwks_uri has another host or port than WithAddress: if it cannot be reached from here, use NewRemote with the URL of the keys", err)
}
