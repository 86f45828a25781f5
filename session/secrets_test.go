package session_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// verbs make package fmt print a value in some way.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%10.3v"}

// printed returns the text of v in fmt, log/slog and encoding/json.
func printed(v any) string {
	all := formatted(v) + logged(v) + logged(struct{ V any }{v})
	text, err := json.Marshal(v)
	if asError, ok := v.(error); ok {
		all += asError.Error()
	}
	return all + fmt.Sprint(string(text), err)
}

func logged(v any) string {
	var all strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&all, nil), slog.NewJSONHandler(&all, nil)} {
		slog.New(h).Info("message", "value", v)
	}
	return all.String()
}

func formatted(v any) string {
	var all strings.Builder
	for _, verb := range verbs {
		fmt.Fprintf(&all, verb+"\n", v)
		fmt.Fprintf(&all, verb+"\n", struct{ V any }{v})
		fmt.Fprintf(&all, verb+"\n", []any{v})
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() {
			fmt.Fprintf(&all, verb+"\n", r.Elem().Interface())
		}
	}
	return all.String()
}

// notations returns a secret in several notations.
func notations(secret string) []string {
	return []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))}
}

// No text of a value shows a token, a secret or a claim.
func TestSecretsStayOut(t *testing.T) {
	const claim = "a claim that must not be shown"
	w := newWorld(session.WithOtherSecrets(otherSecret))
	tokens := must(w.Start(t.Context(), "alice", map[string]any{"claim": claim}, session.WithLabel("Firefox")))
	first := tokens.Refresh()
	w.clock.Advance(2 * grace)
	again := must(w.Refresh(t.Context(), first))
	w.clock.Advance(2 * grace)
	third := must(w.Refresh(t.Context(), again.Refresh())).Refresh()

	_, malformed := w.Refresh(t.Context(), first[:59])
	_, forged := w.Refresh(t.Context(), first[:59]+"A")
	w.store.hook = func(string, func() error) error { return errors.New("cannot write " + first + claim) }
	_, down := w.Refresh(t.Context(), first)
	w.store.hook = nil
	_, reused := w.Refresh(t.Context(), first)
	_, ended := w.Refresh(t.Context(), first)
	_, badClaims := w.Start(t.Context(), "alice", map[string]any{"exp": claim})
	_, badSecret := session.New(w.store, w.issuer, secret[:20], policy, session.WithOtherSecrets(otherSecret[:20]))
	_, twice := session.New(w.store, w.issuer, secret, policy, session.WithOtherSecrets(secret))

	var hidden []string
	for _, text := range []string{first, again.Refresh(), third, tokens.Access().Raw(), again.Access().Raw(), string(secret), string(otherSecret), claim} {
		hidden = append(hidden, notations(text)...)
	}
	values := map[string]any{
		"Manager": w.Manager, "Memory": w.store.Memory, "Tokens": tokens, "zero Tokens": new(session.Tokens), "nil Tokens": (*session.Tokens)(nil),
		"Watcher": watch(t, w.store), "Cookies": must(session.NewCookies(w.Manager, must(jwtexp.NewVerifier(w.key)))),
		"Info": tokens.Session(), "option": session.WithOtherSecrets(otherSecret), "events": w.events,
		"malformed": malformed, "forged": forged, "down": down, "reused": reused, "ended": ended, "bad claims": badClaims, "bad secret": badSecret, "twice": twice,
	}
	for i, e := range w.events {
		values[fmt.Sprint("event ", i)] = e
	}
	for name, v := range values {
		text := printed(v)
		for _, secret := range hidden {
			if strings.Contains(text, secret) {
				t.Errorf("%s: got a text with a secret, want none", name)
			}
		}
	}
	// TokenResponse has the tokens in its JSON, and nowhere else.
	response := tokens.Response()
	embedded := struct {
		session.TokenResponse
		Name string
	}{response, "Alice"}
	for name, v := range map[string]any{"TokenResponse": response, "a pointer to it": &response, "embedded": embedded} {
		text := formatted(v)
		raw, err := json.Marshal(v)
		if err != nil || !strings.Contains(string(raw), first) {
			t.Errorf("%s: got %v, want JSON with the refresh token", name, err)
		}
		text += logged(v)
		for _, secret := range notations(first) {
			if strings.Contains(text, secret) {
				t.Errorf("%s: got a text with the refresh token, want none", name)
			}
		}
	}
	if _, err := json.Marshal(tokens); err == nil || !strings.Contains(err.Error(), "Response") {
		t.Errorf("JSON of Tokens: got %v, want an error that names Response", err)
	}
}

// A dump of the store holds nothing that a client could present.
func TestDumpOfTheStore(t *testing.T) {
	var dump bytes.Buffer
	w := newWorld()
	recorded := must(session.New(dumpStore{w.store, &dump}, w.issuer, secret, policy))
	tokens := must(recorded.Start(t.Context(), "alice", nil))
	for range 5 {
		w.clock.Advance(2 * grace)
		tokens = must(recorded.Refresh(t.Context(), tokens.Refresh()))
	}
	if err := recorded.End(t.Context(), tokens.Refresh()); err != nil {
		t.Fatal(err)
	}
	body := must(base64.RawURLEncoding.DecodeString(tokens.Refresh()[4:]))
	if dump.Len() < 1000 {
		t.Fatalf("got a dump of %d bytes, want more", dump.Len())
	}
	for name, part := range map[string]string{"the token": tokens.Refresh(), "the random number": string(body[:16]), "the tag": string(body[26:]), "the secret": string(secret)} {
		for _, secret := range notations(part) {
			if bytes.Contains(dump.Bytes(), []byte(secret)) {
				t.Errorf("got a dump with %s, want it without", name)
			}
		}
	}
}

// A dumpStore writes down all that it is given.
type dumpStore struct {
	*spy
	w *bytes.Buffer
}

func (s dumpStore) Create(ctx context.Context, r session.Record) error {
	fmt.Fprintf(s.w, "%+v %x\n", r, r)
	return s.spy.Create(ctx, r)
}

func (s dumpStore) Find(ctx context.Context, id string) (r session.Record, found bool, err error) {
	r, found, err = s.spy.Find(ctx, id)
	fmt.Fprintf(s.w, "%s %+v %x\n", id, r, r)
	return r, found, err
}

func (s dumpStore) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	r, moved, found, err = s.spy.Advance(ctx, id, step)
	fmt.Fprintf(s.w, "%s %+v %+v %x\n", id, step, r, r)
	return r, moved, found, err
}

func (s dumpStore) End(ctx context.Context, id string, now, until time.Time) (r session.Record, found bool, err error) {
	r, found, err = s.spy.End(ctx, id, now, until)
	fmt.Fprintf(s.w, "%s %+v %x\n", id, r, r)
	return r, found, err
}

// A log line of an Event has the session's ID and times, and the error. It has no claim, such as
// sub.
func TestEventsInLogs(t *testing.T) {
	var log bytes.Buffer
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", nil, session.WithLabel("Firefox")))
	w.store.hook = failBefore("Find")
	if _, err := w.Refresh(t.Context(), tokens.Refresh()); err == nil {
		t.Fatal("got tokens, want an error")
	}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("message", "started", w.events[0], "failed", w.events[1])
	var got struct{ Started, Failed any }
	if err := json.Unmarshal(log.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	id := tokens.Session().ID
	want := struct{ Started, Failed any }{
		map[string]any{"kind": "started", "session": map[string]any{
			"id": id, "started": "2026-01-02T12:00:00.5Z", "expires": "2026-01-02T14:00:00Z", "end": "2026-01-02T22:00:00Z"}},
		map[string]any{"kind": "failed", "session": map[string]any{"id": id}, "error": w.events[1].Err.Error()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The JSON of an Info is for an account page: it leaves out what helps a thief, and the claims.
func TestJSONOfInfo(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", map[string]any{"role": "admin"}, session.WithLabel("Firefox")))
	var got map[string]any
	if err := json.Unmarshal(must(json.Marshal(tokens.Session())), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "subject", "label", "started", "expires", "end"} {
		if got[name] == nil {
			t.Errorf("got no member %s, want it", name)
		}
	}
	if len(got) != 6 {
		t.Errorf("got %v, want 6 members", got)
	}
}

// A caller may change what is returned. No other caller, and not the store, notices.
func TestReturnedValuesAreCopies(t *testing.T) {
	w := newWorld()
	tokens := must(w.Start(t.Context(), "alice", map[string]any{"role": "admin"}))
	w.clock.Advance(2 * grace)
	id, memory := tokens.Session().ID, w.store.Memory
	step := session.Step{From: 1, Presented: 1, Now: epoch, Until: epoch.Add(time.Hour)}
	clear(tokens.Session().Claims)
	clear(must(w.List(t.Context(), "alice"))[0].Claims)
	for range 2 {
		r, _, err := memory.Find(t.Context(), id)
		clear(must(r, err).Claims)
		r, _, _, err = memory.Advance(t.Context(), id, step)
		clear(must(r, err).Claims)
	}
	all := must(memory.List(t.Context(), "alice", epoch))
	clear(all[0].Claims)
	clear(all)
	for _, claims := range [][]byte{tokens.Session().Claims, must(w.List(t.Context(), "alice"))[0].Claims, must(memory.List(t.Context(), "alice", epoch))[0].Claims} {
		if string(claims) != `{"role":"admin"}` {
			t.Errorf("got claims %q, want the claims of Start", claims)
		}
	}
	for range 3 {
		w.start(t)
	}
	ids, err := memory.EndAll(t.Context(), "alice", epoch, epoch.Add(time.Hour))
	clear(must(ids, err))
	for range 2 {
		page, _, err := memory.Ended(t.Context(), "")
		if err != nil || len(page) != 4 || page[0].ID == "" {
			t.Errorf("got %v, %v, want 4 entries", page, err)
		}
		clear(page)
	}
	r, _, err := memory.End(t.Context(), id, epoch, epoch.Add(time.Hour))
	clear(must(r, err).Claims)
}

// A key source whose error quotes a token does not leak it through the observer.
func TestErrorsOfOthersStayOut(t *testing.T) {
	w := newWorld()
	issuer := must(jwtexp.NewIssuer(keySource{errors.New("secret text")}, access, jwtexp.WithClock(w.clock)))
	m := must(session.New(w.store, issuer, secret, policy, session.WithObserver(w.observe)))
	_, err := m.Start(t.Context(), "alice", nil)
	if text := printed(err) + printed(w.events); strings.Contains(text, "secret text") {
		t.Error("got a text with the error of the key source, want it without")
	}
}
