package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Refresh returns a new access token, and the refresh token to use from now on. That is the same
// one as long as it is younger than twice the policy's Grace. [Tokens.Refresh] may also be "": then
// the client keeps the one that it has.
//
// An error matches exactly one verdict:
//
//   - [jwtexp.ErrExpired]: the session has expired. Log in again, and forget the refresh token.
//   - [jwtexp.ErrInvalid]: log in again, and forget the refresh token. The reason of the
//     [*jwtexp.InvalidError] is ReasonMalformed or ReasonSignature if the text is not a refresh
//     token of this Manager. It is [ReasonEnded] if the session was ended. It is [ReasonReused] if
//     the refresh token had been replaced: then the session is ended now.
//   - [jwtexp.ErrUnavailable]: keep the refresh token, and try later. The session may have been
//     refreshed, or ended because of reuse or ErrEnd.
//
// Refresh writes to the store at most once. It may be repeated with the same refresh token, called
// in parallel, and called again after a lost answer: all calls within Grace return the same refresh
// token.
func (m *Manager) Refresh(ctx context.Context, refreshToken string) (*Tokens, error) {
	in, err := m.config()
	if err != nil {
		return nil, err
	}
	return in.refresh(ctx, refreshToken)
}

func (m *manager) refresh(ctx context.Context, text string) (*Tokens, error) {
	token, err := m.keys.parse(text)
	if err != nil {
		return nil, err
	}
	now, err := m.now(ctx)
	if err != nil {
		return nil, err
	}
	id := token.session()
	r, found, err := m.find(ctx, id)
	if err != nil {
		return nil, m.storeFailed(ctx, Info{ID: id}, err)
	}
	var access *jwtexp.Token
	for range maxAdvances {
		o, step := m.policy.decide(r, found, token, now)
		if o.refuses() {
			return nil, m.refuse(ctx, o, r, found, token, now)
		}
		if access == nil {
			if access, err = m.issue(ctx, r.info()); err != nil {
				return nil, m.refuseToIssue(ctx, r, now, err)
			}
		}
		moved := true
		if o.advances() {
			if r, moved, found, err = m.advance(ctx, id, step); err != nil {
				return nil, m.storeFailed(ctx, Info{ID: id}, err)
			}
		}
		if moved {
			return m.answer(ctx, o, r, token, access, now)
		}
		// Another call was first: decide again by the record that it left.
	}
	return nil, m.failed(ctx, r.info(), outage(ctx, "session store", "it did not advance the session, twice", nil))
}

// errOtherRecord is the error of a store with a fault. It must not log a client in as another
// subject.
var errOtherRecord = &jwtexp.UnavailableError{What: "session store", Detail: "it returned a wrong record; test the store with package sessiontest"}

func (m *manager) find(ctx context.Context, id string) (r Record, found bool, err error) {
	r, found, err = m.store.Find(ctx, id)
	if err == nil && found && r.ID != id {
		err = errOtherRecord
	}
	return r, found, err
}

func (m *manager) advance(ctx context.Context, id string, s Step) (r Record, moved, found bool, err error) {
	r, moved, found, err = m.store.Advance(ctx, id, s)
	if err == nil && (found && r.ID != id || moved && (!found || r.Generation != s.From+1)) {
		err = errOtherRecord
	}
	return r, moved, found, err
}

// maxAdvances is how often Refresh tries to advance a record. A parallel call advances it once
// within twice Grace, so a second one means that something is wrong.
const maxAdvances = 2

// answer returns the Tokens of a decision. Those that come too late are an outage: their refresh
// token could be reuse by the time when the client sends it.
func (m *manager) answer(ctx context.Context, o outcome, r Record, token refreshToken, access *jwtexp.Token, now time.Time) (*Tokens, error) {
	ready, err := m.now(ctx)
	if err != nil {
		return nil, err
	}
	if took := ready.Sub(now); took > m.policy.Grace {
		detail := fmt.Sprintf("refreshing took %v, which is longer than the policy's Grace, %v", took, m.policy.Grace)
		return nil, m.failed(ctx, r.info(), outage(ctx, "session.Manager", detail, nil))
	}
	refresh := ""
	if o != keep {
		refresh = m.keys.text(token.of(r))
	}
	m.observe(ctx, Event{Kind: o.event(), Session: r.info()})
	return newTokens(tokens{access, refresh, r.info(), ready}), nil
}

// refuse returns the error of a decision that refuses. It ends the session if the refresh token was
// reused.
func (m *manager) refuse(ctx context.Context, o outcome, r Record, found bool, token refreshToken, now time.Time) error {
	switch o {
	case expired:
		e := &jwtexp.ExpiredError{ExpiredAt: token.expires, Now: now}
		if found {
			e.ExpiredAt, e.Subject = earlier(r.Expires, now), r.Subject
			m.observe(ctx, Event{Kind: EventExpired, Session: r.info()})
		}
		return e
	case reused:
		if _, _, err := m.endAnyway(ctx, r.ID, now); err != nil {
			return m.storeFailed(ctx, r.info(), err)
		}
		m.observe(ctx, Event{Kind: EventReused, Session: r.info()})
		return &jwtexp.InvalidError{Reason: ReasonReused}
	}
	return &jwtexp.InvalidError{Reason: ReasonEnded}
}

// refuseToIssue returns the error for a session without an access token. It ends the session if err
// is errEnded.
func (m *manager) refuseToIssue(ctx context.Context, r Record, now time.Time, err error) error {
	if !errors.Is(err, errEnded) {
		return m.issueFailed(ctx, r.info(), err)
	}
	_, found, err := m.endAnyway(ctx, r.ID, now)
	if err != nil {
		return m.storeFailed(ctx, r.info(), err)
	}
	if found {
		m.observe(ctx, Event{Kind: EventEnded, Session: r.info()})
	}
	return &jwtexp.InvalidError{Reason: ReasonEnded}
}
