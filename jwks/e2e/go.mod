module github.com/jwtexp/jwtexp/jwks/e2e

go 1.26.0

replace (
	github.com/jwtexp/jwtexp => ../..
	github.com/jwtexp/jwtexp/jwks => ../
)

require (
	github.com/jwtexp/jwtexp v0.1.0
	github.com/jwtexp/jwtexp/jwks v0.1.0
)

require (
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
)
