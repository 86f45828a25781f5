package frameworks

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/jwtexp/jwtexp"
)

// UnaryInterceptor returns an interceptor that calls the handler if guard accepts the call.
// The handler finds the token in its context. A rejected call ends with one of the status
// codes of [StreamInterceptor].
func UnaryInterceptor(guard *jwtexp.Middleware) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := authenticate(ctx, guard, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
}

// StreamInterceptor returns an interceptor that calls the handler if guard accepts the stream.
// The handler finds the token in the stream's context. A rejected stream ends with one of
// these status codes:
//
//   - Unauthenticated: the token is missing, expired or invalid. The message says which.
//   - PermissionDenied: the token lacks a scope that guard requires.
//   - Unavailable: an outage.
//   - Canceled, DeadlineExceeded: the caller no longer waits.
//
// The interceptor verifies the token when the stream begins. A handler whose streams outlive
// their tokens must call [jwtexp.Verifier.Recheck] while it runs. jwtexp.WithContextDeadline,
// WithOptional and WithErrorHandler are for HTTP handlers and have no effect here.
func StreamInterceptor(guard *jwtexp.Middleware) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := authenticate(stream.Context(), guard, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(service, streamWithContext{stream, ctx})
	}
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamWithContext) Context() context.Context { return s.ctx }

// authenticate passes the metadata to guard as the HTTP header that it is on the wire. So gRPC
// and HTTP have the same rules for schemes, repeated values and canceled calls. An observer
// finds the method in the request's Pattern, in place of a route.
func authenticate(ctx context.Context, guard *jwtexp.Middleware, method string) (context.Context, error) {
	r := &http.Request{
		URL:     new(url.URL), // for an Extractor that reads the query
		Header:  http.Header{"Authorization": metadata.ValueFromIncomingContext(ctx, "authorization")},
		Pattern: method,
	}
	token, err := guard.Check(r.WithContext(ctx))
	if err != nil {
		return nil, statusError(ctx, err)
	}
	return jwtexp.NewContext(ctx, token), nil
}

// statusError returns the status for a rejected call. It tells the client only the verdict;
// the details in err are for the log.
func statusError(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, jwtexp.ErrMissing):
		return status.Error(codes.Unauthenticated, "missing token")
	case errors.Is(err, jwtexp.ErrExpired):
		return status.Error(codes.Unauthenticated, "token expired")
	case errors.Is(err, jwtexp.ErrInvalid):
		return status.Error(codes.Unauthenticated, "invalid token")
	case errors.Is(err, jwtexp.ErrInsufficientScope):
		return status.Error(codes.PermissionDenied, "insufficient scope")
	case ctx.Err() != nil: // not errors.Is: err may hold the deadline of a key set's own request
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Unavailable, "temporarily unavailable")
}
