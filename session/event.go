package session

import "log/slog"

// An EventKind says what happened to a session.
type EventKind string

// The kinds of an [Event].
const (
	EventStarted   EventKind = "started"
	EventRefreshed EventKind = "refreshed" // with a new refresh token, or after a failover
	EventRepeated  EventKind = "repeated"  // with the same refresh token, its successor again, or none
	EventRecovered EventKind = "recovered" // the successor is skipped: a lost answer, or a thief
	EventReused    EventKind = "reused"    // ended, because there is a copy of a refresh token
	EventEnded     EventKind = "ended"     // by End, EndSession, EndAll or ErrEnd
	EventExpired   EventKind = "expired"   // a refresh token of an expired session, which is normal
	EventFailed    EventKind = "failed"    // an outage
)

// An Event reports what a method of a [Manager] did. It holds no refresh token and no access token.
// There is no Event for text that is not a refresh token of the Manager, for one whose session was
// removed, and for ErrEnd at Start. So a wrong secret shows in the answers (invalid_grant) only.
type Event struct {
	Kind    EventKind // what happened
	Session Info      // of EventEnded by EndAll, the ID and the Subject; of EventFailed, what is known
	Err     error     // of EventFailed, a [*jwtexp.UnavailableError] that says what failed; else nil
}

// LogValue returns kind, session and error.
func (e Event) LogValue() slog.Value {
	all := []slog.Attr{slog.String("kind", string(e.Kind)), slog.Any("session", e.Session)}
	if e.Err != nil {
		all = append(all, slog.String("error", e.Err.Error()))
	}
	return slog.GroupValue(all...)
}
