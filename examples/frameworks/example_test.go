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
)

// get prints the answer to a request with the given Authorization header.
func get(h http.Handler, authorization string) {
	r := httptest.NewRequest("GET", "/hello", nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// chi takes guard.Handler as it is.
func Example_chi() {
	guard, issued, clock := setup()

	router := chi.NewRouter()
	router.Use(guard.Handler)
	router.Get("/hello", func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context()) // without the guard, the next line panics
		fmt.Fprintf(w, "Hello, %s!", token.Subject())
	})

	get(router, "Bearer "+issued.Raw())
	get(router, "")
	clock.Set(issued.ExpiresAt())
	get(router, "Bearer "+issued.Raw())
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// echo has an adapter of its own for middleware of net/http.
func Example_echo() {
	guard, issued, clock := setup()

	e := echo.New()
	e.Use(echo.WrapMiddleware(guard.Handler))
	e.GET("/hello", func(c echo.Context) error {
		token, _ := jwtexp.FromContext(c.Request().Context()) // without the guard, the next line panics
		return c.String(http.StatusOK, "Hello, "+token.Subject()+"!")
	})

	get(e, "Bearer "+issued.Raw())
	get(e, "")
	clock.Set(issued.ExpiresAt())
	get(e, "Bearer "+issued.Raw())
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// The token is in the context of c.Request. That of c itself leads there only
// where the engine has ContextWithFallback.
func ExampleGin() {
	guard, issued, clock := setup()

	router := gin.New()
	router.Use(frameworks.Gin(guard))
	router.GET("/hello", func(c *gin.Context) {
		token, _ := jwtexp.FromContext(c.Request.Context()) // without the guard, the next line panics
		c.String(http.StatusOK, "Hello, %s!", token.Subject())
	})

	get(router, "Bearer "+issued.Raw())
	get(router, "")
	clock.Set(issued.ExpiresAt())
	get(router, "Bearer "+issued.Raw())
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// health stands for a service of your own.
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

	client, stop := serve(server)
	defer stop()
	check := func(ctx context.Context) {
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Println(err)
	}
	// A client outside of an example does this for all of its calls, and over TLS
	// alone: grpc.WithPerRPCCredentials.
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
