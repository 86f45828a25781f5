package sloppy_test

import (
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// goJOSE is go-jose with its defaults: ParseSigned, Claims and Validate, which
// allows a minute of leeway, and expects what it is told to and no more.
func goJOSE(by trust) http.HandlerFunc {
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(by.alg)}
	return func(w http.ResponseWriter, r *http.Request) {
		raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		token, err := jwt.ParseSigned(raw, algorithms)
		if err != nil {
			http.Error(w, "not a token", http.StatusUnauthorized)
			return
		}
		var claims jwt.Claims
		if err := token.Claims(by.key, &claims); err != nil {
			http.Error(w, "not a good token", http.StatusUnauthorized)
			return
		}
		if err := claims.Validate(jwt.Expected{Time: by.now()}); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		served(w, r)
	}
}
