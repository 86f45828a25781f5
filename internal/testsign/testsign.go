// Package testsign lets package jwtexptest sign tokens that no Issuer would issue. Only package
// jwtexp can see the material of a Key, and only this module can import an internal package.
package testsign

// Sign returns the JWS compact serialization of header and payload, which may be any bytes, signed
// by a jwtexp.Key with the Key's algorithm, whatever header says. It returns an error if key is not
// a Key or cannot sign. It is safe for concurrent use. Package jwtexp sets it before other code
// runs.
var Sign func(key any, header, payload []byte) (string, error)
