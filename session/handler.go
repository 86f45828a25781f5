package session

import (
	"errors"
	"net/http"
	"strings"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/bearer"
)

// TokenHandler returns a token endpoint for refresh tokens (RFC 6749 §6): a POST of a form with
// grant_type=refresh_token and refresh_token. It answers with a [TokenResponse], or as
// [RespondError] does. An error of the request is 400 with invalid_request, unsupported_grant_type
// or invalid_scope, and another method than POST is 405.
//
// The form has 16 KiB at most, and each parameter once. An empty parameter counts as absent.
// Unknown parameters and the query are ignored. Every answer has Cache-Control: no-store.
//
// Clients are not authenticated: wrap the handler if yours have credentials. The wrapper may call
// [http.Request.ParseForm]. Limit the rate of calls, too: with a good refresh token, each call
// costs the signature of an access token. The server's ReadTimeout bounds slow bodies.
func (m *Manager) TokenHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, fault := readForm(w, r)
		if fault == nil {
			fault = checkRefresh(form)
		}
		if fault != nil {
			fault.respond(w)
			return
		}
		tokens, err := m.Refresh(r.Context(), form.Get("refresh_token"))
		if err != nil {
			RespondError(w, err)
			return
		}
		tokens.Respond(w)
	})
}

// checkRefresh checks grant_type first: the other parameters depend on it.
func checkRefresh(f form) *formError {
	switch {
	case f.repeats("grant_type"):
		return invalidRequest("grant_type is given twice")
	case f.Get("grant_type") == "":
		return invalidRequest("grant_type is missing")
	case f.Get("grant_type") != "refresh_token":
		return badRequest("unsupported_grant_type", "want grant_type=refresh_token")
	case f.repeatsAny():
		return invalidRequest("a parameter is given twice")
	case f.Get("refresh_token") == "":
		return invalidRequest("refresh_token is missing")
	case f.Get("scope") != "":
		return badRequest("invalid_scope", "the scope of a session cannot be changed; leave scope out")
	}
	return nil
}

// RevocationHandler returns a revocation endpoint (RFC 7009): a POST of a form with token, a
// refresh token whose session it ends, as [Manager.End] does. It answers 200 if the token is of no
// use afterwards, so also for text that is not a token. For an access token it answers 400 with
// unsupported_token_type. The form has the rules of [Manager.TokenHandler], and errors are answered
// alike. If the client hangs up, the session ends nevertheless.
func (m *Manager) RevocationHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, fault := readForm(w, r)
		if fault == nil {
			fault = checkRevoke(form)
		}
		if fault != nil {
			fault.respond(w)
			return
		}
		ctx, cancel := withoutCaller(r.Context())
		defer cancel()
		if err := m.End(ctx, form.Get("token")); err != nil {
			RespondError(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
	})
}

func checkRevoke(f form) *formError {
	switch {
	case f.repeatsAny():
		return invalidRequest("a parameter is given twice")
	case f.Get("token") == "":
		return invalidRequest("token is missing")
	case strings.Count(f.Get("token"), ".") == 2: // a JWT; a refresh token has no dot
		return badRequest("unsupported_token_type", "an access token cannot be revoked here; send the refresh token")
	}
	return nil
}

// RespondError writes what [Manager.TokenHandler] answers for an error of [Manager.Refresh] (RFC
// 6749 §5.2). It is for handlers of your own. The answer is 400 with invalid_grant for
// [jwtexp.ErrExpired] and [jwtexp.ErrInvalid]: the client forgets the refresh token and logs in
// again. It is 503 with temporarily_unavailable and Retry-After for [jwtexp.ErrUnavailable]. For
// nil, and for an error that matches no verdict, it is 500 with server_error.
//
// A handler should answer a request without a refresh token itself, with another error: after
// invalid_grant, the client would forget its refresh token.
func RespondError(w http.ResponseWriter, err error) {
	answer := &formError{status: http.StatusInternalServerError, Code: "server_error"}
	switch {
	case errors.Is(err, jwtexp.ErrUnavailable):
		respondUnavailable(w, err, "keep the refresh token and try later")
		return
	case errors.Is(err, jwtexp.ErrExpired):
		answer = badRequest("invalid_grant", "the session has expired; log in again")
	case errors.Is(err, jwtexp.ErrInvalid):
		answer = badRequest("invalid_grant", "the session is not valid; log in again")
	}
	answer.respond(w)
}

// respondUnavailable writes a 503 for an outage, with the RetryAfter of the error.
func respondUnavailable(w http.ResponseWriter, err error, description string) {
	retry := jwtexp.DefaultRetryAfter
	if e, ok := errors.AsType[*jwtexp.UnavailableError](err); ok && e != nil && e.RetryAfter > 0 {
		retry = e.RetryAfter
	}
	w.Header().Set("Retry-After", bearer.RetryAfter(retry))
	answer := formError{http.StatusServiceUnavailable, "temporarily_unavailable", description}
	answer.respond(w)
}
