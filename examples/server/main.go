// Server is a login and a guarded resource in front of package jwtexp: it issues
// tokens that live for half an hour, and tells expired ones from invalid ones.
//
//	go run ./examples/server
//
// The page at / shows a token's way from login to expiry. It is a demo: there is
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

A demo of tokens that expire: open its address in a browser to watch one. POST
/login issues a token, GET /resource asks for it:

  curl -H 'Content-Type: application/json' -d '{"user_id":1}' http://127.0.0.1:8080/login
  curl -H 'Authorization: Bearer <token>' http://127.0.0.1:8080/resource

With -timetravel the server uses a clock that can be moved ahead, by buttons on
the page or by

  curl -H 'Content-Type: application/json' -d '{"advance_seconds":60}' http://127.0.0.1:8080/clock

so that you need not wait for the end. GET /clock tells what the clock reads.

There is no password: everyone who reaches the server can log in as anybody. To keep web
pages out, it answers only to localhost and to the host of -addr. Give other names with
-hosts.

Tokens are signed with the environment variable JWTEXP_SECRET, of at least 32
bytes (openssl rand -base64 32 makes one). Where it is unset, a random secret is
made, and tokens end with the process.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
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
	addr := flags.String("addr", "127.0.0.1:8080", "the `host:port` to listen on; port 0 takes a free one")
	names := flags.String("hosts", "", "further `names`, with commas and without ports, that clients may call the server by")
	lifetime := flags.Duration("lifetime", 30*time.Minute, "how long a token lives: whole seconds, at least one")
	timetravel := flags.Bool("timetravel", false, "let clients move the server's clock ahead, to see tokens expire")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "server: takes flags only; -h explains them")
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
		MaxHeaderBytes:    16 << 10, // a token has 8 KiB at most
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
	}
	fmt.Fprintf(stdout, "jwtexp demo: %s\n", hosts.URL(listener.Addr()))

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		logger.Info("finishing what is under way")
		return server.Shutdown(context.WithoutCancel(ctx)) // the timeouts above bound it
	}
}

// secretFrom returns the secret of the environment, or a random one. One that is
// set but empty is a mistake, and must not pass for one that is unset.
func secretFrom(lookupEnv func(string) (string, bool), logger *slog.Logger) ([]byte, error) {
	text, ok := lookupEnv("JWTEXP_SECRET")
	if !ok {
		logger.Warn("JWTEXP_SECRET is not set: the secret is random, and tokens end with this process")
		secret := make([]byte, 32)
		rand.Read(secret)
		return secret, nil
	}
	if len(text) < 32 {
		return nil, errors.New("JWTEXP_SECRET is set to fewer than 32 bytes: make one with `openssl rand -base64 32`, or unset it for a random one")
	}
	return []byte(text), nil
}
