package sessiontest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// endAllRules are about EndAll.
var endAllRules = []rule{
	{"EndAll ends the sessions of one subject", "delete all records of the subject, list their IDs, and return them, in one step", func(p *probe) {
		other := p.stored()
		var ids []string
		subject := newSubject()
		for range 50 {
			ids = append(ids, p.storedFor(subject).ID)
		}
		p.endsAll(subject, ids)
		p.wantList(subject, start)
		p.wantFound(other)
		listed := p.listed()
		p.wantListed("after EndAll", listed, ids...)
		p.wantUntil(listed, ids[0], farOff)
		if count(listed, other.ID) > 0 {
			p.faultf("after EndAll: Ended lists a session of another subject")
		}
		p.wantCreated("the same subject again", subject)
	}},
	{"a subject may have many sessions", "list and end all of them, without a LIMIT; if your database answers in pages, read all pages in the step", func(p *probe) {
		all := make([]session.Record, max(250, scaled(1100)))
		ids := make([]string, len(all))
		for i := range all {
			all[i] = newRecord()
			all[i].Subject, ids[i] = all[0].Subject, all[i].ID
			if i%10 == 0 {
				all[i].Claims = []byte(longestClaims)
			}
		}
		var created atomic.Int64
		p.rounds(len(all), func() { p.create(all[created.Add(1)-1]) })
		p.wantList(all[0].Subject, start, all...)
		p.endsAll(all[0].Subject, ids)
		p.wantList(all[0].Subject, start)
		p.wantListed("after EndAll", p.listed(), ids...)
	}},
	{"EndAll leaves the sessions in except", "leave out each ID in except, and ignore one that the subject does not have", func(p *probe) {
		a, other := p.stored(), p.stored()
		b, c := p.storedFor(a.Subject), p.storedFor(a.Subject)
		p.endsAll(a.Subject, []string{c.ID}, a.ID, newID(), other.ID, "garbage", "", b.ID, b.ID)
		p.wantList(a.Subject, start, a, b)
		p.wantFound(a)
		p.wantFound(b)
		p.wantFound(other)
		listed := p.listed()
		p.wantListed("after EndAll", listed, c.ID)
		for _, id := range []string{a.ID, b.ID, other.ID} {
			if count(listed, id) > 0 {
				p.faultf("after EndAll: Ended lists a session in except")
			}
		}
		p.endsAll(a.Subject, []string{a.ID, b.ID})
	}},
	{"EndAll removes expired sessions and does not return them", "delete every record of the subject; return the IDs with now < Expires only, but list all", func(p *probe) {
		short := p.stored()
		long := newRecord()
		long.Subject, long.Expires = short.Subject, long.End
		p.create(long)
		last := p.storedFor(short.Subject)
		s := newStep(last)
		s.Until = short.Expires.Add(time.Second)
		p.advance(last.ID, s)
		ids := p.endAll(short.Subject, short.Expires, farOff) // at its Expires, it has expired
		p.wantIDs(ids, []string{long.ID, last.ID})
		for _, r := range []session.Record{short, long, last} {
			p.wantRemoved(r)
		}
		p.wantListed("after EndAll", p.listed(), short.ID, long.ID, last.ID)
	}},
	{"EndAll twice is as once", "return no IDs and no error for a subject without sessions", func(p *probe) {
		r := p.stored()
		p.endsAll(r.Subject, []string{r.ID})
		p.endsAll(r.Subject, nil)
		p.endsAll(newSubject(), nil)
		p.wantRemoved(r)
		p.wantUntil(p.listed(), r.ID, farOff)
	}},
}

// endsAll calls EndAll and checks which IDs it returns.
func (p *probe) endsAll(subject string, want []string, except ...string) {
	p.wantIDs(p.endAll(subject, start, farOff, except...), want)
}

func (p *probe) wantIDs(got, want []string) {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		p.faultf("EndAll: got %s, want %s, in any order", some(got), some(want))
	}
}

// some returns the number of IDs, and the first of them.
func some(ids []string) string {
	return fmt.Sprintf("%d IDs, %q", len(ids), ids[:min(len(ids), 5)])
}
