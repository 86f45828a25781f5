package sessiontest

import (
	"strings"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// endRules are about End.
var endRules = []rule{
	{"End removes the record and returns it", "delete the record and return what was deleted, in one step", func(p *probe) {
		r := p.stored()
		other := p.storedFor(r.Subject)
		s := newStep(r)
		p.advance(r.ID, s)
		r = advanced(r, s)
		got, found := p.end(r.ID, start, farOff)
		if !found {
			p.faultf("End: got found=false for a session that is stored, want true")
		}
		p.wantRecord("End", got, r)
		if _, found := p.find(r.ID); found {
			p.faultf("Find after End: got found=true, want false")
		}
		p.wantList(r.Subject, start, other)
		if _, moved, found := p.advance(r.ID, newStep(r)); moved || found {
			p.faultf("Advance after End: got moved=%t, found=%t, want false, false", moved, found)
		}
	}},
	{"End lists the ID, also an unknown one", "add the ID to the list whether there was a record or not; an ID may be \"jti:\" and up to 251 bytes of any UTF-8", func(p *probe) {
		r := p.stored()
		if _, found := p.end(r.ID, start, farOff); !found {
			p.faultf("End: got found=false for a session that is stored, want true")
		}
		ids := []string{newID(), "jti:" + newID(), "jti:" + newID() + strings.Repeat("€", 76) + "x"}
		for _, text := range texts {
			if id := "jti:" + fill(text); len(id) <= 255 {
				ids = append(ids, id)
			}
		}
		for i, id := range ids {
			if got, found := p.end(id, start, farOff.Add(time.Duration(i)*time.Millisecond)); found {
				p.faultf("End of %s: got a record with the ID %q, want none", quote(id), got.ID)
			}
		}
		listed := p.listed()
		p.wantUntil(listed, r.ID, farOff)
		for i, id := range ids {
			p.wantUntil(listed, id, farOff.Add(time.Duration(i)*time.Millisecond))
		}
	}},
	{"End keeps the later until", "set the entry's Until to the later one of the stored and the new one, in either order", func(p *probe) {
		later := farOff.Add(time.Hour + time.Millisecond)
		for _, order := range [][2]time.Time{{farOff, later}, {later, farOff}, {later, later}} {
			for _, id := range []string{newID(), p.stored().ID} {
				p.end(id, start, order[0])
				p.end(id, start, order[1])
				p.wantUntil(p.listed(), id, later)
			}
		}
	}},
	{"End does not list an ID again", "update the entry that is there and keep its place: a client that sends an old token often must not make the list longer", func(p *probe) {
		r := p.stored()
		p.end(r.ID, start, farOff)
		const again = 5
		told := 0
		_, cursor := p.read("")
		for i := range again {
			p.end(r.ID, start, farOff.Add(time.Duration(i)*time.Hour))
			var entries []session.Ended
			entries, cursor = p.read(cursor)
			told += count(entries, r.ID)
		}
		if told == again {
			p.faultf("End of one ID, %d times more: got it in Ended each time, want it once", again)
		}
		if n := count(p.listed(), r.ID); n > 2 {
			p.faultf("End of one ID, %d times: got %d entries, want 1", again+1, n)
		}
	}},
	{"End twice is as once", "return found=false and no error for a session that is over", func(p *probe) {
		r := p.stored()
		p.end(r.ID, start, farOff)
		if _, found := p.end(r.ID, start, farOff); found {
			p.faultf("the second End: got found=true, want false")
		}
		p.wantRemoved(r)
		p.wantUntil(p.listed(), r.ID, farOff)
	}},
	{"Create after End creates nothing", "in Create, look for the ID in the list of Ended, in the same step: a Create that was delayed must not revive a session", func(p *probe) {
		ended, unknown, all := p.stored(), newRecord(), p.stored()
		p.end(ended.ID, start, farOff)
		p.end(unknown.ID, start, farOff)
		p.endAll(all.Subject, start, farOff)
		for range 2 {
			p.create(ended)
			p.wantRemoved(ended)
			p.create(unknown)
			p.wantRemoved(unknown)
			p.create(all)
			p.wantRemoved(all)
		}
		p.wantListed("after Create", p.listed(), ended.ID, unknown.ID, all.ID)
		p.wantCreated("the same subject again", all.Subject)
	}},
}

// wantUntil reports an ID that the entries do not list until a time. If an ID comes twice, the
// later time counts.
func (p *probe) wantUntil(entries []session.Ended, id string, want time.Time) {
	var got time.Time
	for _, e := range entries {
		if e.ID == id && (got.IsZero() || e.Until.After(got)) {
			got = e.Until
		}
	}
	switch {
	case got.IsZero():
		p.faultf("after End: Ended does not list %s", quote(id))
	case !same(got, want):
		p.faultf("Ended: Until of %s: got %s, want %s", quote(id), format(got), format(want))
	}
}

// wantCreated reports a new session that is not stored.
func (p *probe) wantCreated(what, subject string) {
	if r := p.storedFor(subject); !p.found(r.ID) {
		p.faultf("Create, %s: got no record, want one", what)
	}
}

func (p *probe) found(id string) bool {
	_, found := p.find(id)
	return found
}
