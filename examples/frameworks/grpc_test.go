package frameworks_test

import (
	"context"
	"errors"
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

// service has a unary method and one that streams. greeted is whom they were
// reached by.
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
	Greeted string // "" where the handler was not reached
}

var (
	letIn     = outcome{Greeted: "Hello, alice!"}
	noToken   = outcome{Code: codes.Unauthenticated, Message: "missing token"}
	late      = outcome{Code: codes.Unauthenticated, Message: "token expired"}
	notGood   = outcome{Code: codes.Unauthenticated, Message: "invalid token"}
	lacking   = outcome{Code: codes.PermissionDenied, Message: "insufficient scope"}
	outage    = outcome{Code: codes.Unavailable, Message: "temporarily unavailable"}
	canceled  = outcome{Code: codes.Canceled, Message: "context canceled"}
	outOfTime = outcome{Code: codes.DeadlineExceeded, Message: "context deadline exceeded"}
)

func TestGRPC(t *testing.T) {
	guard, token, clock := setup()
	s := &service{greeted: make(chan string, 1)}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(frameworks.UnaryInterceptor(guard)),
		grpc.StreamInterceptor(frameworks.StreamInterceptor(guard)),
	)
	healthpb.RegisterHealthServer(server, s)
	client, stop := serve(server)
	t.Cleanup(stop)

	issued := clock.Now()
	raw := token.Raw()
	tests := []struct {
		name          string
		authorization []string
		now           time.Time
		want          outcome
	}{
		{"good", []string{"Bearer " + raw}, issued, letIn},
		{"scheme in lower case", []string{"bearer " + raw}, issued, letIn},
		{"in its last nanosecond", []string{"Bearer " + raw}, token.ExpiresAt().Add(-1), letIn},
		{"missing", nil, issued, noToken},
		{"another scheme", []string{"Basic YWxpY2U6eA=="}, issued, noToken},
		{"the token alone", []string{raw}, issued, noToken},
		{"two values", []string{"Bearer " + raw, "Bearer " + raw}, issued, notGood},
		{"Bearer without a token", []string{"Bearer"}, issued, notGood},
		{"tampered", []string{"Bearer " + tamper(raw)}, issued, notGood},
		{"expired", []string{"Bearer " + raw}, token.ExpiresAt(), late},
		{"expired and tampered", []string{"Bearer " + tamper(raw)}, token.ExpiresAt(), notGood},
		{"no clock", []string{"Bearer " + raw}, time.Time{}, outage},
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

// outcome is what became of the call that ended with err.
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

// A log names the method, as it names a route of HTTP.
func TestGRPCObserver(t *testing.T) {
	var got []string
	guard, token, _ := setup(jwtexp.WithObserver(func(r *http.Request, d jwtexp.Decision) {
		got = append(got, r.Pattern+" "+d.Verdict())
	}))
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token.Raw()))
	frameworks.UnaryInterceptor(guard)(ctx, nil, unary, func(context.Context, any) (any, error) { return nil, nil })
	frameworks.StreamInterceptor(guard)(nil, streamOf{ctx: t.Context()}, streaming, nil)
	want := []string{"/grpc.health.v1.Health/Check accepted", "/grpc.health.v1.Health/Watch missing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What gRPC would not let through is handed to the interceptors themselves.
func TestGRPCContextDone(t *testing.T) {
	guard, token, clock := setup()
	down := guardOf(func(context.Context, string) (*jwtexp.Token, error) {
		return nil, &jwtexp.UnavailableError{Err: context.DeadlineExceeded} // its own
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	over, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	tests := []struct {
		name  string
		guard *jwtexp.Middleware
		ctx   context.Context
		raw   string
		now   time.Time
		want  outcome
	}{
		{"good", guard, t.Context(), token.Raw(), clock.Now(), letIn},
		{"without the scope", guard.WithScope("orders:read"), t.Context(), token.Raw(), clock.Now(), lacking},
		{"canceled", guard, gone, token.Raw(), clock.Now(), canceled},
		{"deadline exceeded", guard, over, token.Raw(), clock.Now(), outOfTime},
		{"canceled, invalid", guard, gone, "garbage", clock.Now(), notGood},
		{"canceled, expired", guard, gone, token.Raw(), token.ExpiresAt(), late},
		{"outage", down, t.Context(), token.Raw(), clock.Now(), outage},
		{"canceled, outage", down, gone, token.Raw(), clock.Now(), canceled},
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
		err = frameworks.StreamInterceptor(tt.guard)(s, streamOf{ctx: ctx}, streaming, func(_ any, stream grpc.ServerStream) error {
			s.greeted <- s.greeter.greet(stream.Context())
			return nil
		})
		if diff := cmp.Diff(tt.want, s.outcome(err)); diff != "" {
			t.Errorf("%s: stream (-want +got)\n%s", tt.name, diff)
		}
	}
}

// A guard may look for tokens elsewhere too, in what a call does not have.
func TestGRPCExtractor(t *testing.T) {
	guard, token, _ := setup(jwtexp.WithTokenFrom(jwtexp.FromHeader, jwtexp.FromCookie("token"),
		func(r *http.Request) (string, error) { return r.URL.Query().Get("access_token"), nil }))
	s := &service{greeted: make(chan string, 1)}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token.Raw()))
	_, err := frameworks.UnaryInterceptor(guard)(ctx, nil, unary, func(ctx context.Context, _ any) (any, error) {
		return s.Check(ctx, nil)
	})
	if diff := cmp.Diff(letIn, s.outcome(err)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// streamOf is a stream that has nothing but a context.
type streamOf struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamOf) Context() context.Context { return s.ctx }
