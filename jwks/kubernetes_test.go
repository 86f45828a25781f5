package jwks_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// An apiServer publishes the keys of service accounts as the API server of Kubernetes does: over
// TLS with a certificate of the cluster's own root, and only to clients with its token.
type apiServer struct {
	*server
	accepts string   // the token
	tokens  []string // of all requests
}

func newAPIServer(t *testing.T, set string) *apiServer {
	api := &apiServer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openid/v1/jwks", func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		api.tokens = append(api.tokens, token)
		if token != api.accepts {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"kind":"Status","status":"Failure","message":"`+secret+`","code":401}`)
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		io.WriteString(w, set)
	})
	api.server = startServer(mux.ServeHTTP, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{clusterCertificate(t)}}
		s.StartTLS()
	})
	t.Cleanup(api.Close)
	return api
}

// clusterCertificate returns a certificate for kubernetes.default.svc. It is its own root.
func clusterCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key := newEd25519()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"kubernetes.default.svc"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// mount writes the files that Kubernetes mounts into a pod.
func (api *apiServer) mount(t *testing.T, token string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	writeFile(t, filepath.Join(dir, "ca.crt"), string(root))
	writeFile(t, filepath.Join(dir, "token"), token)
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKubernetes runs the code of the example against a server of the test, which takes the place of
// kubernetes.default.svc.
func TestKubernetes(t *testing.T) {
	api := newAPIServer(t, setOf("a"))
	api.accepts = "first"
	dir := api.mount(t, "first\n")
	transport, err := newClusterTransport(dir)
	if err != nil {
		t.Fatal(err)
	}
	transport.base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if want := "kubernetes.default.svc:443"; address != want {
			t.Errorf("got a connection to %s, want %s", address, want)
		}
		return new(net.Dialer).DialContext(ctx, network, api.Listener.Addr().String())
	}
	var fetches recorder
	keys := newRemote(t, kubernetesKeys, jwks.WithTransport(transport), jwks.WithFetchObserver(fetches.observe))
	clock := jwtexptest.NewClock(day)
	names := jwtexp.Options(jwtexp.WithIssuer(kubernetesIssuer), jwtexp.WithAudience("https://orders.shop.svc"), jwtexp.WithClock(clock))
	verifier := must(jwtexp.NewVerifier(keys, names))
	token := must(must(jwtexp.NewIssuer(keyOf("a"), 24*time.Hour, names)).Issue(t.Context(), "system:serviceaccount:shop:cart", nil)).Raw()
	check := func(what string, want error) {
		t.Helper()
		_, err := verifier.Verify(t.Context(), token)
		wantVerdict(t, what, err, want)
		if err != nil {
			wantNoQuote(t, err)
		}
	}

	check("a token", good)
	api.accepts = "second"
	writeFile(t, filepath.Join(dir, "token"), "second\n")
	clock.Advance(time.Hour)
	check("a token after the pod's own token was replaced", good)

	api.accepts = "third" // the file still has the second one
	clock.Advance(6 * time.Hour)
	check("a token while the server rejects the pod's own", unavailable)
	writeFile(t, filepath.Join(dir, "token"), "third\n")
	clock.Advance(time.Minute)
	check("a token after that", good)
	if want := []string{"first", "second", "second", "third"}; !cmp.Equal(api.tokens, want) {
		t.Errorf("got requests with tokens %v, want %v", api.tokens, want)
	}
	var statuses []int
	for _, f := range fetches.take() {
		statuses = append(statuses, f.Status)
	}
	if want := []int{200, 200, 401, 200}; !cmp.Equal(statuses, want) {
		t.Errorf("got statuses %v, want %v", statuses, want)
	}

	if err := os.Remove(filepath.Join(dir, "token")); err != nil {
		t.Fatal(err)
	}
	clock.Advance(7 * time.Hour)
	check("a token while the file is missing", unavailable)
}

// Without the cluster's root, the server's certificate is not trusted.
func TestKubernetesNeedsItsRoot(t *testing.T) {
	api := newAPIServer(t, setOf("a"))
	dir := newAPIServer(t, setOf("a")).mount(t, "")
	transport, err := newClusterTransport(dir)
	if err != nil {
		t.Fatal(err)
	}
	transport.base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, api.Listener.Addr().String())
	}
	err = verify(t, newRemote(t, kubernetesKeys, jwks.WithTransport(transport)), "a", unavailable)
	if got := wantUnavailable(t, err).Detail; !strings.Contains(got, "unknown authority") {
		t.Errorf("got detail %q, want the untrusted certificate", got)
	}
	api.wantFetches(t, 0)
}
