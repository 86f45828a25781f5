package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

const (
	issuerURL        = "https://login.example/realms/a"
	configurationURL = issuerURL + wellKnown
)

// A web replies to each URL with its own reply, and with status 404 to all others. It records the
// URLs.
type web struct {
	origin
	replies map[string]reply
	asked   []string
}

func newWeb(replies map[string]reply) *web {
	w := &web{replies: replies}
	w.reply = func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		w.asked = append(w.asked, r.URL.String())
		reply, ok := w.replies[r.URL.String()]
		w.mu.Unlock()
		if !ok {
			reply = response(http.StatusNotFound, "")
		}
		return reply(r)
	}
	return w
}

func (w *web) put(url string, r reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replies[url] = r
}

// wantAsked checks which URLs were asked for since the last call.
func (w *web) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff(want, w.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	w.asked = nil
}

// goodWeb is a provider whose configuration leads to the set of key "a" at keysURL.
func goodWeb() *web {
	return newWeb(map[string]reply{
		configurationURL: response(http.StatusOK, configuration(issuerURL, keysURL)),
		keysURL:          set("a"),
	})
}

func discoverLater(t *testing.T, web *web, issuer string, opts ...jwks.RemoteOption) *jwks.Remote {
	t.Helper()
	remote, err := jwks.DiscoverLater(issuer, append(opts, jwks.WithTransport(web))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remote.Close() })
	return remote
}

// wantKeys checks that the Remote has a key with this ID at now, or the verdict that it returns.
func wantKeys(t *testing.T, remote *jwks.Remote, id string, now time.Time, want error) error {
	t.Helper()
	_, err := newVerifier(remote, jwtexptest.NewClock(now)).Verify(context.Background(), tokenOf(id))
	wantVerdict(t, "token "+id, err, want)
	return err
}

func TestDiscoverLater(t *testing.T) {
	web := goodWeb()
	remote := discoverLater(t, web, issuerURL)
	web.wantAsked(t)
	wantKeys(t, remote, "a", day, good)
	web.wantAsked(t, configurationURL, keysURL)
	wantKeys(t, remote, "a", day, good)
	web.wantAsked(t)
	wantKeys(t, remote, "x", day.Add(time.Minute), invalid)
	web.wantAsked(t, keysURL) // the URL is known
}

// The provider starts after the service.
func TestDiscoverLaterRetries(t *testing.T) {
	web := goodWeb()
	web.put(configurationURL, down)
	remote := discoverLater(t, web, issuerURL)
	err := wantKeys(t, remote, "a", day, unavailable)
	if got, want := wantUnavailable(t, err).RetryAfter, 10*time.Second; got != want {
		t.Errorf("got RetryAfter %v, want %v", got, want)
	}
	web.wantAsked(t, configurationURL)
	web.put(configurationURL, goodWeb().replies[configurationURL])
	wantKeys(t, remote, "a", day.Add(10*time.Second-1), unavailable)
	web.wantAsked(t)
	wantKeys(t, remote, "a", day.Add(10*time.Second), good)
	web.wantAsked(t, configurationURL, keysURL)
}

// A configuration that is wrong is an outage: it may be mended, and no token is to blame.
func TestDiscoverLaterWrongConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		configuration("https://login.example", keysURL):                              `its issuer is "https://login.example", and not the one passed to DiscoverLater`,
		configuration(issuerURL, "http://login.example/keys"):                        "jwks_uri: http lets anyone",
		configuration(issuerURL, "https://login.example/#"+secret):                   "jwks_uri: URL contains a fragment",
		configuration(issuerURL, "https://login.example/"+strings.Repeat("x", 2048)): "jwks_uri is missing, longer than 2048 characters, or not ASCII",
		configuration(issuerURL, "https://a%C2%9B31m.example/keys"):                  "jwks_uri is missing, longer",
		configuration(issuerURL, "https://login.example/\u202e"):                     "jwks_uri is missing, longer",
		"<html>" + secret: "response is HTML",
	} {
		web := goodWeb()
		web.put(configurationURL, response(http.StatusOK, text))
		remote := discoverLater(t, web, issuerURL)
		err := wantKeys(t, remote, "a", day, unavailable)
		if got := wantUnavailable(t, err).Detail; !strings.Contains(got, want) || !strings.Contains(got, issuerURL) {
			t.Errorf("got detail %q, want %q and the issuer", got, want)
		}
		wantNoQuote(t, err, wantUnavailable(t, err).Err)
		web.put(configurationURL, goodWeb().replies[configurationURL])
		wantKeys(t, remote, "a", day.Add(time.Minute), good)
	}
}

// A provider that moves its keys is followed.
func TestKeysThatMove(t *testing.T) {
	for name, discover := range map[string]func(*web) (*jwks.Remote, error){
		"Discover": func(w *web) (*jwks.Remote, error) {
			return jwks.Discover(context.Background(), issuerURL, jwks.WithTransport(w))
		},
		"DiscoverLater": func(w *web) (*jwks.Remote, error) { return jwks.DiscoverLater(issuerURL, jwks.WithTransport(w)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const moved = "https://keys.example/new"
				web := goodWeb()
				remote, err := discover(web)
				if err != nil {
					t.Fatal(err)
				}
				defer remote.Close()
				wantKeys(t, remote, "a", day, good)
				web.wantAsked(t, configurationURL, keysURL)

				web.put(configurationURL, response(http.StatusOK, configuration(issuerURL, moved)))
				web.put(moved, set("a", "b"))
				web.put(keysURL, response(http.StatusGone, ""))
				now := day.Add(5 * time.Minute)
				wantKeys(t, remote, "a", now, good) // with the last good set
				wantKeys(t, remote, "b", now, unavailable)
				web.wantAsked(t, keysURL)
				now = now.Add(10 * time.Second)
				wantKeys(t, remote, "b", now, good)
				web.wantAsked(t, configurationURL, moved)
				wantKeys(t, remote, "b", now.Add(5*time.Minute), good)
				web.wantAsked(t, moved)
			})
		})
	}
}

// Without a set, the URL is forgotten, too.
func TestKeysThatWereNeverThere(t *testing.T) {
	web := goodWeb()
	web.put(keysURL, response(http.StatusOK, "<html>"))
	remote, err := jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web))
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	wantKeys(t, remote, "a", day, unavailable)
	web.wantAsked(t, configurationURL, keysURL)
	web.put(keysURL, set("a"))
	wantKeys(t, remote, "a", day.Add(time.Minute), good)
	web.wantAsked(t, configurationURL, keysURL)
}

// The timeout bounds a fetch with both of its requests.
func TestTimeoutBoundsBothRequests(t *testing.T) {
	slow := func(r reply) reply {
		return func(request *http.Request) (*http.Response, error) {
			select {
			case <-time.After(6 * time.Second):
				return r(request)
			case <-request.Context().Done():
				return nil, request.Context().Err()
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		web := goodWeb()
		web.put(configurationURL, slow(web.replies[configurationURL]))
		web.put(keysURL, slow(web.replies[keysURL]))
		remote := discoverLater(t, web, issuerURL)
		verdict := startVerify(t.Context(), newVerifier(remote, jwtexptest.NewClock(day)), tokenOf("a"))
		time.Sleep(10*time.Second - 1)
		wantWaiting(t, "before the timeout", verdict)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		select {
		case err := <-verdict:
			wantVerdict(t, "at the timeout", err, unavailable)
			if text := fmt.Sprint(err); errors.Is(err, context.DeadlineExceeded) || !strings.Contains(text, keysURL+": no complete response within 10s") {
				t.Errorf("got %v, want the timeout of the second request", err)
			}
		default:
			t.Error("got a waiting caller after the timeout, want a verdict")
		}
	})
}

// The caller's own deadline is told from the timeout.
func TestDiscoverDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := newWeb(map[string]reply{configurationURL: after(nil, nil)})
		for timeout, own := range map[time.Duration]bool{time.Second: true, time.Minute: false} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, errors.New(secret))
			_, err := jwks.Discover(ctx, issuerURL, jwks.WithTransport(web))
			cancel()
			wantVerdict(t, "Discover", err, unavailable)
			wantNoQuote(t, err)
			if got := errors.Is(err, context.DeadlineExceeded); got != own {
				t.Errorf("deadline in %v: got %v, want it to match context.DeadlineExceeded: %t", timeout, err, own)
			}
		}
	})
}

func TestDiscoverLaterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web := goodWeb()
		web.put(configurationURL, after(nil, nil))
		remote := discoverLater(t, web, issuerURL)
		ctx, cancel := context.WithCancel(t.Context())
		verdict := startVerify(ctx, newVerifier(remote, jwtexptest.NewClock(day)), tokenOf("a"))
		wantWaiting(t, "a caller", verdict)
		cancel()
		err := <-verdict
		wantCanceled(t, "a caller that gives up", err)
		if got, want := wantUnavailable(t, err).Detail, configurationURL+": fetch has not ended"; !strings.Contains(got, want) {
			t.Errorf("got detail %q, want %q", got, want)
		}
		remote.Close()
		wantKeys(t, remote, "a", day, unavailable)
		web.wantAsked(t, configurationURL)
	})
}

func TestDiscoverLaterWithABrokenTransport(t *testing.T) {
	for name, broken := range brokenTransports() {
		synctest.Test(t, func(t *testing.T) {
			web := goodWeb()
			web.put(configurationURL, broken)
			remote := discoverLater(t, web, issuerURL)
			err := wantKeys(t, remote, "a", day, unavailable)
			if err == nil {
				t.Errorf("%s: got no error, want one", name)
			}
			web.put(configurationURL, goodWeb().replies[configurationURL])
			wantKeys(t, remote, "a", day.Add(time.Minute), good)
		})
	}
}

func TestDiscoverLaterRejectsIssuer(t *testing.T) {
	for _, issuer := range []string{"", "login.example", "http://login.example", "https://login.example?", "https://a:b@login.example"} {
		_, err := jwks.DiscoverLater(issuer)
		wantNoVerdict(t, err)
		if !strings.Contains(fmt.Sprint(err), "DiscoverLater: issuer") {
			t.Errorf("%q: got %v, want an error that names DiscoverLater and issuer", issuer, err)
		}
	}
}
