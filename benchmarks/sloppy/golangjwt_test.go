package sloppy_test

import (
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	"github.com/golang-jwt/jwt/v5/request"
)

// golangJWT uses golang-jwt with its defaults: OAuth2Extractor, MapClaims, and no option except the
// clock.
func golangJWT(c config) http.HandlerFunc {
	parser := request.WithParser(jwt.NewParser(jwt.WithTimeFunc(c.now)))
	keyfunc := func(*jwt.Token) (any, error) { return c.key, nil }
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := request.ParseFromRequest(r, request.OAuth2Extractor, keyfunc, parser); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		hello(w, r)
	}
}
