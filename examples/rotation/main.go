// Rotation keeps its signing keys in a directory, which several servers can share. The keys
// rotate while the servers run, and no server rejects a valid token.
//
//	go run ./examples/rotation -every 1m serve
//
// In another terminal:
//
//	token=$(curl -s http://127.0.0.1:8080/token)
//	curl -H "Authorization: Bearer $token" http://127.0.0.1:8080/whoami
//
// The server makes a key every minute. Ten seconds later the key signs the new tokens. An old token
// stays valid until it expires, one minute after it was issued. To make a key now, or to revoke a
// leaked one by the ID that whoami shows:
//
//	go run ./examples/rotation rotate
//	go run ./examples/rotation revoke ID
//
// Without -every, the server only loads the keys that rotate makes. In a cluster, run rotate where
// the directory can be written. Then send the directory to all instances:
//
//	kubectl create secret generic keys --from-file=keys --dry-run=client -o yaml | kubectl apply -f -
//
// Mount the secret with defaultMode 0400. Set Propagation to more than the kubelet needs to
// update a mounted secret, which is minutes. Pass the Service's name in -hosts, and set
// "Host: localhost" in the httpHeaders of probes.
package main

import (
	"context"
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
	"github.com/jwtexp/jwtexp/keyring"
)

// schedule is short, so that you can watch a rotation.
var schedule = keyring.Schedule{
	Lifetime:    time.Minute,
	Propagation: 10 * time.Second, // a quarter of it is the time between two polls
	Grace:       time.Hour,
}

const usage = `Usage: rotation [-dir directory] [-every duration] [-addr host:port] [-hosts names] command

Commands:
  rotate      make a key, which signs in 10 s, or at once if it is the first
  revoke id   reject all tokens of a leaked key
  serve       answer GET /token and GET /whoami, and load keys that change

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], jwtexp.SystemClock(), os.Stdout, os.Stderr))
}

// run returns the exit status.
func run(ctx context.Context, args []string, clock jwtexp.Clock, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rotation", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	dir := flags.String("dir", "keys", "`directory` of the file keys.json")
	every := flags.Duration("every", 0, "serve also makes a key this long after the last one; 0: only rotate makes keys")
	addr := flags.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 chooses a free port")
	names := flags.String("hosts", "", "comma-separated host `names`, without ports, that the server answers to besides localhost")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}

	known, err := hosts.Names(*names, *addr)
	if err != nil {
		fmt.Fprintln(stderr, "rotation:", err)
		return 2
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	ring, rotator, err := newRotator(*dir, *every, clock, logger)
	if err != nil {
		fmt.Fprintln(stderr, "rotation:", err)
		return 2
	}
	switch command := flags.Arg(0); {
	case command == "rotate" && flags.NArg() == 1:
		var id string
		if id, err = rotator.Rotate(ctx); err == nil {
			fmt.Fprintln(stdout, id)
		}
	case command == "revoke" && flags.NArg() == 2:
		err = rotator.Revoke(ctx, flags.Arg(1))
	case command == "serve" && flags.NArg() == 1:
		err = serve(ctx, ring, rotator, *addr, known, clock, stdout, logger)
	default:
		flags.Usage()
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "rotation:", err)
		return 1
	}
	return 0
}

func newRotator(dir string, every time.Duration, clock jwtexp.Clock, logger *slog.Logger) (*keyring.Ring, *keyring.Rotator, error) {
	ring, err := keyring.New(schedule)
	if err != nil {
		return nil, nil, err
	}
	rotator, err := keyring.NewRotator(ring, keyring.Directory(dir), keyring.RotatorConfig{
		Algorithm: jwtexp.Ed25519,
		Every:     every,
		Clock:     clock,
		Logger:    logger,
	})
	return ring, rotator, err
}

// serve answers requests until ctx is done. It returns an error if it cannot load the keys at
// the start. If a later poll fails, the ring keeps the keys that it has.
func serve(ctx context.Context, ring *keyring.Ring, rotator *keyring.Rotator, addr string, names []string, clock jwtexp.Clock, stdout io.Writer, logger *slog.Logger) error {
	if err := rotator.Check(ctx); err != nil {
		return err
	}
	go rotator.Run(ctx)
	handler, err := newServer(ring, clock, names)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:      handler,
		ReadTimeout:  5 * time.Second,
		WriteTimeout: 5 * time.Second,
		ErrorLog:     slog.NewLogLogger(logger.Handler(), slog.LevelError),
	}
	fmt.Fprintf(stdout, "rotation demo: %s\n", hosts.URL(listener.Addr()))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx)) // bounded by the timeouts above
	}
}
