package session_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/session"
)

// The table of the scheme: what Refresh does with a refresh token, by its generation and by the
// time since the record was advanced.
func TestDecide(t *testing.T) {
	p := session.Policy{Lifetime: lifetime, Idle: idle, Grace: grace, Recovery: recovery}
	without := p
	without.Recovery = session.NoRecovery
	withoutIdle := p
	withoutIdle.Idle = 0
	const ms = time.Millisecond

	at := epoch.Truncate(ms)
	r := session.Record{
		Generation: 7, Previous: 5, Started: at.Add(-time.Hour), Refreshed: at,
		Expires: at.Add(idle).Truncate(time.Second), End: at.Add(9 * time.Hour).Truncate(time.Second),
	}
	with := func(change func(*session.Record)) session.Record {
		r := r
		change(&r)
		return r
	}
	live := r.Expires
	step := func(from, presented uint32, age time.Duration) session.Step {
		return session.Step{From: from, Presented: presented, Now: at.Add(age), Until: at.Add(age + idle).Truncate(time.Second)}
	}
	for _, tt := range []struct {
		name    string
		policy  session.Policy
		record  session.Record
		g       uint32
		expires time.Time
		age     time.Duration
		want    string
		step    session.Step
	}{
		{"current, at once", p, r, 7, live, 0, "repeat", session.Step{}},
		{"current, by a clock that is behind", p, r, 7, live, -grace, "repeat", session.Step{}},
		{"current, by a clock that was set back", p, r, 7, live, -grace - ms, "replace", step(7, 7, -grace-ms)},
		{"current, until twice Grace", p, r, 7, live, 2*grace - ms, "repeat", session.Step{}},
		{"current, at twice Grace", p, r, 7, live, 2 * grace, "replace", step(7, 7, 2*grace)},
		{"current, the last millisecond", p, r, 7, live, live.Sub(at) - ms, "replace", step(7, 7, live.Sub(at)-ms)},
		{"current, when it expires", p, r, 7, live, live.Sub(at), "expired", session.Step{}},
		{"current, later", p, r, 7, live, idle + time.Hour, "expired", session.Step{}},
		{"current, with an expiry that was longer", p, r, 7, live.Add(time.Hour), live.Sub(at), "expired", session.Step{}},

		{"previous, at once", p, r, 5, live, 0, "repeat", session.Step{}},
		{"previous, by a clock that was set back", p, r, 5, live, -time.Hour, "repeat", session.Step{}},
		{"previous, until Grace", p, r, 5, live, grace - ms, "repeat", session.Step{}},
		{"previous, at Grace", p, r, 5, live, grace, "keep", session.Step{}},
		{"previous, until twice Grace", p, r, 5, live, 2*grace - ms, "keep", session.Step{}},
		{"previous, at twice Grace", p, r, 5, live, 2 * grace, "recovered", step(7, 5, 2*grace)},
		{"previous, until Recovery", p, r, 5, live, recovery - ms, "recovered", step(7, 5, recovery-ms)},
		{"previous, at Recovery", p, r, 5, live, recovery, "reused", session.Step{}},
		{"previous, past its own expiry", p, r, 5, at.Add(-time.Minute), 2 * grace, "recovered", step(7, 5, 2*grace)},
		{"previous, of an expired session", p, r, 5, at.Add(-time.Minute), live.Sub(at), "expired", session.Step{}},

		{"previous without recovery, until Grace", without, r, 5, live, grace - ms, "repeat", session.Step{}},
		{"previous without recovery, at Grace", without, r, 5, live, grace, "reused", session.Step{}},
		{"previous without recovery, later", without, r, 5, live, time.Hour, "reused", session.Step{}},
		{"current without recovery", without, r, 7, live, grace, "repeat", session.Step{}},

		{"skipped", p, r, 6, live, 0, "reused", session.Step{}},
		{"skipped, later", p, r, 6, live, time.Hour, "reused", session.Step{}},
		{"old", p, r, 4, live, 0, "reused", session.Step{}},
		{"old, past its own expiry", p, r, 1, at.Add(-time.Hour), 0, "reused", session.Step{}},
		{"old, of an expired session", p, r, 1, at.Add(-time.Hour), live.Sub(at), "expired", session.Step{}},
		{"none before the first", p, with(func(r *session.Record) { r.Generation, r.Previous = 1, 0 }), 1, live, 2 * grace, "replace", step(1, 1, 2*grace)},

		{"ahead: one write is lost", p, r, 8, live, 0, "restore", step(7, 7, 0)},
		{"ahead: many writes are lost", p, r, 20, live, time.Hour, "restore", step(19, 19, time.Hour)},
		{"ahead, of a record that has expired", p, r, 8, live.Add(time.Hour), live.Sub(at), "restore", step(7, 7, live.Sub(at))},
		{"ahead, expired as well", p, r, 8, live, live.Sub(at), "expired", session.Step{}},

		{"without Idle", withoutIdle, with(func(r *session.Record) { r.Expires = r.End }), 7, r.End, time.Hour, "replace",
			session.Step{From: 7, Presented: 7, Now: at.Add(time.Hour), Until: r.End}},
		{"a second before the end", p, with(func(r *session.Record) { r.Expires = r.End }), 7, r.End, r.End.Sub(at) - time.Second, "replace",
			session.Step{From: 7, Presented: 7, Now: r.End.Add(-time.Second), Until: r.End}},
		{"less than a second before the end", p, with(func(r *session.Record) { r.Expires = r.End }), 7, r.End, r.End.Sub(at) - 999*ms, "expired", session.Step{}},
		{"reuse in the last second", p, with(func(r *session.Record) { r.Expires = r.End }), 6, r.End, r.End.Sub(at) - ms, "reused", session.Step{}},
		{"the last generation", p, with(func(r *session.Record) { r.Generation = math.MaxUint32 }), math.MaxUint32, live, 2 * grace, "ended", session.Step{}},
		{"the last generation, while it is young", p, with(func(r *session.Record) { r.Generation = math.MaxUint32 }), math.MaxUint32, live, grace, "repeat", session.Step{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, gotStep := session.Decide(tt.policy, tt.record, true, tt.g, tt.expires, at.Add(tt.age))
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if diff := cmp.Diff(tt.step, gotStep); diff != "" {
				t.Errorf("step (-want +got):\n%s", diff)
			}
		})
	}
	for age, want := range map[time.Duration]string{live.Sub(at) - ms: "ended", live.Sub(at): "expired"} {
		if got, _ := session.Decide(p, session.Record{}, false, 7, live, at.Add(age)); got != want {
			t.Errorf("no record, at %v: got %s, want %s", age, got, want)
		}
	}
}
