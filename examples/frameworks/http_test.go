package frameworks_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	fiberv2 "github.com/gofiber/fiber/v2"
	adaptorv2 "github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/examples/frameworks"
)

// greeter is the protected handler for every framework. It counts its calls.
type greeter struct{ calls atomic.Int32 }

func (g *greeter) greet(ctx context.Context) string {
	g.calls.Add(1)
	if ctx.Err() != nil {
		return "The context is done."
	}
	token, ok := jwtexp.FromContext(ctx)
	if !ok {
		return "Hello, stranger!"
	}
	return "Hello, " + token.Subject() + "!"
}

// routers lists the HTTP frameworks. Each must answer as net/http, the first one, does.
var routers = []struct {
	name  string
	serve func(*testing.T, *jwtexp.Middleware, *greeter) (url string)
}{
	{"net/http", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		mux := http.NewServeMux()
		mux.Handle("GET /hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, g.greet(r.Context()))
		})))
		return serveHTTP(t, mux)
	}},
	{"chi", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		router := chi.NewRouter()
		router.Use(guard.Handler)
		router.Get("/hello", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, g.greet(r.Context()))
		})
		return serveHTTP(t, router)
	}},
	{"echo", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		e := echo.New()
		e.Use(echo.WrapMiddleware(guard.Handler))
		e.GET("/hello", func(c echo.Context) error {
			return c.String(http.StatusOK, g.greet(c.Request().Context()))
		})
		return serveHTTP(t, e)
	}},
	{"fiber v2", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		app := fiberv2.New(fiberv2.Config{DisableStartupMessage: true})
		app.Use(adaptorv2.HTTPMiddleware(guard.Handler))
		app.Get("/hello", func(c *fiberv2.Ctx) error {
			return c.SendString(g.greet(c.Context()))
		})
		return serveFiber(t, app.Listener)
	}},
	{"fiber v3", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		app := fiber.New()
		app.Use(adaptor.HTTPMiddleware(guard.Handler))
		app.Get("/hello", func(c fiber.Ctx) error {
			return c.SendString(g.greet(c))
		})
		return serveFiber(t, func(listener net.Listener) error {
			return app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
		})
	}},
	{"gin", func(t *testing.T, guard *jwtexp.Middleware, g *greeter) string {
		router := gin.New()
		router.Use(frameworks.Gin(guard))
		router.GET("/hello", func(c *gin.Context) {
			c.String(http.StatusOK, g.greet(c.Request.Context()))
		})
		return serveHTTP(t, router)
	}},
}

type reply struct {
	Status int
	Body   string
	Header http.Header // of a rejection, without Date
	Calls  int32       // how often the request reached the handler
}

var (
	alice    = reply{Status: 200, Body: "Hello, alice!", Calls: 1}
	stranger = reply{Status: 200, Body: "Hello, stranger!", Calls: 1}

	missing     = rejection(401, `{"error":"Missing token"}`, "WWW-Authenticate", `Bearer realm="api"`)
	badRequest  = rejection(400, `{"error":"Invalid request"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_request"`)
	invalid     = rejection(401, `{"error":"Invalid token"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`)
	expired     = rejection(401, `{"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The access token expired"`)
	forbidden   = rejection(403, `{"error":"Insufficient scope"}`, "WWW-Authenticate", `Bearer realm="api", error="insufficient_scope", scope="orders:read"`)
	unavailable = rejection(503, `{"error":"Temporarily unavailable"}`, "Retry-After", "5")
)

func rejection(status int, body, name, value string) reply {
	h := http.Header{}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set(name, value)
	return reply{Status: status, Body: body, Header: h}
}

// get sends a request with the given Authorization headers to a server that calls g.
func (g *greeter) get(t *testing.T, url string, authorization ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Authorization"] = authorization
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{Status: response.StatusCode, Body: string(body), Calls: g.calls.Swap(0)}
	if got.Status != 200 {
		got.Header = response.Header
		got.Header.Del("Date")
	}
	return got
}

func TestHTTP(t *testing.T) {
	guard, token, clock := setup()
	scoped := guard.WithScope("orders:read")
	optional, optionalToken, optionalClock := setup(jwtexp.WithOptional())
	down := guardOf(func(context.Context, string) (*jwtexp.Token, error) { return nil, new(jwtexp.UnavailableError) })
	issued := clock.Now()
	raw, optionalRaw := token.Raw(), optionalToken.Raw()
	tests := []struct {
		name          string
		guard         *jwtexp.Middleware
		authorization []string
		now           time.Time
		want          reply
	}{
		{"valid", guard, []string{"Bearer " + raw}, issued, alice},
		{"scheme in lower case", guard, []string{"bearer " + raw}, issued, alice},
		{"last nanosecond", guard, []string{"Bearer " + raw}, token.ExpiresAt().Add(-1), alice},
		{"missing", guard, nil, issued, missing},
		{"other scheme", guard, []string{"Basic YWxpY2U6eA=="}, issued, missing},
		{"two headers", guard, []string{"Bearer " + raw, "Bearer " + raw}, issued, badRequest},
		{"tampered", guard, []string{"Bearer " + tamper(raw)}, issued, invalid},
		{"expired", guard, []string{"Bearer " + raw}, token.ExpiresAt(), expired},
		{"expired and tampered", guard, []string{"Bearer " + tamper(raw)}, token.ExpiresAt(), invalid},
		{"without the scope", scoped, []string{"Bearer " + raw}, issued, forbidden},
		{"missing, scope", scoped, nil, issued, missing},
		{"broken clock", guard, []string{"Bearer " + raw}, time.Time{}, unavailable},
		{"outage", down, []string{"Bearer " + raw}, issued, unavailable},
		{"optional, valid", optional, []string{"Bearer " + optionalRaw}, issued, alice},
		{"optional, missing", optional, nil, issued, stranger},
		{"optional, expired", optional, []string{"Bearer " + optionalRaw}, optionalToken.ExpiresAt(), expired},
	}
	for _, router := range routers {
		for _, tt := range tests {
			t.Run(router.name+"/"+tt.name, func(t *testing.T) {
				clock.Set(tt.now)
				optionalClock.Set(tt.now)
				g := new(greeter)
				got := g.get(t, router.serve(t, tt.guard, g), tt.authorization...)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

// With WithContextDeadline, the context must not end before the handler returns. Fiber's
// handlers run after the guard has returned, and find no token.
func TestHTTPContextDeadline(t *testing.T) {
	guard, token, _ := setup(jwtexp.WithContextDeadline())
	for _, router := range routers {
		want := alice
		if strings.HasPrefix(router.name, "fiber") {
			want = stranger
		}
		g := new(greeter)
		got := g.get(t, router.serve(t, guard, g), "Bearer "+token.Raw())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", router.name, diff)
		}
	}
}

// Other middleware asks gin whether a request was rejected.
func TestGinAborts(t *testing.T) {
	guard, token, _ := setup()
	for authorization, want := range map[string]bool{"": true, "Bearer " + token.Raw(): false} {
		var got bool
		router := gin.New()
		router.Use(func(c *gin.Context) { c.Next(); got = c.IsAborted() }, frameworks.Gin(guard))
		router.GET("/hello", func(*gin.Context) {})

		r := httptest.NewRequest("GET", "/hello", nil)
		r.Header.Set("Authorization", authorization)
		router.ServeHTTP(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("with a token %t: got aborted %t, want %t", !want, got, want)
		}
	}
}

// After a recovery that does not abort, gin runs the handler that follows the one that panicked.
func TestGinPanic(t *testing.T) {
	guard := guardOf(func(context.Context, string) (*jwtexp.Token, error) { panic("verifier failed") })
	g := new(greeter)
	router := gin.New()
	router.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
		c.String(http.StatusInternalServerError, "panic")
	}))
	router.Use(frameworks.Gin(guard))
	router.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, g.greet(c.Request.Context())) })

	got := g.get(t, serveHTTP(t, router), "Bearer x")
	got.Header = nil
	want := reply{Status: 500, Body: "panic"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// echo handles the error that a handler behind the guard returns.
func TestEchoError(t *testing.T) {
	guard, token, _ := setup()
	e := echo.New()
	e.Use(echo.WrapMiddleware(guard.Handler))
	e.GET("/hello", func(echo.Context) error { return echo.NewHTTPError(http.StatusForbidden, "not yours") })

	got := new(greeter).get(t, serveHTTP(t, e), "Bearer "+token.Raw())
	got.Header = nil
	want := reply{Status: 403, Body: `{"message":"not yours"}` + "\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
