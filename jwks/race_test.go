package jwks

import (
	"net/http"
	"testing"
	"time"
)

// A caller can see a state that needs a fetch, and be late: by the time it asks for one,
// another's has landed. That one is its own, too.
func TestALateCallerStartsNoSecondFetch(t *testing.T) {
	fetches := 0
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		fetches++
		return nil, http.ErrHandlerTimeout
	})
	r, err := NewRemote("https://login.example/keys", WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	in, now := r.in.Load(), time.Unix(0, 0)
	seen := in.state.Load()
	<-in.fetch(seen, now).done
	late := in.fetch(seen, now)
	<-late.done
	if late.state != in.state.Load() {
		t.Errorf("got %v, want the state that the fetch left", late.state)
	}
	if fetches != 1 {
		t.Errorf("got %d fetches, want 1", fetches)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
