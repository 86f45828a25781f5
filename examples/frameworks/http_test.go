package frameworks_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/examples/frameworks"
)

// greeter is the guarded handler, whatever the framework.
type greeter struct{ reached atomic.Int32 }

func (g *greeter) greet(ctx context.Context) string {
	g.reached.Add(1)
	if ctx.Err() != nil {
		return "Hello, who has gone!"
	}
	token, ok := jwtexp.FromContext(ctx)
	if !ok {
		return "Hello, stranger!"
	}
	return "Hello, " + token.Subject() + "!"
}

// routers has net/http too: what it answers is what the others have to.
var routers = []struct {
	name string
	make func(*jwtexp.Middleware, *greeter) http.Handler
}{
	{"net/http", func(guard *jwtexp.Middleware, g *greeter) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, g.greet(r.Context()))
		})))
		return mux
	}},
	{"chi", func(guard *jwtexp.Middleware, g *greeter) http.Handler {
		router := chi.NewRouter()
		router.Use(guard.Handler)
		router.Get("/hello", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, g.greet(r.Context()))
		})
		return router
	}},
	{"echo", func(guard *jwtexp.Middleware, g *greeter) http.Handler {
		e := echo.New()
		e.Use(echo.WrapMiddleware(guard.Handler))
		e.GET("/hello", func(c echo.Context) error {
			return c.String(http.StatusOK, g.greet(c.Request().Context()))
		})
		return e
	}},
	{"gin", func(guard *jwtexp.Middleware, g *greeter) http.Handler {
		router := gin.New()
		router.Use(frameworks.Gin(guard))
		router.GET("/hello", func(c *gin.Context) {
			c.String(http.StatusOK, g.greet(c.Request.Context()))
		})
		return router
	}},
}

type reply struct {
	Status  int
	Body    string
	Header  http.Header // of a refusal: all but its Date
	Reached int32       // how often the handler was
}

var (
	alice    = reply{Status: 200, Body: "Hello, alice!", Reached: 1}
	stranger = reply{Status: 200, Body: "Hello, stranger!", Reached: 1}

	missing     = refused(401, `{"error":"Missing token"}`, "WWW-Authenticate", `Bearer realm="api"`)
	badRequest  = refused(400, `{"error":"Invalid request"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_request"`)
	invalid     = refused(401, `{"error":"Invalid token"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The access token is invalid"`)
	expired     = refused(401, `{"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}`, "WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The access token expired"`)
	unavailable = refused(503, `{"error":"Temporarily unavailable"}`, "Retry-After", "5")
)

func refused(status int, body, name, value string) reply {
	h := http.Header{}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set(name, value)
	return reply{Status: status, Body: body, Header: h}
}

// ask sends a request with the given Authorization headers to a server of the
// handler's own.
func ask(t *testing.T, h http.Handler, g *greeter, authorization []string) reply {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Authorization"] = authorization
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{Status: response.StatusCode, Body: string(body), Reached: g.reached.Load()}
	if got.Status != 200 {
		got.Header = response.Header
		got.Header.Del("Date")
	}
	return got
}

// The context of a request with a deadline lives while its handler runs.
func TestHTTPContextDeadline(t *testing.T) {
	guard, token, _ := setup(jwtexp.WithContextDeadline())
	for _, router := range routers {
		g := new(greeter)
		got := ask(t, router.make(guard, g), g, []string{"Bearer " + token.Raw()})
		if diff := cmp.Diff(alice, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", router.name, diff)
		}
	}
}

func TestHTTP(t *testing.T) {
	guard, token, clock := setup()
	optional, strangers, strangersClock := setup(jwtexp.WithOptional())
	issued := clock.Now()
	raw := token.Raw()
	tests := []struct {
		name          string
		authorization []string
		now           time.Time
		want          reply
	}{
		{"good", []string{"Bearer " + raw}, issued, alice},
		{"scheme in lower case", []string{"bearer " + raw}, issued, alice},
		{"in its last nanosecond", []string{"Bearer " + raw}, token.ExpiresAt().Add(-1), alice},
		{"missing", nil, issued, missing},
		{"another scheme", []string{"Basic YWxpY2U6eA=="}, issued, missing},
		{"two headers", []string{"Bearer " + raw, "Bearer " + raw}, issued, badRequest},
		{"tampered", []string{"Bearer " + tamper(raw)}, issued, invalid},
		{"expired", []string{"Bearer " + raw}, token.ExpiresAt(), expired},
		{"expired and tampered", []string{"Bearer " + tamper(raw)}, token.ExpiresAt(), invalid},
		{"no clock", []string{"Bearer " + raw}, time.Time{}, unavailable},
	}
	for _, router := range routers {
		for _, tt := range tests {
			t.Run(router.name+"/"+tt.name, func(t *testing.T) {
				clock.Set(tt.now)
				g := new(greeter)
				if diff := cmp.Diff(tt.want, ask(t, router.make(guard, g), g, tt.authorization)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
		t.Run(router.name+"/optional", func(t *testing.T) {
			g := new(greeter)
			if diff := cmp.Diff(stranger, ask(t, router.make(optional, g), g, nil)); diff != "" {
				t.Errorf("missing: (-want +got)\n%s", diff)
			}
			strangersClock.Set(strangers.ExpiresAt())
			g = new(greeter)
			if diff := cmp.Diff(expired, ask(t, router.make(optional, g), g, []string{"Bearer " + strangers.Raw()})); diff != "" {
				t.Errorf("expired: (-want +got)\n%s", diff)
			}
		})
	}
}

// Other middleware learns from gin whether a request was refused.
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

// A recovery that does not abort makes gin go on behind the one that panicked.
func TestGinPanic(t *testing.T) {
	guard := guardOf(func(context.Context, string) (*jwtexp.Token, error) { panic("a fault of the verifier") })
	g := new(greeter)
	router := gin.New()
	router.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
		c.String(http.StatusInternalServerError, "panic")
	}))
	router.Use(frameworks.Gin(guard))
	router.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, g.greet(c.Request.Context())) })

	got := ask(t, router, g, []string{"Bearer x"})
	got.Header = nil
	want := reply{Status: 500, Body: "panic"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The guard hands echo what the handler returned.
func TestEchoError(t *testing.T) {
	guard, token, _ := setup()
	e := echo.New()
	e.Use(echo.WrapMiddleware(guard.Handler))
	e.GET("/hello", func(echo.Context) error { return echo.NewHTTPError(http.StatusForbidden, "not yours") })

	got := ask(t, e, new(greeter), []string{"Bearer " + token.Raw()})
	got.Header = nil
	want := reply{Status: 403, Body: `{"message":"not yours"}` + "\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
