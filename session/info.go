package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/internal/opaque"
)

// An Info describes a session. Its JSON is for an account page: it leaves out Refreshed, which
// tells a thief when to strike, and Claims. Formatting and logging show ID and times only, unless
// it is in an unexported field of a struct. The times are in UTC.
type Info struct {
	ID        string          `json:"id"`              // the claim sid of the access tokens
	Subject   string          `json:"subject"`         // sub of the access tokens
	Label     string          `json:"label,omitempty"` // WithLabel
	Started   time.Time       `json:"started"`         // the time of Start
	Refreshed time.Time       `json:"-"`               // when the refresh token was last replaced; show it coarsely
	Expires   time.Time       `json:"expires"`         // by Idle, if the refresh token is not replaced before; at most End
	End       time.Time       `json:"end"`             // by Lifetime
	Claims    json.RawMessage `json:"-"`               // of Start: a JSON object
}

func (r *Record) info() Info {
	return Info{r.ID, r.Subject, r.Label, r.Started, r.Refreshed, r.Expires, r.End, bytes.Clone(r.Claims)}
}

// Format prints ID, Started, Expires and End under every verb.
func (s Info) Format(f fmt.State, verb rune) {
	opaque.Format(f, verb, fmt.Sprintf("session.Info(id=%s started=%s expires=%s end=%s)",
		s.ID, s.Started.Format(time.RFC3339), s.Expires.Format(time.RFC3339), s.End.Format(time.RFC3339)))
}

// LogValue returns id, started, expires and end. It leaves out times that are not known.
func (s Info) LogValue() slog.Value {
	all := []slog.Attr{slog.String("id", s.ID)}
	if !s.End.IsZero() {
		all = append(all, slog.Time("started", s.Started), slog.Time("expires", s.Expires), slog.Time("end", s.End))
	}
	return slog.GroupValue(all...)
}

// List returns the sessions of a subject that have not expired, the newest first. It returns none
// for an unknown subject. It writes nothing. An error matches [jwtexp.ErrUnavailable].
func (m *Manager) List(ctx context.Context, subject string) ([]Info, error) {
	in, err := m.config()
	if err != nil {
		return nil, err
	}
	return in.list(ctx, subject)
}

func (m *manager) list(ctx context.Context, subject string) ([]Info, error) {
	now, err := m.now(ctx)
	if err != nil {
		return nil, err
	}
	if checkSubject(subject) != nil {
		return nil, nil
	}
	records, err := m.store.List(ctx, subject, now)
	if err != nil {
		return nil, m.storeFailed(ctx, Info{Subject: subject}, err)
	}
	all := make([]Info, len(records))
	for i := range records {
		all[i] = records[i].info()
	}
	slices.SortFunc(all, func(a, b Info) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return all, nil
}
