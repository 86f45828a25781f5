// Package jwks publishes and fetches public keys as JWK Sets (RFC 7517 §5) over HTTP, and reads them
// from text.
//
// [Handler] publishes the keys of a keyring.Ring:
//
//	mux.Handle("GET /.well-known/jwks.json", jwks.Handler(ring))
//
// [Discover] finds the keys of an identity provider; [DiscoverLater] does so for the first token.
// [NewRemote] fetches keys from a URL. All return a [jwtexp.KeySet] for a Verifier:
//
//	keys, err := jwks.Discover(ctx, "https://login.example")
//	verifier, err := jwtexp.NewVerifier(keys,
//		jwtexp.WithIssuer("https://login.example"), jwtexp.WithAudience("api"))
//
// [Parse] reads a JWK Set that is in a file or an environment variable. [ParseKey] reads one JWK,
// such as the private key of an Issuer.
package jwks
