// Rotation keeps signing keys as files in a directory, such as a mounted Kubernetes secret. It
// rotates them while a server runs, and the server rejects no valid token.
//
//	go run ./examples/rotation -dir keys rotate     # makes the first key
//	go run ./examples/rotation -dir keys serve
//
// In another terminal:
//
//	token=$(curl -s http://127.0.0.1:8080/token)
//	curl -H "Authorization: Bearer $token" http://127.0.0.1:8080/whoami
//	go run ./examples/rotation -dir keys rotate     # for example, every night
//	curl -H "Authorization: Bearer $token" http://127.0.0.1:8080/whoami
//
// After ten seconds, the new key signs the new tokens. The old token stays valid until it
// expires, one minute after it was issued. Each rotate prints the ID of its key. To revoke a
// leaked key:
//
//	go run ./examples/rotation -dir keys revoke ID
//
// In a cluster, run rotate where the directory can be written. Then send the directory to all
// instances:
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
	Propagation: 10 * time.Second, // includes reloadInterval
	Grace:       time.Hour,
}

const reloadInterval = 2 * time.Second

const usage = `Usage: rotation [-dir directory] [-addr host:port] [-hosts names] command

Commands:
  rotate      make a key, which signs in 10 s, or at once if it is the first
  revoke id   reject all tokens of a leaked key
  serve       answer GET /token and GET /whoami, and reload keys that change

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
	dir := flags.String("dir", "keys", "`directory` of entries.json and the key files")
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

// serve answers requests until ctx is done. It returns an error if it cannot load the keys at
// the start. If a later reload fails, it keeps the keys that it has.
func serve(ctx context.Context, dir, addr string, names []string, clock jwtexp.Clock, stdout io.Writer, logger *slog.Logger) error {
	ring, err := keyring.New(schedule)
	if err != nil {
		return err
	}
	keys := &reloader{dir: dir, ring: ring, logger: logger}
	if err := keys.reload(); err != nil {
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

	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			keys.reload() // logs its errors
		case err := <-failed:
			return err
		case <-ctx.Done():
			return server.Shutdown(context.WithoutCancel(ctx)) // bounded by the timeouts above
		}
	}
}
