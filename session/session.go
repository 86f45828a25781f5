// Package session makes logins last longer than access tokens.
//
// A session is a login. Its client has an access token, which lives for minutes, and a refresh
// token, which it trades for the next access token. A [Manager] replaces refresh tokens as they are
// used, so that a stolen one shows, and keeps one record for each session in a [Store].
//
//	sessions, err := session.New(session.NewMemory(), issuer, secret, session.Policy{
//		Lifetime: 90 * 24 * time.Hour,
//		Idle:     14 * 24 * time.Hour,
//	})
//
//	// In the login handler, when the password is good:
//	tokens, err := sessions.Start(r.Context(), user.ID, nil, session.WithLabel(r.UserAgent()))
//	if err != nil { ... }
//	tokens.Respond(w)
//
//	mux.Handle("/token", sessions.TokenHandler())       // refresh
//	mux.Handle("/revoke", sessions.RevocationHandler()) // log out
//
//	n, err := sessions.EndAll(ctx, user.ID) // log out everywhere
//
// Resource servers verify the access tokens as before. [jwtexp.Token.SessionID] is the ID of the
// session. A logout ends refreshing at once. A [Watcher] makes Verifiers reject the access tokens
// that were issued before, too: within a second, and in other processes by [NewRemoteFeed]. Without
// one, they stay good until they expire.
//
// [Cookies] keep the tokens of a web application, and refresh them before a handler runs.
//
// # What a client does
//
// It sends the refresh token when its access token is about to expire, and stores the refresh token
// of the answer. If the answer has none, it keeps the one that it has. On invalid_grant it forgets
// the refresh token, and a person logs in again. After any other answer, or none, it tries again
// with the same refresh token. It may refresh too early, twice, in parallel and out of order.
//
// # What is stored
//
// A refresh token holds a random number, a generation, an expiry and a tag. The tag is an HMAC of
// the rest under a key from the secret. The store has a hash of the random number, which is the
// session's ID, and the current generation, but no part of a refresh token.
//
//   - A copy of the store forges nothing: the random numbers and the secret are not in it.
//   - The secret alone forges nothing: the random number of a session cannot be guessed. The ID,
//     which every resource server sees, is a hash of it.
//   - The secret and any refresh token of a session, however old, forge that session's refresh
//     tokens until it ends. They end with [Manager.EndAll] or without the secret.
//   - An attacker who can write to the store can log in as anybody, like one who has the issuer's
//     key.
//
// # What Refresh does
//
// A refresh token that is younger than twice [Policy.Grace] is answered with itself and a new
// access token: a server may issue a new refresh token, and need not (RFC 6749 §6). Later it is
// replaced. A refresh token that was replaced is still answered, as long as its successor was not
// replaced, too:
//
//   - for Grace after its replacement with its successor;
//   - then until twice Grace without a refresh token: the client has the successor, or asks again;
//   - then until [Policy.Recovery] with another successor, because the answer with the first one
//     was probably lost. The first one is reuse from then on. With [NoRecovery], the replaced
//     refresh token itself is reuse from Grace on.
//
// Any other refresh token of the session is reuse: there is a copy of it. The session ends, and the
// observer gets [EventReused].
//
// So two tabs, a retry, a lost answer and a late request never log an honest client out, as long as
// three times add up to Grace at most: the latency of an answer with the time in the server, the
// latency of the client's next request until the store has answered it, and the clock skew between
// instances. With the default of 30 seconds, these may be 10 seconds each.
//
// RFC 9700 §4.14.2 wants a replaced refresh token to be of no use at once. This package deviates
// from it, because an honest client's retry would end the session. FAPI 2.0 Security Profile
// §5.3.2.1, note 1, advises against rotation for that reason.
//
// Recovery is for a client that never stored the successor: an app that was killed after it had
// sent a refresh token, or a browser in which an older answer overwrote the newer one. It may stay
// silent for Recovery, and is logged out if it comes back later. The cost: a thief who has a
// replaced refresh token can use it within Recovery, too. That shows when the owner refreshes next,
// because the owner's refresh token was skipped. With [NoRecovery], it shows at once, and a lost
// answer logs the client out.
//
// # What a thief can do
//
// A thief with a copy of the current refresh token gets access tokens like the owner. When thief
// and owner take turns, each more than twice Grace (and the clock skew) after the other, one of
// them presents what the other has replaced. The session ends at the fourth turn at the latest, and
// two turns later for each answer that the owner loses. Two thieves do not show: one who refreshes
// within Grace of the owner each time, and one whose victim never comes back. Idle and Lifetime
// bound the second one.
//
// A refresh token that was sent while it was young is still the current one. So a log of request
// bodies is worth as much to a thief as the client's storage.
//
// # Rotate the secret
//
// During a rolling deploy, old and new instances answer the same clients. First add the new secret
// with [WithOtherSecrets], to every instance. In a second deploy make it the argument of [New], and
// the old one the other. In a third one, when Idle has passed (or Lifetime, if Idle is 0), remove
// the old one. Watch the rate of invalid_grant meanwhile: to an instance without the secret, every
// refresh token is invalid.
//
// # Outages and load
//
// If the store fails, the answer is [jwtexp.ErrUnavailable], and nothing is lost: clients keep
// their refresh tokens. A Refresh reads one record, and writes it at most once in twice Grace for
// each session. Text that is not a refresh token never reaches the store. A client that hammers
// with a good one costs a signature each time, and each login a record: limit the rate of both.
package session
