package conformance_test

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwthmac"
	"github.com/tink-crypto/tink-go/v2/jwt/jwtrsassapss"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

// tinkGo uses a MAC or a Verifier with a keyset, and a Validator:
// https://developers.google.com/tink/jwt. It imports public keys as JWKs, except keys for PS, which
// the import does not support. It does not have EdDSA. Its errors distinguish expiry alone.
var tinkGo = peer{
	module:     "github.com/tink-crypto/tink-go/v2",
	lacks:      []string{"max_age", "jwk_metadata", "several keys", "jws"},
	algorithms: []string{"HS", "RS", "PS", "ES"},
	verify: func(c *conformance.Case, keys ring, token string) (conformance.Verdict, error) {
		options := &jwt.ValidatorOpts{
			ExpectedTypeHeader: c.Type, IgnoreTypeHeader: c.Type == nil,
			ExpectedIssuer: c.Issuer, IgnoreIssuer: c.Issuer == nil,
			IgnoreAudiences:        c.Audience == nil,
			AllowMissingExpiration: c.NeedsAny([]string{"exp_optional"}),
			ExpectIssuedInThePast:  c.NeedsAny([]string{"iat_check"}),
			ClockSkew:              c.Leeway.Duration(),
			FixedNow:               c.Now.Time(),
		}
		if len(c.Audience) > 1 {
			return notTold, nil // the Validator supports one
		}
		if c.Audience != nil {
			options.ExpectedAudience = &c.Audience[0]
		}
		validator, err := jwt.NewValidator(options)
		if err != nil {
			return conformance.RefusedAtSetup, err
		}
		verify, err := tinkVerify(keys.all[0])
		if err != nil {
			return conformance.RefusedAtSetup, err
		}
		_, err = verify(token, validator)
		if jwt.IsExpirationErr(err) {
			return conformance.Expired, err
		}
		if err == nil {
			err = application(c, token)
		}
		return untimely(signature(err))
	},
}

// tinkVerify uses the only key, whatever the kid is.
func tinkVerify(k conformance.Key) (func(string, *jwt.Validator) (*jwt.VerifiedJWT, error), error) {
	handle, err := tinkHandle(k)
	if err != nil {
		return nil, err
	}
	if k.Public == nil {
		mac, err := jwt.NewMAC(handle)
		if err != nil {
			return nil, err
		}
		return mac.VerifyMACAndDecode, nil
	}
	verifier, err := jwt.NewVerifier(handle)
	if err != nil {
		return nil, err
	}
	return verifier.VerifyAndDecode, nil
}

func tinkHandle(k conformance.Key) (*keyset.Handle, error) {
	switch {
	case k.Public == nil:
		return tinkSecret(k)
	case strings.HasPrefix(k.Algorithm, "PS"):
		return tinkPSS(k)
	}
	set, err := json.Marshal(map[string]any{"keys": []any{publicJWK(k)}})
	if err != nil {
		return nil, err
	}
	return jwt.JWKSetToPublicKeysetHandle(set)
}

func tinkSecret(k conformance.Key) (*keyset.Handle, error) {
	algorithms := map[string]jwthmac.Algorithm{"HS256": jwthmac.HS256, "HS384": jwthmac.HS384, "HS512": jwthmac.HS512}
	alg, ok := algorithms[k.Algorithm]
	if !ok {
		return nil, fmt.Errorf("unsupported HMAC algorithm %s", k.Algorithm)
	}
	parameters, err := jwthmac.NewParameters(len(k.Secret), jwthmac.IgnoredKID, alg)
	if err != nil {
		return nil, err
	}
	key, err := jwthmac.NewKey(jwthmac.KeyOpts{
		KeyBytes:   secretdata.NewBytesFromData(k.Secret, insecuresecretdataaccess.Token{}),
		Parameters: parameters,
	})
	if err != nil {
		return nil, err
	}
	return tinkKeyset(key)
}

func tinkPSS(k conformance.Key) (*keyset.Handle, error) {
	algorithms := map[string]jwtrsassapss.Algorithm{"PS256": jwtrsassapss.PS256, "PS384": jwtrsassapss.PS384, "PS512": jwtrsassapss.PS512}
	public, ok := k.Public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s needs an RSA key", k.Algorithm)
	}
	parameters, err := jwtrsassapss.NewParameters(jwtrsassapss.ParametersOpts{
		ModulusSizeInBits: public.N.BitLen(), PublicExponent: public.E,
		Algorithm: algorithms[k.Algorithm], KidStrategy: jwtrsassapss.IgnoredKID,
	})
	if err != nil {
		return nil, err
	}
	key, err := jwtrsassapss.NewPublicKey(jwtrsassapss.PublicKeyOpts{Modulus: public.N.Bytes(), Parameters: parameters})
	if err != nil {
		return nil, err
	}
	return tinkKeyset(key)
}

func tinkKeyset(k key.Key) (*keyset.Handle, error) {
	manager := keyset.NewManager()
	id, err := manager.AddKey(k)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}
