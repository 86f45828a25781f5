package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp"
)

// End logs out: it ends the session of a refresh token, current or replaced, expired or not. It
// returns nil for a session that is over already, and for text that is not a refresh token of this
// Manager (RFC 7009 §2.2). An error matches [jwtexp.ErrUnavailable]: the session may be ended or
// not, so repeat the call.
//
// No Refresh that begins after End has returned nil succeeds. One that is under way may still
// return an access token, but no refresh token that works. Access tokens stay good until they
// expire, unless their verifier has a [Watcher].
func (m *Manager) End(ctx context.Context, refreshToken string) error {
	in, err := m.config()
	if err != nil {
		return err
	}
	return in.endByToken(ctx, refreshToken)
}

func (m *manager) endByToken(ctx context.Context, text string) error {
	token, err := m.keys.parse(text)
	if err != nil {
		return nil
	}
	now, err := m.now(ctx)
	if err != nil {
		return err
	}
	r, found, err := m.end(ctx, token.session(), now)
	if err != nil {
		return m.storeFailed(ctx, Info{ID: token.session()}, err)
	}
	if found {
		m.observe(ctx, Event{Kind: EventEnded, Session: r.info()})
	}
	return nil
}

// EndSession ends one session of a subject, such as one that the subject picks from [Manager.List].
// ended is false if the subject has no such session, or one that has expired. Sessions of other
// subjects are left alone. An error matches [jwtexp.ErrUnavailable]: repeat the call.
func (m *Manager) EndSession(ctx context.Context, subject, id string) (ended bool, err error) {
	in, err := m.config()
	if err != nil {
		return false, err
	}
	return in.endSession(ctx, subject, id)
}

func (m *manager) endSession(ctx context.Context, subject, id string) (ended bool, err error) {
	now, err := m.now(ctx)
	if err != nil {
		return false, err
	}
	if !isID(id) {
		return false, nil
	}
	r, found, err := m.find(ctx, id)
	if err == nil && found && r.Subject == subject {
		r, found, err = m.end(ctx, id, now)
	} else {
		found = false
	}
	if err != nil {
		return false, m.storeFailed(ctx, Info{ID: id, Subject: subject}, err)
	}
	if !found || !now.Before(r.Expires) {
		return false, nil
	}
	m.observe(ctx, Event{Kind: EventEnded, Session: r.info()})
	return true, nil
}

// EndAll logs a subject out everywhere, or everywhere but in the sessions with the given IDs. It
// returns how many sessions it ended, without those that had expired. An error matches
// [jwtexp.ErrUnavailable]: some sessions may be ended, so repeat the call.
//
// A login that is being checked meanwhile starts a new session, which EndAll does not end. For a
// change of the password, see [WithClaims].
func (m *Manager) EndAll(ctx context.Context, subject string, except ...string) (int, error) {
	in, err := m.config()
	if err != nil {
		return 0, err
	}
	return in.endAll(ctx, subject, except)
}

func (m *manager) endAll(ctx context.Context, subject string, except []string) (int, error) {
	now, err := m.now(ctx)
	if err != nil {
		return 0, err
	}
	if checkSubject(subject) != nil {
		return 0, nil
	}
	except = slices.DeleteFunc(slices.Clone(except), func(id string) bool { return !isID(id) })
	ids, err := m.store.EndAll(ctx, subject, now, m.listedUntil(now), except...)
	if err != nil {
		return 0, m.storeFailed(ctx, Info{Subject: subject}, err)
	}
	m.syncWatcher(ctx, Info{Subject: subject})
	for _, id := range ids {
		m.observe(ctx, Event{Kind: EventEnded, Session: Info{ID: id, Subject: subject}})
	}
	return len(ids), nil
}

// maxTokenID is how many bytes the jti of a token has at most that RevokeToken takes.
const maxTokenID = maxText - len(tokenIDPrefix)

const tokenIDPrefix = "jti:"

// RevokeToken lists one access token as ended, by its ID (jti), for verifiers with a [Watcher]. Its
// session goes on. The entry stays until the token has expired for every verifier. A nil token, a
// token without an ID, or an ID of more than 251 bytes is an error that matches no verdict. After
// [jwtexp.ErrUnavailable] repeat the call.
func (m *Manager) RevokeToken(ctx context.Context, t *jwtexp.Token) error {
	in, err := m.config()
	if err != nil {
		return err
	}
	return in.revokeToken(ctx, t)
}

func (m *manager) revokeToken(ctx context.Context, t *jwtexp.Token) error {
	switch {
	case t.Equal(nil): // or zero, or a copy
		return errors.New("session: RevokeToken: the token is nil or zero; pass one from Verify or Issue")
	case t.ID() == "":
		return errors.New("session: RevokeToken: the token has no ID (jti); end its session instead")
	case len(t.ID()) > maxTokenID:
		return fmt.Errorf("session: RevokeToken: the token's ID has %d bytes; want %d at most", len(t.ID()), maxTokenID)
	}
	now, err := m.now(ctx)
	if err != nil {
		return err
	}
	until := earlier(t.ExpiresAt().Truncate(time.Millisecond).Add(listedLonger), latest)
	if !now.Before(until) {
		return nil
	}
	if _, _, err := m.store.End(ctx, tokenIDPrefix+t.ID(), now, until); err != nil {
		return m.storeFailed(ctx, Info{}, err)
	}
	m.syncWatcher(ctx, Info{})
	return nil
}

// listedLonger is how long an entry is listed after the last access token has expired: for leeway,
// clock skew, and the time between two polls.
const listedLonger = jwtexp.MaxLeeway + 2*time.Minute

// listedUntil returns how long an ID that is ended at now is listed.
func (m *manager) listedUntil(now time.Time) time.Time {
	return earlier(now.Add(m.longest+listedLonger), latest)
}

func (m *manager) end(ctx context.Context, id string, now time.Time) (r Record, found bool, err error) {
	r, found, err = m.store.End(ctx, id, now, m.listedUntil(now))
	if err == nil {
		m.syncWatcher(ctx, Info{ID: id})
	}
	return r, found, err
}

// syncWatcher waits until the Watcher knows what was ended. The end itself is done, so an error is
// for the observer only.
func (m *manager) syncWatcher(ctx context.Context, s Info) {
	if m.watcher == nil {
		return
	}
	ctx, cancel := withoutCaller(ctx)
	defer cancel()
	if err := m.watcher.Sync(ctx); err != nil {
		m.failed(ctx, s, outage(ctx, "session.Watcher", "it could not be synced", err))
	}
}

// endAnyway ends a session although the caller may have hung up. A thief must not be able to stop
// it.
func (m *manager) endAnyway(ctx context.Context, id string, now time.Time) (r Record, found bool, err error) {
	ctx, cancel := withoutCaller(ctx)
	defer cancel()
	return m.end(ctx, id, now)
}

// withoutCaller returns a context that does not end when the caller hangs up, but 5 seconds later
// at most.
func withoutCaller(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}
