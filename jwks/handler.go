package jwks

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/jwtexp/jwtexp"
)

// A Publisher has the keys that others are to verify with. It must be safe for concurrent
// use. A *keyring.Ring is one.
//
// Published returns the keys at now, those to come included, and for how long a copy may be
// kept. An error is an outage.
type Publisher interface {
	Published(now time.Time) (keys []jwtexp.Key, fresh time.Duration, err error)
}

// A HandlerOption is an option of [Handler].
type HandlerOption interface{ forHandler(*handler) }

// WithClock sets the clock of a [Handler]: use the clock with which the ring is rotated. The
// default is [jwtexp.SystemClock]. A nil Clock makes Handler panic.
func WithClock(c jwtexp.Clock) HandlerOption { return clockOption{c} }

type clockOption struct{ clock jwtexp.Clock }

func (o clockOption) forHandler(h *handler) {
	switch {
	case h.clock != nil:
		panic("jwks: Handler: WithClock given twice")
	case isNil(o.clock):
		panic("jwks: Handler: WithClock: nil")
	}
	h.clock = o.clock
}

// Handler publishes the public keys of a ring, a *keyring.Ring, as a JWK Set (RFC 7517 §5):
// those that sign, will sign, or have signed tokens that may still be good. Of a private key
// it shows the public half, and of a secret nothing; what has left the ring's schedule or was
// revoked is not in it. The set is public, and needs no guard.
//
// It answers GET and HEAD. Cache-Control lets clients keep the set for as long as the ring
// says: for half of its Propagation, and not beyond the time at which a key leaves. If that is
// below a second, clients must ask each time. The ETag depends on the content alone and makes
// asking cheap (304). Every other answer, such as 412 to If-Match or 206 to
// Range, has Cache-Control: no-store.
//
// A ring without keys yet, which has neither been rotated nor loaded, is an outage and no
// empty set, which some would believe: 503. So is a clock that returns the zero time. A ring
// of secrets alone publishes a set without keys. So does one whose last key was revoked, and
// others, a [Remote] too, then go on with the set that they have: rotate another key in.
//
// A nil ring, or an option that is wrong or given twice, is a mistake of the program: Handler
// panics. The handler that it returns is safe for concurrent use.
func Handler(ring Publisher, opts ...HandlerOption) http.Handler {
	if isNil(ring) {
		panic("jwks: Handler: ring is nil")
	}
	h := &handler{ring: ring}
	for _, o := range opts {
		o.forHandler(h)
	}
	if h.clock == nil {
		h.clock = jwtexp.SystemClock()
	}
	return h
}

type handler struct {
	ring  Publisher
	clock jwtexp.Clock
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	now := h.clock.Now()
	keys, fresh, err := h.ring.Published(now)
	if err != nil || now.IsZero() {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "Temporarily unavailable", http.StatusServiceUnavailable)
		return
	}
	set := encode(keys)
	hash := sha256.Sum256(set)
	w.Header().Set("Content-Type", "application/jwk-set+json") // RFC 7517 §8.5.2
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", cacheControl(fresh))
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(hash[:])+`"`)
	http.ServeContent(cacheWriter{w}, r, "", time.Time{}, strings.NewReader(string(set)))
}

// A cacheWriter lets caches keep the whole set and its confirmation, and nothing else that
// http.ServeContent answers: a cache must not serve one client's 412 to all others.
type cacheWriter struct{ http.ResponseWriter }

func (w cacheWriter) WriteHeader(status int) {
	if status != http.StatusOK && status != http.StatusNotModified {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.ResponseWriter.WriteHeader(status)
}

// encode returns the JWK Set of the public halves of keys, in their order.
func encode(keys []jwtexp.Key) []byte {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}} // never null
	for _, k := range keys {
		if public := k.PublicKey(); public != nil {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: public, KeyID: k.ID(), Algorithm: string(k.Algorithm()), Use: "sig"})
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // a Key holds nothing that has no JWK
	}
	return text
}

// cacheControl rounds down: a copy must not outlive a key.
func cacheControl(fresh time.Duration) string {
	if fresh < time.Second {
		return "no-cache"
	}
	return fmt.Sprintf("public, max-age=%d", fresh/time.Second)
}
