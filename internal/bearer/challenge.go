package bearer

import (
	"strconv"
	"strings"
	"time"
)

// A Challenge is the value of WWW-Authenticate (RFC 6750 §3). A client that sent no token gets
// the realm alone (§3.1).
type Challenge struct {
	Realm       string   // printable ASCII
	Error       string   // an error code of RFC 6750 §3.1, or ""
	Description string   // for developers, or ""
	Scope       []string // scope tokens that the request needs
}

// String returns the header's value.
func (c Challenge) String() string {
	text := `Bearer realm="` + escaper.Replace(c.Realm) + `"`
	if c.Error != "" {
		text += `, error="` + c.Error + `"`
	}
	if c.Description != "" {
		text += `, error_description="` + c.Description + `"`
	}
	if len(c.Scope) > 0 {
		text += `, scope="` + strings.Join(c.Scope, " ") + `"`
	}
	return text
}

// escaper makes an HTTP quoted-string (RFC 9110 §5.6.4) of printable ASCII.
var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// IsRealm reports whether a Challenge can have the realm: printable ASCII, and not empty.
func IsRealm(realm string) bool {
	unfit := func(r rune) bool { return r < ' ' || r > '~' }
	return realm != "" && !strings.ContainsFunc(realm, unfit)
}

// IsScopeToken reports whether s is a scope token (RFC 6749 §3.3): ASCII without spaces, quotes
// and backslashes.
func IsScopeToken(s string) bool {
	unfit := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	return s != "" && !strings.ContainsFunc(s, unfit)
}

// RetryAfter returns the value of a Retry-After header (RFC 9110 §10.2.3): d in seconds, rounded up.
func RetryAfter(d time.Duration) string {
	seconds := d / time.Second
	if d%time.Second > 0 {
		seconds++
	}
	return strconv.FormatInt(int64(seconds), 10)
}
