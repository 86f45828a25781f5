package jwtexp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/jwtexp/jwtexp/internal/bearer"
)

// An Extractor returns the token of a request. It must be safe for concurrent use. If there is no
// token, it returns [ErrMissing], or "" and no error. Any other error means that the request is
// malformed ([ReasonRequest]), except [ErrUnavailable] and [ErrInvalid].
type Extractor func(r *http.Request) (string, error)

// FromHeader reads the Authorization header (RFC 6750 §2.1). It is the default. A missing header,
// or a scheme other than Bearer, is [ErrMissing], and its text says so. Two headers, or Bearer
// without exactly one token, are [ErrInvalid] ([ReasonRequest]).
func FromHeader(r *http.Request) (string, error) {
	return extracted(bearer.FromHeader(r.Header))
}

// FromHeaderNamed returns an [Extractor] that reads a header whose value is the token alone, such as
// a header that a proxy sets. A missing or empty header is [ErrMissing]. Two headers, or a value with
// white space or a comma, are [ErrInvalid] ([ReasonRequest]). FromHeaderNamed returns nil for a
// malformed name.
func FromHeaderNamed(name string) Extractor {
	header, ok := bearer.NewHeader(name)
	if !ok {
		return nil
	}
	return func(r *http.Request) (string, error) { return extracted(header.From(r.Header)) }
}

// FirstOf returns an [Extractor] that calls extractors in order and returns the first token, so that
// a later one is ignored. An error other than [ErrMissing] ends the search: a malformed header is
// not replaced by a cookie. FirstOf returns nil without extractors, and if one is nil.
func FirstOf(extractors ...Extractor) Extractor {
	all := slices.Clone(extractors)
	if len(all) == 0 || slices.ContainsFunc(all, func(e Extractor) bool { return e == nil }) {
		return nil
	}
	return func(r *http.Request) (string, error) {
		var missing reasonsMissing
		for _, from := range all {
			raw, err := from(r)
			if err != nil && soleVerdict(err) != ErrMissing || err == nil && raw != "" {
				return raw, err
			}
			missing.add(err)
		}
		return "", missing.err()
	}
}

// FromCookie returns an [Extractor] that reads the cookie with the given name. Two such cookies, or
// a malformed one, make the request malformed.
//
// Browsers send cookies with requests that other sites make: wrap the whole mux in
// [http.CrossOriginProtection]. It does not stop WebSocket handshakes. In a request with an Upgrade
// header or the method CONNECT (RFC 8441), the cookie therefore counts only if Origin is absent,
// has the request's host, or is one of trustedOrigins, such as "https://app.example".
//
// FromCookie returns nil for a malformed name or origin.
func FromCookie(name string, trustedOrigins ...string) Extractor {
	cookie, ok := bearer.NewCookie(name, trustedOrigins)
	if !ok {
		return nil
	}
	return func(r *http.Request) (string, error) { return extracted(cookie.From(r)) }
}

func extracted(token string, status bearer.Status, detail string) (string, error) {
	switch {
	case status == bearer.Malformed:
		return "", invalid(ReasonRequest, detail)
	case status == bearer.Missing:
		return "", &missingError{detail}
	}
	return token, nil
}

// reasonsMissing say what several places have instead of a token.
type reasonsMissing []string

// add takes the reason of a missingError. The text of another error may quote the request.
func (m *reasonsMissing) add(err error) {
	why := "an Extractor of your own found none"
	if e, ok := err.(*missingError); ok {
		why = e.why
	}
	*m = append(*m, why)
}

func (m reasonsMissing) err() error {
	return &missingError{strings.Join(m, "; ")}
}

// A missingError is an [ErrMissing] that says what the request has instead of a token.
type missingError struct{ why string }

// Error returns the text of ErrMissing and the reason.
func (e *missingError) Error() string { return describe(ErrMissing, e.why) }

// Is reports whether target is ErrMissing.
func (e *missingError) Is(target error) bool { return target == ErrMissing }
