package frameworks_test

import (
	"context"
	"crypto/rand"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// Without release mode, gin prints lines that would fail the examples.
func init() { gin.SetMode(gin.ReleaseMode) }

// setup returns a guard, a token for alice that the guard accepts for 15 minutes from 12:00,
// and the guard's clock.
func setup(opts ...jwtexp.MiddlewareOption) (*jwtexp.Middleware, *jwtexp.Token, *jwtexptest.Clock) {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	if err != nil {
		log.Fatal(err)
	}
	clock := jwtexptest.NewClock(time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC))
	issuer, err := jwtexp.NewIssuer(key, 15*time.Minute, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(clock))
	if err != nil {
		log.Fatal(err)
	}
	guard, err := jwtexp.NewMiddleware(verifier, opts...)
	if err != nil {
		log.Fatal(err)
	}
	token, err := issuer.Issue(context.Background(), "alice", nil)
	if err != nil {
		log.Fatal(err)
	}
	return guard, token, clock
}

// tamper changes the first character of the signature. All of its bits count.
func tamper(raw string) string {
	signed, signature := raw[:strings.LastIndex(raw, ".")+1], raw[strings.LastIndex(raw, ".")+1:]
	if signature[0] == 'A' {
		return signed + "B" + signature[1:]
	}
	return signed + "A" + signature[1:]
}

type verifierFunc func(ctx context.Context, raw string) (*jwtexp.Token, error)

func (f verifierFunc) Verify(ctx context.Context, raw string) (*jwtexp.Token, error) {
	return f(ctx, raw)
}

func guardOf(f verifierFunc) *jwtexp.Middleware {
	guard, err := jwtexp.NewMiddleware(f)
	if err != nil {
		log.Fatal(err)
	}
	return guard
}

// serveHTTP serves h until the test ends.
func serveHTTP(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// serveFiber calls listen, which serves until the test ends.
func serveFiber(t *testing.T, listen func(net.Listener) error) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- listen(listener) }()
	t.Cleanup(func() {
		listener.Close() // not Shutdown, which takes 100 ms
		<-done
	})
	return "http://" + listener.Addr().String()
}

// serveGRPC serves in memory until stop is called.
func serveGRPC(server *grpc.Server) (client healthpb.HealthClient, stop func()) {
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener)
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		log.Fatal(err)
	}
	return healthpb.NewHealthClient(conn), func() {
		conn.Close()
		server.Stop()
	}
}
