package providers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// A document is what a host answers at one address.
type document struct {
	body   any
	bearer string // the token that a request must carry, or ""
}

// An internet is a proxy that answers for the hosts of all documents itself.
type internet struct {
	documents map[string]document // by URL
	roots     *authority          // of all hosts except kubernetes.default.svc
	cluster   *authority          // of kubernetes.default.svc
	proxy     *httptest.Server
	tls       *httptest.Server // terminates the TLS of all hosts

	mu       sync.Mutex
	requests map[string]bool // by URL
}

func newInternet(t *testing.T, documents map[string]document) *internet {
	t.Helper()
	n := &internet{documents: documents, roots: newAuthority(), cluster: newAuthority(), requests: make(map[string]bool)}
	n.tls = httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	n.tls.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "kubernetes.default.svc" {
			return n.cluster.certificate(hello.ServerName), nil
		}
		return n.roots.certificate(hello.ServerName), nil
	}}
	n.tls.StartTLS()
	t.Cleanup(n.tls.Close)
	n.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			n.connect(w)
			return
		}
		n.serve(w, r)
	}))
	t.Cleanup(n.proxy.Close)
	return n
}

// connect answers CONNECT with a tunnel to n.tls.
func (n *internet) connect(w http.ResponseWriter) {
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	server, err := net.Dial("tcp", n.tls.Listener.Addr().String())
	if err != nil {
		return
	}
	io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		defer server.Close()
		io.Copy(server, client)
	}()
	io.Copy(client, server)
}

func (n *internet) serve(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	url := scheme + "://" + r.Host + r.URL.RequestURI()
	if r.URL.IsAbs() { // in a request to a proxy
		url = r.URL.String()
	}
	n.mu.Lock()
	n.requests[url] = true
	n.mu.Unlock()
	d, found := n.documents[url]
	switch {
	case !found:
		http.NotFound(w, r)
	case d.bearer != "" && r.Header.Get("Authorization") != "Bearer "+d.bearer:
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	default:
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, toJSON(d.body))
	}
}

// requested returns the URLs of all requests so far, sorted.
func (n *internet) requested() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.requests))
}

// An authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

func newAuthority() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := validToday()
	template.Subject = pkix.Name{CommonName: "Root of the tests"}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return &authority{key, must(x509.ParseCertificate(der))}
}

func validToday() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func (a *authority) certificate(host string) *tls.Certificate {
	template := validToday()
	template.DNSNames = []string{host}
	der := must(x509.CreateCertificate(rand.Reader, template, a.root, a.key.Public(), a.key))
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func (a *authority) pem() string { return toPEM("CERTIFICATE", a.root.Raw) }

func toPEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}
