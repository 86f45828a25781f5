package frameworks

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/jwtexp/jwtexp"
)

// Gin returns a middleware for gin. It calls the next handlers if guard accepts the request;
// they find the token in the context of c.Request. Otherwise guard writes the response, and
// the next handlers do not run. If a callback of guard panics, so does the middleware.
func Gin(guard *jwtexp.Middleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		accepted := false
		// Deferred, because a callback of guard may panic: after a recovery that does not abort,
		// gin would run the next handler.
		defer func() {
			if !accepted {
				c.Abort()
			}
		}()
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			accepted = true
			c.Request = r
			c.Next() // called here, because the context of r may end when this function returns
		})
		guard.Handler(next).ServeHTTP(c.Writer, c.Request)
	}
}
