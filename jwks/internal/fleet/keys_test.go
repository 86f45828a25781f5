package fleet_test

import (
	"crypto/ed25519"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// Every fleet rotates these keys in, one after the other. The last one is never rotated in. Ed25519
// is fast, and its signatures are deterministic.
var signingKeys, publicKeys = makeKeys(64)

func makeKeys(n int) (signing, public []jwtexp.Key) {
	for i := range n {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i)
		private := ed25519.NewKeyFromSeed(seed)
		id := must(keyring.Thumbprint(private.Public()))
		signing = append(signing, must(jwtexp.NewSigningKey(jwtexp.EdDSA, private)).WithID(id))
		public = append(public, must(jwtexp.NewPublicKey(jwtexp.EdDSA, private.Public())).WithID(id))
	}
	return signing, public
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// unknownKey returns a key that is in no ring.
func unknownKey() jwtexp.Key { return signingKeys[len(signingKeys)-1] }
