package sessiontest

import (
	"fmt"
	"time"
)

// recordRules are about Create, Find and List.
var recordRules = []rule{
	{"Find returns what Create stored", "store every field of a Record, and read it back from the column that it was written to", func(p *probe) {
		r := newRecord()
		r.Generation, r.Previous = 7, 5
		r.Refreshed = r.Started.Add(time.Minute)
		p.create(r)
		p.wantFound(r)
		p.wantList(r.Subject, start, r)
	}},
	{"Find of an unknown ID returns found=false", "map your database's \"no rows\" to found=false without an error", func(p *probe) {
		p.stored()
		for _, id := range []string{newID(), "", "garbage", "jti:" + newID()} {
			if r, found := p.find(id); found {
				p.faultf("Find(%q): got a record with the ID %q, want none", id, r.ID)
			}
		}
	}},
	{"Create does nothing if the ID is stored", "insert with ON CONFLICT DO NOTHING, SET … NX, or what your database has: never overwrite, and return nil", func(p *probe) {
		r := p.stored()
		p.create(r)
		p.wantFound(r)

		s := newStep(r)
		p.advance(r.ID, s)
		p.create(r)
		p.wantFound(advanced(r, s))

		other := newRecord()
		other.ID = r.ID
		p.create(other)
		p.wantFound(advanced(r, s))
		p.wantList(other.Subject, start)
		p.wantList(r.Subject, start, advanced(r, s))
	}},
	{"List returns the sessions of one subject", "select by the subject alone, and return every field", func(p *probe) {
		a, b, c := p.stored(), p.stored(), newRecord()
		c.Subject, c.Label = a.Subject, ""
		p.create(c)
		s := newStep(c)
		p.advance(c.ID, s)
		p.wantList(a.Subject, start, a, advanced(c, s))
		p.wantList(b.Subject, start, b)
		p.wantList(newSubject(), start)
	}},
	{"List leaves out what has expired", "return a record if now < Expires: at Expires it has expired; Find still returns it", func(p *probe) {
		r := p.stored()
		longer := newRecord()
		longer.Subject, longer.Expires = r.Subject, longer.End
		p.create(longer)
		p.wantList(r.Subject, r.Expires.Add(-time.Millisecond), r, longer)
		p.wantList(r.Subject, r.Expires, longer)
		p.wantList(r.Subject, longer.End)
		p.wantFound(r)
		p.wantList(r.Subject, start, r, longer) // another instance, whose clock is behind
	}},
	{"a session is one record", "update the record in place: a row for each refresh fills the disk", func(p *probe) {
		r := p.stored()
		for range scaled(1000) {
			s := newStep(r)
			s.Now, s.Until = start.Add(time.Minute), r.Expires
			if _, moved, _ := p.advance(r.ID, s); !moved {
				p.faultf("Advance from the current generation, %d: got moved=false, want true", r.Generation)
				return
			}
			r = advanced(r, s)
		}
		p.wantList(r.Subject, start, r)
		p.end(r.ID, start, farOff)
		p.wantRemoved(r)
	}},
	{"records that are returned are copies", "clone Claims on the way in and on the way out: a caller may change what it has passed, and what it got", func(p *probe) {
		r := newRecord()
		passed := r
		passed.Claims = []byte(string(r.Claims))
		p.create(passed)
		check := func(by string, claims []byte) {
			for i := range claims {
				claims[i] = 'x'
			}
			if got, _ := p.find(r.ID); differences(got, r) != "" {
				p.faultf("after the caller changed Claims of %s: Find: %s", by, differences(got, r))
			}
		}
		check("Create's argument", passed.Claims)
		got, _ := p.find(r.ID)
		check("Find's record", got.Claims)
		got, _, _ = p.advance(r.ID, newStep(r))
		r = advanced(r, newStep(r))
		check("Advance's record, moved", got.Claims)
		s := newStep(r)
		s.From = 0
		got, _, _ = p.advance(r.ID, s)
		check("Advance's record, not moved", got.Claims)
		for _, got := range p.list(r.Subject, start) {
			check("List's record", got.Claims)
		}
	}},
	{"Find, List and Ended change nothing", "read only, and return the same again", func(p *probe) {
		r, ended := p.stored(), newID()
		p.end(ended, start, farOff)
		for i := range 3 {
			p.wantFound(r)
			p.wantList(r.Subject, start, r)
			p.wantListed(fmt.Sprintf("reading %d", i+1), p.listed(), ended)
		}
	}},
}
