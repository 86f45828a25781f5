package frameworks_test

import (
	fiberv2 "github.com/gofiber/fiber/v2"
	adaptorv2 "github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/jwtexp/jwtexp"
)

// Fiber has an adaptor for net/http middleware. The token is in c itself and in
// c.RequestCtx(). It is not in c.Context().
//
// The adaptor calls the guard first and the handler after the guard has returned:
//
//   - The handler's context does not end when the client disconnects or the token expires. Do
//     not use WithContextDeadline: the handler then finds no token.
//   - A stream writer runs after the handler. Take the token in the handler, and call
//     Verifier.Recheck in the stream writer if the stream may outlive the token.
//   - Token.Raw is a part of Fiber's request buffer, which the next request overwrites. If you
//     keep it after the handler returns, strings.Clone it.
//   - Fiber does not recover panics. Add its recover middleware before the guard.
//   - Require fasthttp v1.72.0 or later. Older versions pass on only the last of two
//     Authorization headers, so the guard cannot reject such a request.
func Example_fiber() {
	guard, issued, clock := setup()

	app := fiber.New()
	app.Use(adaptor.HTTPMiddleware(guard.Handler))
	app.Get("/hello", func(c fiber.Ctx) error {
		token, _ := jwtexp.FromContext(c) // without the guard, the next line panics
		return c.SendString("Hello, " + token.Subject() + "!")
	})

	printResponses(adaptor.FiberApp(app), issued, clock)
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}

// With Fiber v2, the token is in c.Context(). It is not in c.UserContext(). The notes on
// Fiber v3 apply to v2, too.
func Example_fiberV2() {
	guard, issued, clock := setup()

	app := fiberv2.New()
	app.Use(adaptorv2.HTTPMiddleware(guard.Handler))
	app.Get("/hello", func(c *fiberv2.Ctx) error {
		token, _ := jwtexp.FromContext(c.Context()) // without the guard, the next line panics
		return c.SendString("Hello, " + token.Subject() + "!")
	})

	printResponses(adaptorv2.FiberApp(app), issued, clock)
	// Output:
	// 200 Hello, alice!
	// 401 {"error":"Missing token"}
	// 401 {"error":"Token expired","expired_at":"2026-01-02T12:15:00Z"}
}
