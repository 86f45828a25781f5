package fleet_test

import (
	"crypto/ed25519"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// The keys that the fleets of all seeds rotate in, one after the other, and their public
// halves; the last is a stranger's. Ed25519 is quick, and makes the same signature each time.
var signingKeys, publicKeys = makeKeys(64)

func makeKeys(n int) (signing, public []jwtexp.Key) {
	for i := range n {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i)
		private := ed25519.NewKeyFromSeed(seed)
		id, err := keyring.Thumbprint(private.Public())
		if err != nil {
			panic(err)
		}
		s, err := jwtexp.NewSigningKey(jwtexp.EdDSA, private)
		if err != nil {
			panic(err)
		}
		p, err := jwtexp.NewPublicKey(jwtexp.EdDSA, private.Public())
		if err != nil {
			panic(err)
		}
		signing, public = append(signing, s.WithID(id)), append(public, p.WithID(id))
	}
	return signing, public
}

func stranger() jwtexp.Key { return signingKeys[len(signingKeys)-1] }
