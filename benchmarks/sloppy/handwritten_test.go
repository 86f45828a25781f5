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

// handWritten is what blog posts make of a JWT in fifty lines: split it, decode
// it, look at exp, compare the HMAC, and log in with what is left. Each habit
// has been seen, if not all in one place.
func handWritten(by trust) http.HandlerFunc {
	keys := map[string][]byte{by.id: by.bytes}
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

		if exp, err := claims.Exp.Float64(); err == nil && float64(by.now().UnixNano())/1e9 >= exp {
			http.Error(w, "token expired: "+token, http.StatusUnauthorized)
			return
		}
		good := false
		switch key, signed := keys[header.Kid], parts[0]+"."+parts[1]; header.Alg {
		case "none":
			good = true
		case "RS256":
			good = verifyRSA(key, header.JWK, signed, parts[2])
		default:
			good = verifyHMAC(key, signed, parts[2])
		}
		if !good {
			http.Error(w, "bad token: "+token, http.StatusUnauthorized)
			return
		}
		served(w, r)
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

// verifyRSA takes the key that the token brings along, where it brings one.
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
