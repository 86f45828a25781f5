package sessiontest

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jwtexp/jwtexp/session"
)

// parallelRules are about calls at the same time.
var parallelRules = []rule{
	{"nothing moves after End has returned", "make Advance one atomic step that writes only to a record that is there (an upsert would revive the session), and that also reads what it returns; the same for End", func(p *probe) {
		p.rounds(scaled(1000), func() {
			r := p.stored()
			var got session.Record
			last := p.advancesUntilEnded(r, func() {
				var found bool
				if got, found = p.end(r.ID, start, farOff); !found {
					p.faultf("End, while others advance: got found=false, want true")
				}
			})
			p.wantRecord("End, while others advance: the record after the last Advance that moved", got, last)
		})
	}},
	{"nothing moves after EndAll has returned", "make Advance one atomic step that writes only to a record that is there, and EndAll one that waits for it", func(p *probe) {
		p.rounds(scaled(1000), func() {
			r := p.stored()
			p.advancesUntilEnded(r, func() {
				if ids := p.endAll(r.Subject, start, farOff); len(ids) != 1 {
					p.faultf("EndAll, while others advance: got %d IDs, want 1", len(ids))
				}
			})
		})
	}},
	{"one of several parallel Ends finds the record", "delete the record and return what was deleted, in one step: after a SELECT, two Ends have found it before one deletes it; the same for EndAll", func(p *probe) {
		const enders = 4
		var turn atomic.Int64
		p.rounds(scaled(1000), func() {
			r := p.stored()
			var finders atomic.Int64
			calls := slices.Repeat([]func(){func() {
				if got, found := p.end(r.ID, start, farOff); found {
					finders.Add(1)
					p.wantRecord("End", got, r)
				}
			}}, enders)
			if turn.Add(1)%2 == 0 {
				calls[0] = func() {
					if slices.Contains(p.endAll(r.Subject, start, farOff), r.ID) {
						finders.Add(1)
					}
				}
			}
			together(calls...)
			if n := finders.Load(); n != 1 {
				p.faultf("%d parallel calls of End, or of End and EndAll, for one session: got %d that found it, want 1", enders, n)
			}
			p.wantRemoved(r)
		})
	}},
	{"Create at the same time as End leaves no record", "lock the ID, or make each of the two a transaction that sees the other: Create must find the entry in Ended, or End the record", func(p *probe) {
		var mu sync.Mutex
		var ids []string
		p.rounds(scaled(1000), func() {
			r := newRecord()
			var stored session.Record
			var found bool
			together(
				func() { p.create(r) },
				func() { p.advance(r.ID, newStep(r)) },
				func() { stored, found = p.end(r.ID, start, farOff) },
			)
			if found && differences(stored, r) != "" {
				p.wantRecord("End", stored, advanced(r, newStep(r)))
			}
			p.wantRemoved(r)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, r.ID)
		})
		p.wantListed("after End", p.listed(), ids...)
	}},
	{"Create at the same time as EndAll is before it or after it", "make EndAll one step: what it returns is what it removes and lists", func(p *probe) {
		var mu sync.Mutex
		var ended []string
		p.rounds(scaled(1000), func() {
			r := newRecord()
			var ids []string
			together(
				func() { p.create(r) },
				func() { ids = p.endAll(r.Subject, start, farOff) },
			)
			returned := slices.Contains(ids, r.ID)
			for _, when := range []string{"", ", and after the same Create again"} {
				if found := p.found(r.ID); returned == found {
					p.faultf("EndAll%s: got the ID returned=%t, and found=%t by Find, want one of both", when, returned, found)
				}
				p.create(r)
			}
			if returned {
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, r.ID)
			}
		})
		p.wantListed("after EndAll", p.listed(), ended...)
	}},
	{"many callers use the store at once", "protect what the store keeps in memory, such as a cache or a prepared statement, and use a transaction for what is more than one statement", func(p *probe) {
		shared := []session.Record{p.stored(), p.stored(), p.stored(), p.stored()}
		moves := make([]atomic.Uint32, len(shared))
		var turn atomic.Int64
		p.rounds(scaled(1000), func() {
			i := int(turn.Add(1)) % len(shared)
			r, _ := p.find(shared[i].ID)
			if got, moved, _ := p.advance(r.ID, newStep(r)); moved {
				p.wantRecord("Advance, moved, while others call", got, advanced(r, newStep(r)))
				moves[i].Add(1)
			}
			if n := len(p.list(r.Subject, start)); n == 0 {
				p.faultf("List, while others call: got no session, want one or more")
			}
			own := p.storedFor(r.Subject)
			p.wantFound(own)
			p.end(own.ID, start, farOff)
			if p.found(own.ID) {
				p.faultf("Find after End, while others call: got found=true, want false")
			}
			other := p.stored()
			p.endsAll(other.Subject, []string{other.ID}, own.ID)
		})
		for i, r := range shared {
			got, _ := p.find(r.ID)
			if want := r.Generation + moves[i].Load(); got.Generation != want {
				p.faultf("Find after %d Advances that moved: got generation %d, want %d", moves[i].Load(), got.Generation, want)
			}
		}
	}},
}

// advancesUntilEnded advances a record while end runs, until it is not found. It returns the record
// after the last Advance that moved it.
func (p *probe) advancesUntilEnded(r session.Record, end func()) session.Record {
	const most = 100
	last := r
	var over atomic.Bool
	together(func() {
		end()
		over.Store(true)
	}, func() {
		s := newStep(r)
		for range most {
			late := over.Load()
			got, moved, found := p.advance(r.ID, s)
			switch {
			case late && (moved || found):
				p.faultf("Advance after the end: got moved=%t, found=%t, want false, false", moved, found)
			case moved != found:
				p.faultf("Advance, while another call ends the session: got moved=%t, found=%t, want true, true or false, false", moved, found)
			case moved:
				last = advanced(r, s)
				p.wantRecord("Advance, moved, while another call ends the session", got, last)
				s.From++
				continue
			}
			return
		}
	})
	p.wantRemoved(r)
	return last
}
