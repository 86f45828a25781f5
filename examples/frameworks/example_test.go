package frameworks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/examples/frameworks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// printResponses prints h's responses to a request with the token, without a token, and with the
// token after it has expired.
func printResponses(h http.Handler, token *jwtexp.Token, clock *jwtexptest.Clock) {
	get := func(authorization string) {
		r := httptest.NewRequest("GET", "/hello", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	get("Bearer " + token.Raw())
	get("")
	clock.Set(token.ExpiresAt())
	get("Bearer " + token.Raw())
}

// chi's Use takes guard.Handler.
func Example_chi() {
	guard, issued, clock := setup()

	router := chi.NewRouter()
	router.Use(guard.Handler)
	router.Get("/hello", func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context()) // without the guard, the next line panics
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})

	printResponses(router, issued, clock)
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// echo has an adapter for net/http middleware.
func Example_echo() {
	guard, issued, clock := setup()

	e := echo.New()
	e.Use(echo.WrapMiddleware(guard.Handler))
	e.GET("/hello", func(c echo.Context) error {
		token, _ := jwtexp.FromContext(c.Request().Context()) // without the guard, the next line panics
		return c.String(http.StatusOK, "Hello, "+token.Subject()+"!")
	})

	printResponses(e, issued, clock)
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// The token is in the context of c.Request. It is in c itself only if the engine sets
// ContextWithFallback.
func ExampleGin() {
	guard, issued, clock := setup()

	router := gin.New()
	router.Use(frameworks.Gin(guard))
	router.GET("/hello", func(c *gin.Context) {
		token, _ := jwtexp.FromContext(c.Request.Context()) // without the guard, the next line panics
		c.String(http.StatusOK, "Hello, %s!", token.Subject())
	})

	printResponses(router, issued, clock)
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// health stands for your own service.
type health struct {
	healthpb.UnimplementedHealthServer
}

func (health) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	token, _ := jwtexp.FromContext(ctx) // without the guard, the next line panics
	fmt.Printf("Hello, %s!\n", token.Subject())
	return &healthpb.HealthCheckResponse{}, nil
}

func Example_grpc() {
	guard, issued, clock := setup()

	server := grpc.NewServer(
		grpc.UnaryInterceptor(frameworks.UnaryInterceptor(guard)),
		grpc.StreamInterceptor(frameworks.StreamInterceptor(guard)),
	)
	healthpb.RegisterHealthServer(server, health{})

	client, stop := serveGRPC(server)
	defer stop()
	check := func(ctx context.Context) {
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Println(err)
	}
	// A real client uses grpc.WithPerRPCCredentials, which adds the token to each call and
	// requires TLS.
	alice := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+issued.Raw())
	check(alice)
	check(context.Background())
	clock.Set(issued.ExpiresAt())
	check(alice)
	// Output:
	// Hello, alice!
	// <nil>
	// rpc error: code = Unauthenticated desc = missing token
	// rpc error: code = Unauthenticated desc = token expired
}
