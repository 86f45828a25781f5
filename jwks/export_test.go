package jwks

// DefaultTransport lets tests set the root certificates of the default transport.
var DefaultTransport = defaultTransport
