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

// UnaryInterceptor returns an interceptor that lets through the calls that guard
// accepts, with the token in their context. The others end with a status: see
// [StreamInterceptor].
func UnaryInterceptor(guard *jwtexp.Middleware) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := authenticate(ctx, guard, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
}

// StreamInterceptor returns an interceptor that lets through the streams that
// guard accepts, with the token in their context. The others end with a status:
// Unauthenticated where the token is missing, expired or invalid, which its
// message tells apart; PermissionDenied where it lacks a scope that guard demands;
// Unavailable for an outage; and Canceled or DeadlineExceeded where the caller has
// gone.
//
// The token is judged when the stream begins. A handler whose streams outlive
// their tokens asks [jwtexp.Verifier.Recheck] as it goes on: jwtexp.WithContextDeadline,
// WithOptional and WithErrorHandler are for HTTP handlers, and change nothing here.
func StreamInterceptor(guard *jwtexp.Middleware) grpc.StreamServerInterceptor {
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := authenticate(stream.Context(), guard, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(service, authenticated{stream, ctx})
	}
}

type authenticated struct {
	grpc.ServerStream
	ctx context.Context
}

func (a authenticated) Context() context.Context { return a.ctx }

// authenticate shows guard the metadata as the HTTP header that it is on the wire,
// so that one set of rules holds for both: which scheme, how many values, and that
// a call whose client has disconnected is rejected. An observer finds the method where a route is.
func authenticate(ctx context.Context, guard *jwtexp.Middleware, method string) (context.Context, error) {
	r := &http.Request{
		URL:     new(url.URL), // for an Extractor that looks there
		Header:  http.Header{"Authorization": metadata.ValueFromIncomingContext(ctx, "authorization")},
		Pattern: method,
	}
	token, err := guard.Check(r.WithContext(ctx))
	if err != nil {
		return nil, refusal(ctx, err)
	}
	return jwtexp.NewContext(ctx, token), nil
}

// refusal tells a client no more than the verdict: err itself is for the log.
func refusal(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, jwtexp.ErrMissing):
		return status.Error(codes.Unauthenticated, "missing token")
	case errors.Is(err, jwtexp.ErrExpired):
		return status.Error(codes.Unauthenticated, "token expired")
	case errors.Is(err, jwtexp.ErrInvalid):
		return status.Error(codes.Unauthenticated, "invalid token")
	case errors.Is(err, jwtexp.ErrInsufficientScope):
		return status.Error(codes.PermissionDenied, "insufficient scope")
	case ctx.Err() != nil: // not errors.Is: a key set may have run into a deadline of its own
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Unavailable, "temporarily unavailable")
}
