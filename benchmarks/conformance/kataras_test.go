package conformance_test

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/kataras/jwt"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

var katarasAlgorithms = []jwt.Alg{jwt.HS256, jwt.HS384, jwt.HS512, jwt.RS256, jwt.RS384, jwt.RS512,
	jwt.PS256, jwt.PS384, jwt.PS512, jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA}

// signatureOnly drops the errors that the library finds after the signature, as a TokenValidator may.
var signatureOnly = jwt.TokenValidatorFunc(func([]byte, jwt.Claims, error) error { return nil })

// kataras uses VerifyWithHeaderValidator, with which the library looks up a key by kid
// (https://pkg.go.dev/github.com/kataras/jwt#Keys), and Expected for the issuer. Its Leeway makes
// tokens expire earlier, and is not the leeway of RFC 7519 §4.1.4.
var kataras = peer{
	module: "github.com/kataras/jwt",
	lacks:  []string{"max_age", "jwk_metadata", "typ", "leeway"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		jwt.Clock = c.Now.Time
		header := func(_ string, text []byte) (jwt.Alg, jwt.PublicKey, jwt.InjectFunc, error) {
			var h jwt.HeaderWithKid
			if err := json.Unmarshal(text, &h); err != nil {
				return nil, nil, nil, err
			}
			key, err := keys.find(h.Kid, h.Alg)
			if err != nil {
				return nil, nil, nil, jwt.ErrUnknownKid
			}
			i := slices.IndexFunc(katarasAlgorithms, func(a jwt.Alg) bool { return a.Name() == h.Alg })
			if i < 0 {
				return nil, nil, nil, jwt.ErrTokenAlg
			}
			return katarasAlgorithms[i], material(key), nil, nil
		}
		if c.Layer == "jws" {
			_, err := jwt.VerifyWithHeaderValidator(nil, nil, []byte(token), header, signatureOnly)
			return signature(err)
		}
		var validators []jwt.TokenValidator
		if c.Issuer != nil {
			validators = append(validators, jwt.Expected{Issuer: *c.Issuer})
		}
		verified, err := jwt.VerifyWithHeaderValidator(nil, nil, []byte(token), header, validators...)
		if err == nil && c.Audience != nil && !slices.ContainsFunc(c.Audience, func(one string) bool {
			return slices.Contains(verified.StandardClaims.Audience, one)
		}) {
			err = errors.New("aud does not match")
		}
		if err == nil {
			err = application(c, token)
		}
		return verdict(err, jwt.ErrExpired, jwt.ErrNotValidYet)
	},
}
