package jwks_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
)

// What Kubernetes mounts into each pod, and where its API server publishes the keys of service
// accounts. The server wants a token for them. The jwks_uri of its discovery document names an
// address that a pod may not reach, so the keys have a URL of their own here.
const (
	serviceAccount   = "/var/run/secrets/kubernetes.io/serviceaccount"
	kubernetesIssuer = "https://kubernetes.default.svc.cluster.local"
	kubernetesKeys   = "https://kubernetes.default.svc/openid/v1/jwks"
)

// Verify the service-account tokens of other pods in the cluster.
func ExampleNewRemote_kubernetes() {
	api, err := newClusterTransport(serviceAccount)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := jwks.NewRemote(kubernetesKeys, jwks.WithTransport(api))
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := jwtexp.NewVerifier(keys,
		jwtexp.WithIssuer(kubernetesIssuer), jwtexp.WithAudience("https://orders.shop.svc"))
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		fmt.Fprintln(w, token.Subject()) // such as system:serviceaccount:shop:cart
	})
	http.Handle("GET /orders", guard.Handler(orders))
}

// A clusterTransport sends requests to the API server with the token of this pod.
type clusterTransport struct {
	base      *http.Transport
	tokenFile string
}

// newClusterTransport trusts the cluster's own root certificate, which is in dir with the token.
func newClusterTransport(dir string) (*clusterTransport, error) {
	root, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(root) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	return &clusterTransport{base, filepath.Join(dir, "token")}, nil
}

// RoundTrip reads the token for each request, because Kubernetes replaces it about once an hour.
func (c *clusterTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context()) // a RoundTripper must not change its request
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return c.base.RoundTrip(r)
}
