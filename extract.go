package jwtexp

import (
	"net/http"

	"github.com/jwtexp/jwtexp/internal/bearer"
)

// An Extractor returns the token of a request. It must be safe for concurrent use. If there is no
// token, it returns [ErrMissing], or "" and no error. Any other error means that the request is
// malformed ([ReasonRequest]), except [ErrUnavailable] and [ErrInvalid].
type Extractor func(r *http.Request) (string, error)

// FromHeader reads the Authorization header (RFC 6750 §2.1). It is the default. A missing header,
// or a scheme other than Bearer, is [ErrMissing]. Two headers, or Bearer without exactly one token,
// are [ErrInvalid] ([ReasonRequest]).
func FromHeader(r *http.Request) (string, error) {
	return extracted(bearer.FromHeader(r.Header))
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
	case status == bearer.Missing && detail != "":
		return "", &missingError{detail}
	case status == bearer.Missing:
		return "", ErrMissing
	}
	return token, nil
}

// A missingError is an [ErrMissing] that says why a token in the request does not count.
type missingError struct{ why string }

// Error returns the text of ErrMissing and the reason.
func (e *missingError) Error() string { return describe(ErrMissing, e.why) }

// Is reports whether target is ErrMissing.
func (e *missingError) Is(target error) bool { return target == ErrMissing }
