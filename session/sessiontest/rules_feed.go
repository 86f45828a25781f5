package sessiontest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/session"
)

// The bounds of a page of session.Feed.
const (
	maxEntries = 10_000
	maxCursor  = 255 // bytes
)

// feedRules are about Ended.
var feedRules = []rule{
	{"Ended lists in the order of End", "sort the list by a number that grows as entries are added, and not by ID or Until", func(p *probe) {
		ids := p.endsSome(20)
		var got []string
		for _, e := range p.listed() {
			if slices.Contains(ids, e.ID) && !slices.Contains(got, e.ID) {
				got = append(got, e.ID)
			}
		}
		if !slices.Equal(got, ids) {
			p.faultf("Ended: got %d of %d IDs in the order %v, want all in the order of End", len(got), len(ids), positions(got, ids))
		}
	}},
	{"an empty page has a cursor that finds what comes later", "return a cursor with each page, also an empty one, that means \"after the last entry so far\"", func(p *probe) {
		_, cursor := p.read("")
		for i := range 5 {
			ids := p.endsSome(i + 1)
			entries, next := p.read(cursor)
			p.wantListed(fmt.Sprintf("from the cursor of empty page %d", i+1), entries, ids...)
			entries, _ = p.read(cursor)
			p.wantListed(fmt.Sprintf("from the cursor of empty page %d, again", i+1), entries, ids...)
			cursor = next
		}
	}},
	{"a foreign cursor starts at the beginning", "put a random number in each cursor that is drawn when the list is made; take a cursor without it, or of any other form, as \"\"", func(p *probe) {
		// If newStore returns one store each time, its own cursors start where they say, and only the
		// texts below are foreign. Then this rule does not show what a cursor of another store does.
		other := &probe{ctx: p.ctx, newStore: p.newStore, store: p.newStore()}
		foreign := []string{
			"garbage", "0", "1", "3", "-1", "18446744073709551615", "18446744073709551616", "9223372036854775807", "1-1", "1.1", ".", "1.", ".1", "%00", "'; --", "null", "{}",
			"\x00", " ", "\n", "\xff\xfe", "\u00e9😀", strings.Repeat("9", 10_000), strings.Repeat("a.", 10_000),
		}
		for range 5 {
			other.endsSome(1)
			_, cursor := other.read("")
			foreign = append(foreign, cursor)
		}
		p.faults = append(p.faults, other.faults...)
		ids := p.endsSome(3)
		for _, cursor := range foreign {
			entries, next := p.read(cursor)
			p.wantListed("from the cursor "+quote(cursor), entries, ids...)
			later := p.endsSome(1)
			entries, _ = p.read(next)
			p.wantListed("later, after the cursor "+quote(cursor), entries, later...)
		}
	}},
	{"a reader misses nothing while others end sessions", "give an entry its place when it becomes visible: a number that is drawn before the commit is seen out of order; take a lock, or hold entries back until all before them are visible", func(p *probe) {
		const enders = 8
		steps := max(40, scaled(150)) // of each
		ids := make([][]string, enders)
		// Steps that take longer than others show numbers that are drawn early.
		large := p.largeSubjects(2 * enders)
		var over atomic.Bool
		var seen []session.Ended
		together(func() {
			var wg sync.WaitGroup
			for i := range enders {
				wg.Go(func() { ids[i] = p.endsMixed(steps, large) })
			}
			wg.Wait()
			over.Store(true)
		}, func() {
			cursor := ""
			for !p.failed() {
				last := over.Load()
				page, next, _ := p.page(cursor)
				seen, cursor = append(seen, page...), next
				if last && len(page) == 0 {
					return
				}
				if len(seen) > maxPages*enders {
					p.faultf("Ended: got %d entries without an end, want an empty page after the last entry", len(seen))
				}
			}
		})
		p.wantListed("while others end sessions", seen, slices.Concat(ids...)...)
		p.wantListed("afterwards", p.listed(), slices.Concat(ids...)...)
	}},
	{"Ended pages through everything", "keep every entry until its Until; return 10,000 entries at most, and a cursor of 255 bytes at most; start a page behind the last entry of the page before, whose place is in the cursor; return an empty page only at the end", func(p *probe) {
		ids := p.endsMany(scaled(12_000))
		p.wantListed("from the start", p.listed(), ids...)
		for after := ""; !p.failed(); {
			page, next, ok := p.page(after)
			if len(page) > maxEntries {
				p.faultf("Ended: got a page of %d entries, want %d at most", len(page), maxEntries)
			}
			if len(next) > maxCursor || !utf8.ValidString(next) {
				p.faultf("Ended: got a cursor of %d bytes, want %d at most, in UTF-8", len(next), maxCursor)
			}
			if !ok || len(page) == 0 {
				break
			}
			after = next
		}
		if p.failed() {
			return
		}
		// Each cursor on the way finds the rest.
		var cursors []string
		seen := make(map[string]int) // how many cursors came before an ID
		for after := ""; ; {
			page, next, ok := p.page(after)
			if !ok || len(page) == 0 || len(cursors) == maxPages {
				break
			}
			for _, e := range page {
				if _, ok := seen[e.ID]; !ok {
					seen[e.ID] = len(cursors)
				}
			}
			cursors = append(cursors, next)
			after = next
		}
		step := max(1, len(cursors)/10) // there may be many small pages
		for i := 0; i < len(cursors); i += step {
			rest := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return seen[id] <= i })
			entries, _ := p.read(cursors[i])
			p.wantListed(fmt.Sprintf("from the cursor of page %d", i+1), entries, rest...)
			if p.failed() {
				return
			}
		}
	}},
}

// endsSome ends new IDs one after the other.
func (p *probe) endsSome(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = newID()
		p.end(ids[i], start, farOff)
	}
	return ids
}

// endsMany ends new IDs, some at once.
func (p *probe) endsMany(n int) []string {
	var mu sync.Mutex
	var ids []string
	p.rounds(n, func() {
		id := newID()
		p.end(id, start, farOff)
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
	})
	return ids
}

// largeSubjects returns n subjects with 50 sessions each.
func (p *probe) largeSubjects(n int) chan string {
	subjects := make(chan string, n)
	p.rounds(n, func() {
		subject := newSubject()
		for range 50 {
			p.storedFor(subject)
		}
		subjects <- subject
	})
	return subjects
}

// endsMixed ends unknown IDs, sessions, all sessions of a subject, and now and then a large
// subject.
func (p *probe) endsMixed(n int, large <-chan string) (ids []string) {
	for i := range n {
		if rand.N(n) < 4 {
			select {
			case subject := <-large:
				ids = append(ids, p.endAll(subject, start, farOff)...)
			default: // all have ended
			}
		}
		id := newID()
		if i%3 > 0 {
			r := p.stored()
			id = r.ID
			if i%3 == 1 {
				p.endAll(r.Subject, start, farOff)
			}
		}
		if i%3 != 1 {
			p.end(id, start, farOff)
		}
		ids = append(ids, id)
	}
	return ids
}

// positions returns at which position in all each ID is.
func positions(ids, all []string) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = strconv.Itoa(1 + slices.Index(all, id))
	}
	return strings.Join(text, " ")
}
