// Package frameworks shows jwtexp in front of chi, echo, gin and gRPC. It is there
// to be copied from: chi and echo need one line, which their example has, and
// gin.go and grpc.go each stand alone.
package frameworks
