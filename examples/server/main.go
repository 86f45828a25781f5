// Server is a demo of package jwtexp: a login, and a resource that requires a token. Tokens
// expire after half an hour, and the server tells expired tokens from invalid ones. A refresh token
// keeps the login for longer.
//
//	go run ./examples/server
//
// The page at / shows a token from login to expiry, and a session from login to logout. There is
// no password.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/hosts"
)

const usage = `Usage: server [-addr host:port] [-hosts names] [-lifetime duration] [-timetravel]

A demo of tokens that expire, and of logins that last longer. Open its address in a browser,
or use curl: POST /login returns a token, and GET /resource requires it. POST /token trades the
refresh token for the next token, and POST /revoke logs out.

  curl -H 'Content-Type: application/json' -d '{"user_id":1}' http://127.0.0.1:8080/login
  curl -H 'Authorization: Bearer <token>' http://127.0.0.1:8080/resource
  curl -d grant_type=refresh_token -d refresh_token=<refresh_token> http://127.0.0.1:8080/token
  curl -d token=<refresh_token> http://127.0.0.1:8080/revoke

With -timetravel, clients can move the server's clock ahead, so that you need not wait
until a token expires. Use the buttons on the page, or

  curl -H 'Content-Type: application/json' -d '{"advance_seconds":60}' http://127.0.0.1:8080/clock

GET /clock returns the server's time.

There is no password: every client can log in as any user. To protect it from other web
pages, the server answers only to localhost and to the host of -addr. -hosts adds names.

The environment variable JWTEXP_SECRET is the key that signs the tokens. It needs at least
32 bytes, such as the output of openssl rand -base64 32. If it is unset, the server uses a
random secret, and its tokens become invalid when it stops. Sessions end when it stops.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// run serves until ctx is done, and returns the exit status.
func run(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	addr := flags.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 chooses a free port")
	names := flags.String("hosts", "", "comma-separated host `names`, without ports, that the server answers to besides localhost")
	lifetime := flags.Duration("lifetime", 30*time.Minute, "time until a token expires, in whole seconds")
	timetravel := flags.Bool("timetravel", false, "let clients move the server's clock ahead")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "server: unexpected argument; run with -h to list the flags")
		return 2
	}

	logger := slog.New(slog.NewTextHandler(stderr, nil))
	known, err := hosts.Names(*names, *addr)
	if err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 2
	}
	if err := serve(ctx, *addr, known, *lifetime, *timetravel, lookupEnv, stdout, logger); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, addr string, names []string, lifetime time.Duration, timetravel bool, lookupEnv func(string) (string, bool), stdout io.Writer, logger *slog.Logger) error {
	secret, err := secretFrom(lookupEnv, logger)
	if err != nil {
		return err
	}
	handler, err := newServer(config{
		clock:      jwtexp.ClockFunc(time.Now),
		secret:     secret,
		lifetime:   lifetime,
		logger:     logger,
		timetravel: timetravel,
		hosts:      names,
	})
	if err != nil {
		return err
	}
	defer handler.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10, // the largest accepted token has 8 KiB
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
	}
	fmt.Fprintf(stdout, "jwtexp demo: %s\n", hosts.URL(listener.Addr()))

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		logger.Info("shutting down: finishing open requests")
		return server.Shutdown(context.WithoutCancel(ctx)) // bounded by the timeouts above
	}
}

// secretFrom returns JWTEXP_SECRET, or a random secret if it is unset. If it is set but empty,
// secretFrom returns an error, because that is a mistake.
func secretFrom(lookupEnv func(string) (string, bool), logger *slog.Logger) ([]byte, error) {
	text, ok := lookupEnv("JWTEXP_SECRET")
	if !ok {
		logger.Warn("JWTEXP_SECRET is not set: using a random secret; tokens become invalid when this process ends")
		secret := make([]byte, 32)
		rand.Read(secret)
		return secret, nil
	}
	if len(text) < 32 {
		return nil, errors.New("JWTEXP_SECRET has fewer than 32 bytes: set it to the output of `openssl rand -base64 32`, or unset it to use a random secret")
	}
	return []byte(text), nil
}
