package jwks

import (
	"net/http"
	"testing"
	"time"
)

// A call can see a state that needs a fetch and then come late, after another fetch has ended. It
// uses the result of that fetch.
func TestLateCallStartsNoSecondFetch(t *testing.T) {
	fetches := 0
	transport := roundTripFunc(func(*http.Request) (*http.Response, error) {
		fetches++
		return nil, http.ErrHandlerTimeout
	})
	r, err := NewRemote("https://login.example/keys", WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	inner, now := r.inner.Load(), time.Unix(0, 0)
	old := inner.state.Load()
	<-inner.startFetch(old, now).done
	late := inner.startFetch(old, now)
	<-late.done
	if got, want := late.state, inner.state.Load(); got != want {
		t.Errorf("got state %v, want %v, which the fetch left", got, want)
	}
	if fetches != 1 {
		t.Errorf("got %d fetches, want 1", fetches)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
