package main

import (
	"encoding/json"
	"fmt"
)

// jwksCases are sets of keys, of which kid chooses (RFC 7515 §4.1.4, RFC 7517 §5).
func jwksCases() []Case {
	a, b := hs256, others["HS256"]
	two := jwkSet(a.with(`"kid":"a"`), b.with(`"kid":"b"`))
	mixed := jwkSet(hs256.with(`"kid":"hs"`), rs256.with(`"kid":"rs"`), es256.with(`"kid":"es"`), edDSA.with(`"kid":"ed"`))
	all := []string{"HS256", "RS256", "ES256", "EdDSA"}
	kid := func(k key, kid string) string {
		return k.jws(fmt.Sprintf(`{"alg":%q,"kid":%s}`, k.alg, kid), goodClaims)
	}
	named := func(k key, kid, claims string) string {
		return k.jws(fmt.Sprintf(`{"alg":%q,"kid":%q}`, k.alg, kid), claims)
	}
	other := others["RS256"]

	cases := []Case{
		{Name: "first of two", Key: two, Token: kid(a, `"a"`), Want: ok, Reason: "kid names the key that signed."},
		{Name: "second of two", Key: two, Token: kid(b, `"b"`), Want: ok, Reason: "kid names the key that signed."},
		{Name: "kid of the other key", Key: two, Token: kid(a, `"b"`), Want: invalid, Reason: "The key that kid names did not sign."},
		{Name: "unknown kid", Key: two, Token: kid(a, `"c"`), Want: invalid, Reason: "No key has this kid."},
		{Name: "kid A in place of a", Key: two, Token: kid(a, `"A"`), Want: invalid, Reason: "kid is case-sensitive."},
		{Name: "kid with a space", Key: two, Token: kid(a, `"a "`), Want: invalid, Reason: "kid is compared byte by byte."},
		{Name: "kid with a NUL", Key: two, Token: kid(a, `"a\u0000"`), Want: invalid, Reason: "kid is compared byte by byte, also after a NUL."},
		{Name: "kid in escapes", Key: two, Token: kid(a, `"\u0061"`), Want: ok, Reason: "An escaped value is the same value."},
		{Name: "kid with a look-alike letter", Key: two, Token: kid(a, `"а"`), Want: invalid, Reason: "The a is Cyrillic, so kid does not match."},
		{Name: "kid is a number", Key: jwkSet(a.with(`"kid":"1"`), b.with(`"kid":"2"`)), Token: kid(a, `1`), Want: invalid,
			Reason: "kid must be a string."},
		{Name: "kid is null", Key: two, Token: kid(a, `null`), Want: invalid, Or: []string{ok}, Reason: "kid must be a string."},
		{Name: "kid is an array", Key: two, Token: kid(a, `["a"]`), Want: invalid, Reason: "kid must be a string."},
		{Name: "kid is an object", Key: two, Token: kid(a, `{"kid":"a"}`), Want: invalid, Reason: "kid must be a string."},
		{Name: "kid is empty", Key: two, Token: kid(a, `""`), Want: invalid, Or: []string{ok}, Reason: "No key has an empty kid."},
		{Name: "kid is a pattern", Key: two, Token: kid(a, `"*"`), Want: invalid, Reason: "kid is a text, not a pattern."},
		{Name: "kid is an index", Key: two, Token: kid(a, `"0"`), Want: invalid, Reason: "kid is not a place in the set."},
		{Name: "kid in the claims alone", Key: two,
			Token: a.jws(`{"alg":"HS256","kid":"b"}`, `{"kid":"a","exp":1800000600}`), Want: invalid,
			Reason: "kid is a header parameter; the claim does not count."},
		{Name: "KID in capitals beside kid", Key: two, Token: a.jws(`{"alg":"HS256","kid":"b","KID":"a"}`, goodClaims), Want: invalid,
			Reason: "Names of header parameters are case-sensitive."},
		{Name: "kid twice", Key: two, Token: a.jws(`{"alg":"HS256","kid":"b","kid":"a"}`, goodClaims), Want: invalid, Or: []string{ok},
			Reason: "A duplicate name can be read in two ways."},
		{Name: "no kid, the first signed", Key: two, Token: a.jwt(goodClaims), Want: ok, Or: []string{invalid},
			Reason: "kid is optional. A verifier may try its keys of the algorithm."},
		{Name: "no kid, the second signed", Key: two, Token: b.jwt(goodClaims), Want: ok, Or: []string{invalid},
			Reason: "kid is optional. A verifier may try its keys of the algorithm."},
		{Name: "no kid, neither signed", Key: two, Token: newSecret("HS256", "third HS256", 32).jwt(goodClaims), Want: invalid,
			Reason: "None of the keys signed."},
		{Name: "no kid and expired", Key: two, Token: b.jwt(expiredClaims), Want: expired, Or: []string{invalid},
			Reason: "The second key verifies the token, and the token has expired."},
		{Name: "known kid, key of an attacker", Key: two, Token: kid(newSecret("HS256", "third HS256", 32), `"a"`), Want: invalid,
			Reason: "The key that kid names did not sign."},
		{Name: "known kid, expired", Key: two, Token: named(b, "b", expiredClaims), Want: expired, Reason: "The token has expired, and all else is good."},

		{Name: "mixed set, HS256", Key: mixed, Algs: all, Token: named(hs256, "hs", goodClaims), Want: ok,
			Reason: "kid names the key that signed."},
		{Name: "mixed set, RS256", Key: mixed, Algs: all, Token: named(rs256, "rs", goodClaims), Want: ok,
			Reason: "kid names the key that signed."},
		{Name: "mixed set, ES256", Key: mixed, Algs: all, Token: named(es256, "es", goodClaims), Want: ok,
			Reason: "kid names the key that signed."},
		{Name: "mixed set, EdDSA", Key: mixed, Algs: all, Token: named(edDSA, "ed", goodClaims), Want: ok,
			Reason: "kid names the key that signed."},
		{Name: "mixed set, kid of another kind of key", Key: mixed, Algs: all, Token: named(rs256, "es", goodClaims), Want: invalid,
			Reason: "kid names a key that is not for RS256."},
		{Name: "mixed set, HS256 with the kid of the RSA key", Key: mixed, Algs: all,
			Token: secretKey("HS256", publicPEM(mainRSA.public())).jws(`{"alg":"HS256","kid":"rs"}`, goodClaims), Want: invalid,
			Reason: "kid names a public key, which must not be used with HS256."},
		{Name: "mixed set, algorithm not allowed", Key: mixed, Algs: []string{"RS256", "ES256"},
			Token: named(edDSA, "ed", goodClaims), Want: invalid,
			Reason: "The verifier does not allow EdDSA."},

		{Name: "rotation, old and new, signed by the old", Key: jwkSet(rs256.with(`"kid":"2027"`), other.with(`"kid":"2026"`)), Algs: []string{"RS256"},
			Token: named(other, "2026", goodClaims), Want: ok,
			Reason: "Both keys are trusted while they overlap."},
		{Name: "rotation, old and new, signed by the new", Key: jwkSet(rs256.with(`"kid":"2027"`), other.with(`"kid":"2026"`)), Algs: []string{"RS256"},
			Token: named(rs256, "2027", goodClaims), Want: ok,
			Reason: "Both keys are trusted while they overlap."},
		{Name: "rotation, old removed, signed by the old", Key: jwkSet(rs256.with(`"kid":"2027"`)), Algs: []string{"RS256"},
			Token: named(other, "2026", goodClaims), Want: invalid,
			Reason: "The key that kid names is no longer trusted."},
		{Name: "rotation, old removed, expired token of the old", Key: jwkSet(rs256.with(`"kid":"2027"`)), Algs: []string{"RS256"},
			Token: named(other, "2026", expiredClaims), Want: invalid,
			Reason: "The signature cannot be verified, so that the token is invalid and not expired."},
		{Name: "rotation, old removed, kid of the new", Key: jwkSet(rs256.with(`"kid":"2027"`)), Algs: []string{"RS256"},
			Token: named(other, "2027", goodClaims), Want: invalid,
			Reason: "The key that kid names did not sign."},

		{Name: "set of one, no kid in the token", Key: jwkSet(a.with(`"kid":"a"`)),
			Token: a.jwt(goodClaims), Want: ok, Or: []string{invalid},
			Reason: "kid is optional, and there is one key."},
		{Name: "set of one without kid, no kid in the token", Key: jwkSet(a.jwk), Token: a.jwt(goodClaims), Want: ok,
			Reason: "There is one key, and kid is optional."},
		{Name: "set of one without kid, kid in the token", Key: jwkSet(a.jwk, b.with(`"kid":"b"`)),
			Token: kid(a, `"a"`), Want: invalid, Or: []string{ok},
			Reason: "No key of the set has this kid."},
		{Name: "empty set", Key: jwkSet(), Token: a.jwt(goodClaims), Want: invalid, Reason: "There is no key to trust."},
		{Name: "key of an unknown type beside", Key: jwkSet(json.RawMessage(`{"kty":"example","kid":"x"}`), a.with(`"kid":"a"`)),
			Token: kid(a, `"a"`), Want: ok,
			Reason: "A reader must ignore keys whose type it does not know."},
		{Name: "key of an unknown curve beside", Key: jwkSet(jwk("kty", "EC", "crv", "example", "x", "AA", "y", "AA", "kid", "x"), es256.with(`"kid":"a"`)),
			Algs:  []string{"ES256"},
			Token: kid(es256, `"a"`), Want: ok,
			Reason: "A reader must ignore keys that it does not understand."},
		{Name: "key for encryption beside", Key: jwkSet(other.with(`"kid":"enc","use":"enc"`), rs256.with(`"kid":"sig","use":"sig"`)),
			Algs: []string{"RS256"}, Needs: []string{"jwk_metadata"},
			Token: named(rs256, "sig", goodClaims), Want: ok,
			Reason: "kid names the key for signatures."},
		{Name: "kid of the key for encryption", Key: jwkSet(other.with(`"kid":"enc","use":"enc"`), rs256.with(`"kid":"sig","use":"sig"`)),
			Algs: []string{"RS256"}, Needs: []string{"jwk_metadata"},
			Token: named(other, "enc", goodClaims), Want: invalid,
			Reason: "kid names a key that is not for signatures."},
		{Name: "no kid, signed by the key for encryption", Key: jwkSet(other.with(`"kid":"enc","use":"enc"`), rs256.with(`"kid":"sig","use":"sig"`)),
			Algs: []string{"RS256"}, Needs: []string{"jwk_metadata"},
			Token: other.jwt(goodClaims), Want: invalid,
			Reason: "The key that signed is not for signatures."},
		{Name: "short key beside", Key: jwkSet(newSecret("HS256", "weak", 8).with(`"kid":"weak"`), a.with(`"kid":"a"`)),
			Token: kid(a, `"a"`), Want: ok, Or: []string{invalid},
			Reason: "kid names a key that is long enough. A verifier may refuse the set."},
		{Name: "kid of the short key", Key: jwkSet(newSecret("HS256", "weak", 8).with(`"kid":"weak"`), a.with(`"kid":"a"`)),
			Token: kid(newSecret("HS256", "weak", 8), `"weak"`), Want: invalid,
			Reason: "The secret must be as long as the hash, or longer."},

		{Name: "one kid for an RSA key and an EC key, RS256", Key: jwkSet(rs256.with(`"kid":"a"`), es256.with(`"kid":"a"`)),
			Algs:  []string{"RS256", "ES256"},
			Token: kid(rs256, `"a"`), Want: ok,
			Reason: "Keys of different kinds may share a kid, and alg chooses between them.", Ref: "RFC 7517 §4.5"},
		{Name: "one kid for an RSA key and an EC key, ES256", Key: jwkSet(rs256.with(`"kid":"a"`), es256.with(`"kid":"a"`)),
			Algs:  []string{"RS256", "ES256"},
			Token: kid(es256, `"a"`), Want: ok,
			Reason: "Keys of different kinds may share a kid, and alg chooses between them.", Ref: "RFC 7517 §4.5"},
		{Name: "one kid for two secrets, the first signed", Key: jwkSet(a.with(`"kid":"a"`), b.with(`"kid":"a"`)),
			Token: kid(a, `"a"`), Want: invalid, Or: []string{ok},
			Reason: "Keys of one kind should have different kids. A verifier may refuse the set.", Ref: "RFC 7517 §4.5"},
		{Name: "one kid for two secrets, the second signed", Key: jwkSet(a.with(`"kid":"a"`), b.with(`"kid":"a"`)),
			Token: kid(b, `"a"`), Want: invalid, Or: []string{ok},
			Reason: "Keys of one kind should have different kids. A verifier may refuse the set.", Ref: "RFC 7517 §4.5"},
		{Name: "no kid, eighth of eight keys", Key: manyKeys(8), Token: manyKey(7).jwt(goodClaims), Want: ok, Or: []string{invalid},
			Reason: "A verifier may try its keys of the algorithm."},
		{Name: "no kid, ninth of nine keys", Key: manyKeys(9), Token: manyKey(8).jwt(goodClaims), Want: invalid, Or: []string{ok},
			Reason: "A verifier should bound the keys that it tries for one token."},
		{Name: "kid of the last of forty keys", Key: manyKeys(40), Token: kid(manyKey(39), `"key-39"`), Want: ok,
			Reason: "kid names the key that signed, however many there are."},
	}
	for i := range cases {
		if cases[i].Ref == "" {
			cases[i].Ref = "RFC 7515 §4.1.4; RFC 7517 §5"
		}
	}
	return cases
}

func manyKey(i int) key { return newSecret("HS256", fmt.Sprintf("one of many %d", i), 32) }

func manyKeys(n int) json.RawMessage {
	var all []json.RawMessage
	for i := range n {
		all = append(all, manyKey(i).with(fmt.Sprintf(`"kid":"key-%d"`, i)))
	}
	return jwkSet(all...)
}
