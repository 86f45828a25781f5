package jwtexp_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A token that is bound to a client's certificate (RFC 8705 §3) can only be used with that
// certificate, so a thief of the token cannot use it. The application checks the certificate of the
// TLS connection. For that, the server must set tls.Config.ClientAuth, and no proxy in front of it
// may terminate TLS. This application also rejects tokens without cnf.
func ExampleWithConfirmation() {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithConfirmation())
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}

	// confirm is called after the guard and before every handler.
	confirm := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, _ := jwtexp.FromContext(r.Context())
			var claims struct {
				CNF struct {
					Certificate string `json:"x5t#S256"`
				} `json:"cnf"`
			}
			if err := token.Claims(&claims); err != nil || r.TLS == nil || len(r.TLS.PeerCertificates) == 0 ||
				subtle.ConstantTimeCompare([]byte(claims.CNF.Certificate), []byte(thumbprint(r.TLS.PeerCertificates[0]))) == 0 {
				w.Header().Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token"`)
				w.Header().Set("Cache-Control", "no-store")
				http.Error(w, "the token belongs to another certificate", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	handler := guard.Handler(confirm(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	})))

	client, thief := &x509.Certificate{Raw: []byte("client")}, &x509.Certificate{Raw: []byte("thief")}
	token, err := issuer.Issue(context.Background(), "alice", map[string]any{
		"cnf": map[string]string{"x5t#S256": thumbprint(client)},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, certificate := range []*x509.Certificate{client, thief} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token.Raw())
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(string(certificate.Raw), w.Code)
	}
	// Output:
	// client 200
	// thief 401
}

func thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
