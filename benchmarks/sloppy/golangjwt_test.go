package sloppy_test

import (
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	"github.com/golang-jwt/jwt/v5/request"
)

// golangJWT is golang-jwt with its defaults: its extractor for OAuth 2.0, its
// MapClaims, and no option but the clock.
func golangJWT(by trust) http.HandlerFunc {
	parser := request.WithParser(jwt.NewParser(jwt.WithTimeFunc(by.now)))
	keyfunc := func(*jwt.Token) (any, error) { return by.key, nil }
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := request.ParseFromRequest(r, request.OAuth2Extractor, keyfunc, parser); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		served(w, r)
	}
}
