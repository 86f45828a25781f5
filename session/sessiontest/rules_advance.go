package sessiontest

import (
	"fmt"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// advanceRules are about Advance.
var advanceRules = []rule{
	{"Advance moves a record whose generation is at most From", "write if Generation <= From, in one atomic step; == would leave a record behind that has lost writes, as after a failover", func(p *probe) {
		for _, from := range []uint32{0, 3, 4, 5, 6, 9} {
			r := newRecord()
			r.Generation, r.Previous = 5, 3
			p.create(r)
			s := newStep(r)
			s.From, s.Presented = from, from
			p.advances(fmt.Sprintf("generation 5, From %d", from), r, s)
		}
	}},
	{"Advance sets Previous to Presented", "set Previous to s.Presented, and not to the generation before: after a lost answer the two differ", func(p *probe) {
		for _, presented := range []uint32{1, 3, 4, 5} {
			r := newRecord()
			r.Generation, r.Previous = 5, 4
			p.create(r)
			s := newStep(r)
			s.Presented = presented
			p.advances(fmt.Sprintf("From 5, Presented %d", presented), r, s)
		}
	}},
	{"Advance sets Expires to Until, but End at most", "set Expires to the earlier one of s.Until and the record's End, also if that is before the present Expires", func(p *probe) {
		for _, before := range []time.Duration{24*time.Hour - 2*time.Minute, time.Hour, time.Second, 0, -time.Second, -24 * time.Hour} {
			r := p.stored()
			s := newStep(r)
			s.Until = r.End.Add(-before)
			p.advances(fmt.Sprintf("Until %v before End", before), r, s)
		}
	}},
	{"Advance moves an expired record", "do not ask whether the record has expired: that is the caller's business, and a record that has lost writes looks expired", func(p *probe) {
		r := p.stored()
		s := newStep(r)
		s.Now = r.Expires.Add(time.Hour)
		s.Until = s.Now.Truncate(time.Second).Add(time.Hour)
		p.advances("an expired record", r, s)
	}},
	{"Advance of an unknown ID does nothing", "return found=false and no error; create no record", func(p *probe) {
		r := newRecord()
		if _, moved, found := p.advance(r.ID, newStep(r)); moved || found {
			p.faultf("Advance: got moved=%t, found=%t, want false, false", moved, found)
		}
		p.wantRemoved(r)
		if count(p.listed(), r.ID) > 0 {
			p.faultf("Advance of an unknown ID: Ended lists it, want it not listed")
		}
	}},
	{"Advance twice is as once", "return moved=false and the stored record for a step that is done already: drivers and callers repeat calls", func(p *probe) {
		r := p.stored()
		s := newStep(r)
		p.advances("the first call", r, s)
		again := s
		again.Now, again.Until = s.Now.Add(time.Minute), s.Until.Add(time.Minute)
		for _, s := range []session.Step{s, again} {
			p.advances("the second call", advanced(r, newStep(r)), s)
		}
	}},
	{"one of 64 parallel Advances moves", "make the comparison and the write one atomic step (UPDATE … WHERE generation <= from, a transaction with a row lock, or a script), and read the record in it, too", func(p *probe) {
		for range scaled(20) {
			p.advancesOnce(64)
		}
	}},
	{"a clock that steps back stops nothing", "take Now and Until as they are: do not compare them with times that are stored", func(p *probe) {
		r := p.stored()
		for _, back := range []time.Duration{0, time.Millisecond, 26 * time.Hour} {
			s := newStep(r)
			s.Now = r.Refreshed.Add(-back)
			s.Until = s.Now.Truncate(time.Second).Add(time.Hour)
			p.advances(fmt.Sprintf("a step %v back", back), r, s)
			r = advanced(r, s)
		}
		earlier := start.Add(-30 * time.Hour)
		other := p.storedFor(r.Subject)
		p.wantList(r.Subject, earlier, r, other)
		if _, found := p.end(r.ID, earlier, farOff); !found {
			p.faultf("End at a time before Started: got found=false, want true")
		}
		if ids := p.endAll(r.Subject, earlier, farOff); len(ids) != 1 {
			p.faultf("EndAll at a time before Started: got %d IDs, want 1", len(ids))
		}
		p.wantRemoved(other)
		p.wantListed("after End and EndAll", p.listed(), r.ID, other.ID)
	}},
}

// advances calls Advance on the stored record r, and checks everything that it returns and stores.
func (p *probe) advances(what string, r session.Record, s session.Step) {
	want, wantMoved := r, false
	if r.Generation <= s.From {
		want, wantMoved = advanced(r, s), true
	}
	got, moved, found := p.advance(r.ID, s)
	if moved != wantMoved || !found {
		p.faultf("Advance, %s: got moved=%t, found=%t, want %t, true", what, moved, found, wantMoved)
	}
	p.wantRecord("Advance, "+what, got, want)
	p.wantFound(want)
	p.wantList(r.Subject, want.Expires.Add(-time.Millisecond), want)
}

// advancesOnce advances one record from its generation n times in parallel, each with other times.
func (p *probe) advancesOnce(n int) {
	r := p.stored()
	var mu sync.Mutex
	moves := 0
	var returned []session.Record
	calls := make([]func(), n)
	for i := range calls {
		s := newStep(r)
		s.Now, s.Until = s.Now.Add(time.Duration(i)*time.Millisecond), s.Until.Add(time.Duration(i)*time.Second)
		calls[i] = func() {
			got, moved, _ := p.advance(r.ID, s)
			mu.Lock()
			defer mu.Unlock()
			returned = append(returned, got)
			if moved {
				moves++
				p.wantRecord("Advance, moved", got, advanced(r, s))
			}
		}
	}
	together(calls...)
	if moves != 1 {
		p.faultf("%d parallel Advances of one generation: got %d that moved, want 1", n, moves)
	}
	stored, _ := p.find(r.ID)
	for _, got := range returned {
		if diff := differences(got, stored); diff != "" {
			p.faultf("parallel Advances: a call returned a record that is not stored: %s", diff)
			return
		}
	}
}
