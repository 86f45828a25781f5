// Rotation keeps signing keys as files in a directory, as a Kubernetes secret is mounted,
// and rotates them under a server that runs, without one good token refused.
//
//	go run ./examples/rotation -dir keys rotate     # the first key
//	go run ./examples/rotation -dir keys serve
//
// In another terminal:
//
//	token=$(curl -s http://127.0.0.1:8080/token)
//	curl -H "Authorization: Bearer $token" http://127.0.0.1:8080/whoami
//	go run ./examples/rotation -dir keys rotate     # every night
//	curl -H "Authorization: Bearer $token" http://127.0.0.1:8080/whoami
//
// Ten seconds later new tokens name the new key, and the old token is still good, until it
// expires after a minute. Each rotate prints the ID of its key, by which a key that has
// leaked is revoked:
//
//	go run ./examples/rotation -dir keys revoke ID
//
// In a cluster, rotate runs where the directory can be written, and
//
//	kubectl create secret generic keys --from-file=keys --dry-run=client -o yaml | kubectl apply -f -
//
// hands it to all instances; mount it with defaultMode 0400, and let Propagation be longer
// than the kubelet takes to update it, which is minutes. Give the Service's name with -hosts,
// and set "Host: localhost" in the httpHeaders of probes.
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

// schedule is short, so that one can watch it.
var schedule = keyring.Schedule{
	Lifetime:    time.Minute,
	Propagation: 10 * time.Second, // of which an instance may take reloadEvery
	Grace:       time.Hour,
}

const reloadEvery = 2 * time.Second

const usage = `Usage: rotation [-dir directory] [-addr host:port] [-hosts names] command

Commands:
  rotate      make a new key, which signs in 10 s, or at once if it is the first
  revoke id   trust a key no longer, since it has leaked
  serve       answer GET /token and GET /whoami, and follow the directory

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
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
	dir := flags.String("dir", "keys", "the `directory` of entries.json and the keys")
	addr := flags.String("addr", "127.0.0.1:8080", "the `host:port` to serve on; port 0 takes a free one")
	names := flags.String("hosts", "", "further `names`, with commas and without ports, that clients may call the server by")
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
	switch command := flags.Arg(0); {
	case command == "rotate" && flags.NArg() == 1:
		var id string
		if id, err = rotate(*dir, clock.Now()); err == nil {
			fmt.Fprintln(stdout, id)
		}
	case command == "revoke" && flags.NArg() == 2:
		err = revoke(*dir, flags.Arg(1), clock.Now())
	case command == "serve" && flags.NArg() == 1:
		err = serve(ctx, *dir, *addr, known, clock, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
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

// serve answers requests until ctx is done. Without keys it does not start; with ones that
// break later it goes on with those that it has.
func serve(ctx context.Context, dir, addr string, names []string, clock jwtexp.Clock, stdout io.Writer, logger *slog.Logger) error {
	ring, err := keyring.New(schedule)
	if err != nil {
		return err
	}
	keys := &reloader{dir: dir, ring: ring, logger: logger}
	if err := keys.look(); err != nil {
		return err
	}
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

	ticker := time.NewTicker(reloadEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			keys.look() // which has logged its error
		case err := <-failed:
			return err
		case <-ctx.Done():
			return server.Shutdown(context.WithoutCancel(ctx)) // the timeouts above bound it
		}
	}
}
