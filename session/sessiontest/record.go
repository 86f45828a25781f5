package sessiontest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// start is when the sessions of most rules start. Ended lists what they end until farOff.
var (
	start  = time.Date(2030, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	farOff = start.Add(48 * time.Hour)
)

func newID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return base64.RawURLEncoding.EncodeToString(id)
}

func newSubject() string { return "subject " + rand.Text() }

// newRecord returns a record as Start makes it, which expires after an hour and ends after a day.
func newRecord() session.Record { return newRecordAt(start) }

func newRecordAt(now time.Time) session.Record {
	second := now.Truncate(time.Second)
	return session.Record{
		ID: newID(), Subject: newSubject(), Label: "Firefox on Linux",
		Generation: 1, Started: now, Refreshed: now,
		Expires: second.Add(time.Hour), End: second.Add(24 * time.Hour),
		Claims: []byte(`{"role":"reader"}`),
	}
}

// stored creates a new record.
func (p *probe) stored() session.Record { return p.storedFor(newSubject()) }

func (p *probe) storedFor(subject string) session.Record {
	r := newRecord()
	r.Subject = subject
	p.create(r)
	return r
}

// newStep returns a step as Refresh makes it in the usual case, a minute after r.Refreshed.
func newStep(r session.Record) session.Step {
	now := r.Refreshed.Add(time.Minute + time.Millisecond)
	return session.Step{From: r.Generation, Presented: r.Generation, Now: now, Until: now.Truncate(time.Second).Add(time.Hour)}
}

// advanced returns r after a step that moved it.
func advanced(r session.Record, s session.Step) session.Record {
	r.Generation, r.Previous, r.Refreshed, r.Expires = s.From+1, s.Presented, s.Now, s.Until
	if r.End.Before(r.Expires) {
		r.Expires = r.End
	}
	return r
}

// wantRecord reports the fields of got that differ.
func (p *probe) wantRecord(method string, got, want session.Record) {
	if diff := differences(got, want); diff != "" {
		p.faultf("%s: %s", method, diff)
	}
}

// wantFound reports a record that Find does not return.
func (p *probe) wantFound(want session.Record) {
	got, found := p.find(want.ID)
	if !found {
		p.faultf("Find: got found=false for a session that is stored, want true")
		return
	}
	p.wantRecord("Find", got, want)
}

// wantRemoved reports a record that is still there.
func (p *probe) wantRemoved(r session.Record) {
	if got, found := p.find(r.ID); found {
		p.faultf("Find: got a record in generation %d, want none", got.Generation)
	}
	p.wantList(r.Subject, start)
}

// wantList reports records of a subject that List must have, or must not have.
func (p *probe) wantList(subject string, now time.Time, want ...session.Record) {
	missing := make(map[string]session.Record)
	for _, r := range want {
		missing[r.ID] = r
	}
	for _, got := range p.list(subject, now) {
		r, ok := missing[got.ID]
		switch {
		case ok:
			p.wantRecord("List", got, r)
			delete(missing, got.ID)
		case got.Subject != subject:
			p.faultf("List: got a session of the subject %s, want only those with %s", quote(got.Subject), quote(subject))
		default:
			p.faultf("List: got a session in generation %d that expires at %s, want it not in the list, or once, at %s",
				got.Generation, format(got.Expires), format(now))
		}
	}
	if len(missing) > 0 {
		p.faultf("List of the subject %s: got %d of %d sessions, want all", quote(subject), len(want)-len(missing), len(want))
	}
}

// wantListed reports IDs that are not in the entries of Ended.
func (p *probe) wantListed(what string, entries []session.Ended, ids ...string) {
	missing := make(map[string]bool)
	for _, id := range ids {
		missing[id] = true
	}
	for _, e := range entries {
		delete(missing, e.ID)
	}
	if len(missing) > 0 {
		p.faultf("%s: Ended lists %d of %d IDs, want all", what, len(ids)-len(missing), len(ids))
	}
}

// count returns how often the entries have an ID.
func count(entries []session.Ended, id string) int {
	n := 0
	for _, e := range entries {
		if e.ID == id {
			n++
		}
	}
	return n
}

// differences returns the fields of two records that differ, or "".
func differences(got, want session.Record) string {
	var all []string
	text := func(field, got, want string) {
		if got != want {
			all = append(all, fmt.Sprintf("%s: got %s, want %s", field, quote(got), quote(want)))
		}
	}
	number := func(field string, got, want uint32) {
		if got != want {
			all = append(all, fmt.Sprintf("%s: got %d, want %d", field, got, want))
		}
	}
	date := func(field string, got, want time.Time) {
		if !same(got, want) {
			all = append(all, fmt.Sprintf("%s: got %s, want %s", field, format(got), format(want)))
		}
	}
	text("ID", got.ID, want.ID)
	text("Subject", got.Subject, want.Subject)
	text("Label", got.Label, want.Label)
	number("Generation", got.Generation, want.Generation)
	number("Previous", got.Previous, want.Previous)
	date("Started", got.Started, want.Started)
	date("Refreshed", got.Refreshed, want.Refreshed)
	date("Expires", got.Expires, want.Expires)
	date("End", got.End, want.End)
	text("Claims", string(got.Claims), string(want.Claims))
	return strings.Join(all, "; ")
}

// same reports whether got is the same time as want, and in UTC under any name.
func same(got, want time.Time) bool {
	_, offset := got.Zone()
	return got.Equal(want) && offset == 0
}

func format(t time.Time) string {
	return t.Format("2006-01-02T15:04:05.999999999 -0700") + " (" + t.Location().String() + ")"
}

// quote returns s in quotes. It leaves out the middle of a long text.
func quote(s string) string {
	const end = 40
	if len(s) <= 3*end {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", s[:end], s[len(s)-end:], len(s))
}
