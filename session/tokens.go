package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/opaque"
)

// Tokens are the answer of [Manager.Start] and [Manager.Refresh]. Nothing changes them, and they
// are safe for concurrent use. The accessors panic on nil or zero Tokens. Formatting and logging
// show the session and no token.
type Tokens struct {
	in opaque.Field[tokens]
}

type tokens struct {
	access  *jwtexp.Token
	refresh string
	session Info
	ready   time.Time
}

func newTokens(t tokens) *Tokens {
	outer := new(Tokens)
	outer.in.Set(&t)
	return outer
}

// Access returns the access token.
func (t *Tokens) Access() *jwtexp.Token { return t.in.Get().access }

// Refresh returns the refresh token, or "": then the client keeps the one that it has. It is a
// credential. It has 60 letters, digits, - and _.
func (t *Tokens) Refresh() string { return t.in.Get().refresh }

// Session returns the session, as it is stored now.
func (t *Tokens) Session() Info {
	s := t.in.Get().session
	s.Claims = slices.Clone(s.Claims)
	return s
}

// Response returns the answer to send to the client.
func (t *Tokens) Response() TokenResponse {
	in := t.in.Get()
	return TokenResponse{
		AccessToken:  in.access.Raw(),
		TokenType:    "Bearer",
		ExpiresIn:    max(0, int(in.access.ExpiresAt().Sub(in.ready)/time.Second)),
		RefreshToken: in.refresh,
	}
}

// Respond writes Response as JSON, with status 200 and Cache-Control: no-store (RFC 6749 §5.1).
func (t *Tokens) Respond(w http.ResponseWriter) { respond(w, http.StatusOK, t.Response()) }

func (t *Tokens) text() string {
	if t == nil || t.in.Get() == nil {
		return "session.Tokens(none)"
	}
	return fmt.Sprintf("session.Tokens(%v)", t.in.Get().session)
}

// Format prints the session under every verb, without a token.
func (t *Tokens) Format(f fmt.State, verb rune) { opaque.Format(f, verb, t.text()) }

// LogValue returns the session, without a token.
func (t *Tokens) LogValue() slog.Value { return slog.StringValue(t.text()) }

// MarshalJSON returns an error, so that no log gets the tokens. Encode Response.
func (t *Tokens) MarshalJSON() ([]byte, error) {
	return nil, errors.New("session: Tokens have no JSON; encode what Response returns")
}

// A TokenResponse is the answer of a token endpoint (RFC 6749 §5.1). Its JSON has the tokens.
// Formatting and logging show none, unless it is in an unexported field of a struct. Embed it to
// add members, and send it with Cache-Control: no-store.
type TokenResponse struct {
	AccessToken  string `json:"access_token"`            // a credential
	TokenType    string `json:"token_type"`              // Bearer
	ExpiresIn    int    `json:"expires_in"`              // whole seconds that the access token has left
	RefreshToken string `json:"refresh_token,omitempty"` // "": the client keeps the one that it has
}

func (r TokenResponse) text() string {
	return fmt.Sprintf("session.TokenResponse(token_type=%q expires_in=%d)", r.TokenType, r.ExpiresIn)
}

// Format prints the type and the seconds under every verb, without a token.
func (r TokenResponse) Format(f fmt.State, verb rune) { opaque.Format(f, verb, r.text()) }

// LogValue returns the type and the seconds, without a token.
func (r TokenResponse) LogValue() slog.Value { return slog.StringValue(r.text()) }

// respond writes an answer of a token endpoint.
func respond(w http.ResponseWriter, status int, answer any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache") // RFC 6749 §5.1
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}
