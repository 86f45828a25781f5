package jwks

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// mismatch returns the error for a configuration that names an issuer other than the one passed to
// the constructor (OpenID Connect Discovery 1.0 §4.3). atAddress says that WithAddress was given.
func mismatch(named, passed, constructor string, atAddress bool) error {
	what := "its issuer is not the one passed to " + constructor
	switch {
	case named == "":
		return fmt.Errorf("its issuer is missing or empty; want the one passed to %s", constructor)
	case isPlainURL(named):
		what = fmt.Sprintf("its issuer is %q, and not the one passed to %s", named, constructor)
	}
	return errors.New(what + " (OpenID Connect Discovery 1.0 §4.3); " + mismatchHint(named, passed, atAddress))
}

// isPlainURL reports whether an error may show text: it is short, and has no user, query or
// character that a log could take for something else.
func isPlainURL(text string) bool {
	scheme, rest, _ := strings.Cut(text, "://")
	unfit := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("@?#\"\\<>`", r) }
	return (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")) &&
		rest != "" && rest[0] != '/' && len(text) <= 128 && !strings.ContainsFunc(text, unfit)
}

// mismatchHint says how two issuers differ, and what to do.
func mismatchHint(named, passed string, atAddress bool) string {
	a, b := splitIssuer(named), splitIssuer(passed)
	sameHost := strings.EqualFold(a.host, b.host) && a.actualPort() == b.actualPort()
	samePath := strings.EqualFold(strings.TrimSuffix(a.path, "/"), strings.TrimSuffix(b.path, "/"))
	small := a.differences(b)
	switch {
	case strings.TrimSpace(named) == passed:
		return "they differ only by white space: mend the configuration"
	case sameHost && samePath && small != nil:
		hint := "they differ only by " + strings.Join(small, " and ") + ": pass its spelling"
		if !strings.EqualFold(a.scheme, b.scheme) && !atAddress {
			hint += ", and the URL to fetch from with WithAddress"
		}
		return hint
	case strings.ContainsAny(named, "{}") && atAddress:
		return "it is a template: pass it as it is, braces included, and make a Verifier for each tenant"
	case strings.ContainsAny(named, "{}"):
		return "it is a template: put your tenant's ID into the issuer, or use WithAddress and a Verifier for each tenant"
	case !sameHost && !atAddress:
		return "it has another host or port: if that is the provider's public name, pass it, and the URL to fetch from with WithAddress"
	}
	return "pass the iss of its tokens, and check the URL"
}

// issuerParts are the parts of an issuer, which need not be a URL.
type issuerParts struct{ scheme, host, port, path string }

func splitIssuer(text string) issuerParts {
	var p issuerParts
	rest := text
	if scheme, after, found := strings.Cut(text, "://"); found {
		p.scheme, rest = scheme, after
	}
	host, _, _ := strings.Cut(rest, "/")
	u := url.URL{Host: host}
	p.host, p.port, p.path = u.Hostname(), u.Port(), rest[len(host):]
	return p
}

// actualPort returns the port, or "" if it is the default port of the scheme.
func (p issuerParts) actualPort() string {
	if p.port == "443" && !strings.EqualFold(p.scheme, "http") || p.port == "80" && strings.EqualFold(p.scheme, "http") {
		return ""
	}
	return p.port
}

// differences returns in what small ways the parts differ.
func (p issuerParts) differences(other issuerParts) []string {
	var found []string
	add := func(differs bool, what string) {
		if differs {
			found = append(found, what)
		}
	}
	path, otherPath := strings.TrimSuffix(p.path, "/"), strings.TrimSuffix(other.path, "/")
	sameScheme := strings.EqualFold(p.scheme, other.scheme)
	add(!sameScheme, "the scheme")
	add(sameScheme && p.scheme != other.scheme || p.host != other.host || path != otherPath, "letter case")
	add(p.port != other.port, "the default port")
	add(strings.HasSuffix(p.path, "/") != strings.HasSuffix(other.path, "/"), "a slash at the end")
	return found
}
