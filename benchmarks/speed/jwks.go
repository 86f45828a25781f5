package main

import (
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
)

// jwks writes the public keys as a JWK set, for the libraries that read one.
func jwks(alg string, keys []key) ([]byte, error) {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: alg, Use: "sig"})
	}
	return json.Marshal(set)
}
