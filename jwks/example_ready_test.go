package jwks_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/jwtexp/jwtexp/jwks"
)

// A service starts before its provider. Its readiness probe fails until there are keys, and its log
// says why.
func ExampleRemote_Ready() {
	provider := httptest.NewTLSServer(http.NotFoundHandler())
	defer provider.Close()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	keys, err := jwks.DiscoverLater(provider.URL,
		jwks.WithFetchObserver(jwks.LogFetches(logger)),
		jwks.WithTransport(provider.Client().Transport)) // trusts the certificate of the test server
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 500*time.Millisecond) // the probe waits for 1 s
		defer cancel()
		if err := keys.Ready(ctx); err != nil {
			http.Error(w, "no keys", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})

	probe := httptest.NewRecorder()
	mux.ServeHTTP(probe, httptest.NewRequest("GET", "/readyz", nil))
	fmt.Println(probe.Code)
	// Output: 503
}
