// Package frameworks shows jwtexp with chi, echo, Fiber, gin and gRPC.
//
// Copy what you need. chi, echo and Fiber take the middleware in one line, which their
// examples show. gin and gRPC need the code in gin.go or grpc.go; each file stands alone.
package frameworks
