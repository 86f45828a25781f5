package sloppy_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
)

// handWritten verifies a JWT in fifty lines, as many blog posts do: it splits and decodes the token,
// checks exp and compares the HMAC. Each mistake exists in real code, but not all in one place.
func handWritten(c config) http.HandlerFunc {
	keys := map[string][]byte{c.id: c.bytes}
	return func(w http.ResponseWriter, r *http.Request) {
		token := strings.Split(r.Header.Get("Authorization"), " ")[1]
		parts := strings.Split(token, ".")

		var header struct {
			Alg, Kid string
			JWK      *publicJWK
		}
		json.NewDecoder(segment(parts[0])).Decode(&header)
		var claims struct{ Exp json.Number }
		json.NewDecoder(segment(parts[1])).Decode(&claims)

		if exp, err := claims.Exp.Float64(); err == nil && float64(c.now().UnixNano())/1e9 >= exp {
			http.Error(w, "token expired: "+token, http.StatusUnauthorized)
			return
		}
		valid := false
		switch key, signed := keys[header.Kid], parts[0]+"."+parts[1]; header.Alg {
		case "none":
			valid = true
		case "RS256":
			valid = verifyRSA(key, header.JWK, signed, parts[2])
		default:
			valid = verifyHMAC(key, signed, parts[2])
		}
		if !valid {
			http.Error(w, "bad token: "+token, http.StatusUnauthorized)
			return
		}
		hello(w, r)
	}
}

func segment(text string) *strings.Reader { return strings.NewReader(string(decoded(text))) }

func decoded(text string) []byte {
	data, _ := base64.RawURLEncoding.DecodeString(text)
	return data
}

func verifyHMAC(secret []byte, signed, signature string) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return hmac.Equal(mac.Sum(nil), decoded(signature))
}

type publicJWK struct{ N, E string }

// verifyRSA uses the key in the token's header, if there is one.
func verifyRSA(text []byte, jwk *publicJWK, signed, signature string) bool {
	var public *rsa.PublicKey
	if jwk != nil {
		public = &rsa.PublicKey{N: new(big.Int).SetBytes(decoded(jwk.N)), E: int(new(big.Int).SetBytes(decoded(jwk.E)).Int64())}
	} else {
		block, _ := pem.Decode(text)
		key, _ := x509.ParsePKIXPublicKey(block.Bytes)
		public = key.(*rsa.PublicKey)
	}
	digest := sha256.Sum256([]byte(signed))
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], decoded(signature)) == nil
}
