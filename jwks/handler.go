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

// A Publisher provides the keys that [Handler] publishes, as a *keyring.Ring does. It must be
// safe for concurrent use.
//
// Published returns the keys to publish at now, including keys that will sign later, and how
// long clients may cache them. An error makes the handler answer 503.
type Publisher interface {
	Published(now time.Time) (keys []jwtexp.Key, fresh time.Duration, err error)
}

// A HandlerOption configures [Handler].
type HandlerOption interface{ forHandler(*handler) }

// Handler serves the public keys of ring, such as a *keyring.Ring, as a JWK Set (RFC 7517 §5):
// the keys that sign, will sign, or signed tokens that may still be good. Of a private key it
// publishes the public half. It publishes no secrets, no revoked keys, and no keys that have left
// the ring's schedule. The set needs no authentication.
//
// The handler answers GET and HEAD. Cache-Control lets clients cache the set for as long as ring
// says: a *keyring.Ring says half of its Propagation, or less if a key leaves sooner. Below a
// second it is no-cache. The ETag depends only on the content, so revalidation is cheap (304).
// All other answers, such as 412 and 206, have no-store.
//
// The handler answers 503 if ring was never rotated or loaded, or if the clock returns the zero
// time. If ring has only secrets, or its last key was revoked, the set is empty. Clients such as
// [Remote] ignore an empty set and keep their last one: rotate another key in.
//
// Handler panics if ring is nil, or if an option is invalid or given twice. The handler is safe
// for concurrent use.
func Handler(ring Publisher, opts ...HandlerOption) http.Handler {
	if isNil(ring) {
		panic("jwks: Handler: ring is nil; pass a *keyring.Ring")
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
	if err != nil || now.IsZero() { // an empty set would tell some clients that no key is good
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

// A cacheWriter forbids caching for every answer of http.ServeContent but 200 and 304: a cache
// must not serve one client's 412 to all others.
type cacheWriter struct{ http.ResponseWriter }

func (w cacheWriter) WriteHeader(status int) {
	if status != http.StatusOK && status != http.StatusNotModified {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.ResponseWriter.WriteHeader(status)
}

// encode returns the JWK Set of the public halves of keys, in the same order.
func encode(keys []jwtexp.Key) []byte {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}} // not nil, which would become null
	for _, k := range keys {
		if public := k.PublicKey(); public != nil {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: public, KeyID: k.ID(), Algorithm: string(k.Algorithm()), Use: "sig"})
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // impossible: every public key of a Key has a JWK
	}
	return text
}

// cacheControl returns the Cache-Control for a set that is fresh for so long. It rounds down to
// whole seconds, because a cached copy must not outlive a key.
func cacheControl(fresh time.Duration) string {
	if fresh < time.Second {
		return "no-cache"
	}
	return fmt.Sprintf("public, max-age=%d", fresh/time.Second)
}
