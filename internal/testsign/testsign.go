// Package testsign is for package jwtexptest alone, which makes tokens that no
// Issuer would make: it lets that package sign them with a Key, whose material
// only package jwtexp can see. Nobody outside this module can import it.
package testsign

// Sign returns the JWS compact serialization of header and payload, which may be
// any bytes, signed by a jwtexp.Key with the algorithm that the Key is bound to,
// whatever header says. A Key that cannot sign is an error, and so is anything
// that is no Key. Package jwtexp sets it before any other code runs; it is safe
// for concurrent use.
var Sign func(key any, header, payload []byte) (string, error)
