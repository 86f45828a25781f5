package frameworks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/examples/frameworks"
)

// service has a unary and a streaming method. Each sends its greeting to greeted.
type service struct {
	healthpb.UnimplementedHealthServer
	greeter greeter
	greeted chan string
}

func (s *service) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	s.greeted <- s.greeter.greet(ctx)
	return &healthpb.HealthCheckResponse{}, nil
}

func (s *service) Watch(_ *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	s.greeted <- s.greeter.greet(stream.Context())
	return stream.Send(&healthpb.HealthCheckResponse{})
}

var calls = []struct {
	name string
	call func(context.Context, healthpb.HealthClient) error
}{
	{"unary", func(ctx context.Context, client healthpb.HealthClient) error {
		_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}},
	{"stream", func(ctx context.Context, client healthpb.HealthClient) error {
		stream, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
		for err == nil {
			_, err = stream.Recv()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}},
}

type outcome struct {
	Code    codes.Code
	Message string
	Greeted string // "" if the handler was not called
}

var (
	grpcAccepted    = outcome{Greeted: "Hello, alice!"}
	grpcMissing     = outcome{Code: codes.Unauthenticated, Message: "missing token"}
	grpcExpired     = outcome{Code: codes.Unauthenticated, Message: "token expired"}
	grpcInvalid     = outcome{Code: codes.Unauthenticated, Message: "invalid token"}
	grpcForbidden   = outcome{Code: codes.PermissionDenied, Message: "insufficient scope"}
	grpcUnavailable = outcome{Code: codes.Unavailable, Message: "temporarily unavailable"}
	grpcCanceled    = outcome{Code: codes.Canceled, Message: "context canceled"}
	grpcDeadline    = outcome{Code: codes.DeadlineExceeded, Message: "context deadline exceeded"}
)

func TestGRPC(t *testing.T) {
	guard, token, clock := setup()
	s := &service{greeted: make(chan string, 1)}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(frameworks.UnaryInterceptor(guard)),
		grpc.StreamInterceptor(frameworks.StreamInterceptor(guard)),
	)
	healthpb.RegisterHealthServer(server, s)
	client, stop := serveGRPC(server)
	t.Cleanup(stop)

	issued := clock.Now()
	raw := token.Raw()
	tests := []struct {
		name          string
		authorization []string
		now           time.Time
		want          outcome
	}{
		{"valid", []string{"Bearer " + raw}, issued, grpcAccepted},
		{"scheme in lower case", []string{"bearer " + raw}, issued, grpcAccepted},
		{"last nanosecond", []string{"Bearer " + raw}, token.ExpiresAt().Add(-1), grpcAccepted},
		{"missing", nil, issued, grpcMissing},
		{"other scheme", []string{"Basic YWxpY2U6eA=="}, issued, grpcMissing},
		{"no scheme", []string{raw}, issued, grpcMissing},
		{"two values", []string{"Bearer " + raw, "Bearer " + raw}, issued, grpcInvalid},
		{"no token after Bearer", []string{"Bearer"}, issued, grpcInvalid},
		{"tampered", []string{"Bearer " + tamper(raw)}, issued, grpcInvalid},
		{"expired", []string{"Bearer " + raw}, token.ExpiresAt(), grpcExpired},
		{"expired and tampered", []string{"Bearer " + tamper(raw)}, token.ExpiresAt(), grpcInvalid},
		{"broken clock", []string{"Bearer " + raw}, time.Time{}, grpcUnavailable},
	}
	for _, c := range calls {
		for _, tt := range tests {
			t.Run(c.name+"/"+tt.name, func(t *testing.T) {
				clock.Set(tt.now)
				ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"authorization": tt.authorization})
				if diff := cmp.Diff(tt.want, s.outcome(c.call(ctx, client))); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

// outcome returns the outcome of the call that returned err.
func (s *service) outcome(err error) outcome {
	got := outcome{Code: status.Code(err), Message: status.Convert(err).Message()}
	select {
	case got.Greeted = <-s.greeted:
	default:
	}
	return got
}

var (
	unary     = &grpc.UnaryServerInfo{FullMethod: "/grpc.health.v1.Health/Check"}
	streaming = &grpc.StreamServerInfo{FullMethod: "/grpc.health.v1.Health/Watch"}
)

// An observer finds the method where it finds the route of an HTTP request.
func TestGRPCObserver(t *testing.T) {
	var got []string
	guard, token, _ := setup(jwtexp.WithObserver(func(r *http.Request, d jwtexp.Decision) {
		got = append(got, fmt.Sprint(r.Pattern, " ", d.Verdict()))
	}))
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token.Raw()))
	frameworks.UnaryInterceptor(guard)(ctx, nil, unary, func(context.Context, any) (any, error) { return nil, nil })
	frameworks.StreamInterceptor(guard)(nil, contextStream{ctx: t.Context()}, streaming, nil)
	want := []string{"/grpc.health.v1.Health/Check accepted", "/grpc.health.v1.Health/Watch missing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The interceptors are called directly, because gRPC does not deliver a call whose context is
// done.
func TestGRPCContextDone(t *testing.T) {
	guard, token, clock := setup()
	down := guardOf(func(context.Context, string) (*jwtexp.Token, error) {
		return nil, &jwtexp.UnavailableError{Err: context.DeadlineExceeded} // not the call's deadline
	})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	tests := []struct {
		name  string
		guard *jwtexp.Middleware
		ctx   context.Context
		raw   string
		now   time.Time
		want  outcome
	}{
		{"valid", guard, t.Context(), token.Raw(), clock.Now(), grpcAccepted},
		{"without the scope", guard.WithScope("orders:read"), t.Context(), token.Raw(), clock.Now(), grpcForbidden},
		{"canceled", guard, canceled, token.Raw(), clock.Now(), grpcCanceled},
		{"deadline exceeded", guard, late, token.Raw(), clock.Now(), grpcDeadline},
		{"canceled, invalid", guard, canceled, "garbage", clock.Now(), grpcInvalid},
		{"canceled, expired", guard, canceled, token.Raw(), token.ExpiresAt(), grpcExpired},
		{"outage", down, t.Context(), token.Raw(), clock.Now(), grpcUnavailable},
		{"canceled, outage", down, canceled, token.Raw(), clock.Now(), grpcCanceled},
	}
	for _, tt := range tests {
		clock.Set(tt.now)
		ctx := metadata.NewIncomingContext(tt.ctx, metadata.Pairs("authorization", "Bearer "+tt.raw))
		s := &service{greeted: make(chan string, 1)}
		_, err := frameworks.UnaryInterceptor(tt.guard)(ctx, nil, unary, func(ctx context.Context, _ any) (any, error) {
			return s.Check(ctx, nil)
		})
		if diff := cmp.Diff(tt.want, s.outcome(err)); diff != "" {
			t.Errorf("%s: unary (-want +got)\n%s", tt.name, diff)
		}
		err = frameworks.StreamInterceptor(tt.guard)(s, contextStream{ctx: ctx}, streaming, func(_ any, stream grpc.ServerStream) error {
			s.greeted <- s.greeter.greet(stream.Context())
			return nil
		})
		if diff := cmp.Diff(tt.want, s.outcome(err)); diff != "" {
			t.Errorf("%s: stream (-want +got)\n%s", tt.name, diff)
		}
	}
}

// Permissions that are not in scope end a call as scopes do.
func TestGRPCScopeFrom(t *testing.T) {
	guard, token, _ := setup(jwtexp.WithScopeFrom(func(*jwtexp.Token) []string { return []string{"orders:read"} }))
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token.Raw()))
	s := &service{greeted: make(chan string, 1)}
	for scope, want := range map[string]outcome{"orders:read": grpcAccepted, "orders:write": grpcForbidden} {
		_, err := frameworks.UnaryInterceptor(guard.WithScope(scope))(ctx, nil, unary, func(ctx context.Context, _ any) (any, error) {
			return s.Check(ctx, nil)
		})
		if diff := cmp.Diff(want, s.outcome(err)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", scope, diff)
		}
	}
}

// Extractors that read cookies or the query find nothing in a gRPC call.
func TestGRPCExtractor(t *testing.T) {
	guard, token, _ := setup(jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("token"),
		func(r *http.Request) (string, error) { return r.URL.Query().Get("access_token"), nil }))
	s := &service{greeted: make(chan string, 1)}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token.Raw()))
	_, err := frameworks.UnaryInterceptor(guard)(ctx, nil, unary, func(ctx context.Context, _ any) (any, error) {
		return s.Check(ctx, nil)
	})
	if diff := cmp.Diff(grpcAccepted, s.outcome(err)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// contextStream is a stream that has only a context.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s contextStream) Context() context.Context { return s.ctx }
