// Package jwks publishes and fetches the public keys that tokens are verified with, as JWK
// Sets (RFC 7517 §5) over HTTP.
//
// [Handler] publishes those of a [keyring.Ring]:
//
//	mux.Handle("GET /.well-known/jwks.json", jwks.Handler(ring))
//
// [Discover] finds those of an identity provider, and [NewRemote] those behind a URL; both
// return a [jwtexp.KeySet] for a Verifier:
//
//	keys, err := jwks.Discover(ctx, "https://login.example")
//	verifier, err := jwtexp.NewVerifier(keys,
//		jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
package jwks
