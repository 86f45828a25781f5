package sloppy_test

import (
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// goJOSE uses go-jose with its defaults: ParseSigned, Claims and Validate. Validate allows a minute
// of leeway, and checks only what Expected names.
func goJOSE(c config) http.HandlerFunc {
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.alg)}
	return func(w http.ResponseWriter, r *http.Request) {
		raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			http.Error(w, "missing token", http.StatusUnauthorized)
			return
		}
		token, err := jwt.ParseSigned(raw, algorithms)
		if err != nil {
			http.Error(w, "malformed token", http.StatusUnauthorized)
			return
		}
		var claims jwt.Claims
		if err := token.Claims(c.key, &claims); err != nil {
			http.Error(w, "invalid token", http.StatusUnauthorized)
			return
		}
		if err := claims.Validate(jwt.Expected{Time: c.now()}); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		hello(w, r)
	}
}
