package frameworks

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/jwtexp/jwtexp"
)

// Gin returns a handler for gin's Use that lets through what guard accepts. The
// handlers behind it find the token in the context of c.Request. What guard
// refuses it answers itself, and they do not run. It panics on a request if a
// callback of guard does.
func Gin(guard *jwtexp.Middleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		accepted := false
		// Deferred for a callback of guard that panics: behind a recovery that does
		// not abort, gin would go on with the next handler.
		defer func() {
			if !accepted {
				c.Abort()
			}
		}()
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			accepted = true
			c.Request = r
			c.Next() // here, for the context of r may end when this returns
		})
		guard.Handler(next).ServeHTTP(c.Writer, c.Request)
	}
}
