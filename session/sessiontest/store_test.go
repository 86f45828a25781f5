package sessiontest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A store is a simple session.Store with at most one fault.
type store struct {
	fault fault
	epoch int

	mu      sync.Mutex
	records map[string]session.Record
	list    []entry
	listed  map[string]int   // the place of an ID in list
	history []session.Record // for aRecordForEachAdvance
	reads   int              // calls of Ended
}

type entry struct {
	session.Ended
	hidden bool // for numberBeforeVisible and endAllCommitsLate
}

var epochs = struct {
	sync.Mutex
	last int
}{}

func newStore(f fault) *store {
	epochs.Lock()
	defer epochs.Unlock()
	epochs.last++
	return &store{fault: f, epoch: epochs.last, records: make(map[string]session.Record), listed: make(map[string]int)}
}

func (s *store) has(f fault) bool { return s.fault == f }

// pause gives other goroutines a turn within a step that is not atomic.
func (s *store) pause() {
	s.mu.Unlock()
	for range 20 {
		runtime.Gosched()
	}
	s.mu.Lock()
}

func (s *store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil && !s.has(ignoresContext) {
		return err
	}
	s.mu.Lock()
	return nil
}

func (s *store) key(id string) string {
	if s.has(foldsIDs) {
		return strings.ToLower(id)
	}
	return id
}

func (s *store) Create(ctx context.Context, r session.Record) error {
	if s.has(createIgnoresContext) {
		ctx = context.WithoutCancel(ctx)
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	_, stored := s.records[s.key(r.ID)]
	if stored && s.has(createTwiceFails) {
		return errors.New("duplicate key")
	}
	_, listed := s.listed[r.ID]
	if s.has(createChecksFirst) {
		s.pause()
	}
	if stored && !s.has(createOverwrites) || listed && !s.has(createRevives) {
		return nil
	}
	s.records[s.key(r.ID)] = s.in(r)
	return nil
}

// in returns a record as it is stored.
func (s *store) in(r session.Record) session.Record {
	if !s.has(sharesClaimsIn) {
		r.Claims = bytes.Clone(r.Claims)
	}
	switch s.fault {
	case losesLabel:
		r.Label = ""
	case cutsSubject:
		r.Subject = r.Subject[:min(len(r.Subject), 200)]
	case cutsAtNUL:
		r.Label, _, _ = strings.Cut(r.Label, "\x00")
	case cutsClaims:
		r.Claims = r.Claims[:min(len(r.Claims), 1024)]
	case claimsAsJSON:
		var claims map[string]any
		json.Unmarshal(r.Claims, &claims)
		r.Claims, _ = json.Marshal(claims)
	case cutsToSeconds:
		r.Started, r.Refreshed = r.Started.Truncate(time.Second), r.Refreshed.Truncate(time.Second)
	case inNanoseconds:
		r.End = time.Unix(0, r.End.UnixNano()).UTC()
	case signedGenerations:
		r.Generation = uint32(min(r.Generation, 1<<31-1))
	}
	return r
}

// out returns a stored record as it is returned.
func (s *store) out(r session.Record) session.Record {
	if !s.has(sharesClaimsOut) {
		r.Claims = bytes.Clone(r.Claims)
	}
	if s.has(inZone) {
		r.Expires = r.Expires.In(time.FixedZone("KST", 9*60*60))
	}
	if s.has(anotherUTC) {
		utc := time.FixedZone("UTC", 0)
		r.Started, r.Refreshed, r.Expires, r.End = r.Started.In(utc), r.Refreshed.In(utc), r.Expires.In(utc), r.End.In(utc)
	}
	return r
}

func (s *store) Find(ctx context.Context, id string) (session.Record, bool, error) {
	if err := s.lock(ctx); err != nil {
		return session.Record{}, false, err
	}
	defer s.mu.Unlock()
	r, found := s.records[s.key(id)]
	if !found && s.has(noRowsIsAnError) {
		return session.Record{}, false, errors.New("no rows in result set")
	}
	if found && s.has(findTouches) {
		changed := r
		changed.Refreshed = r.Refreshed.Add(time.Millisecond)
		s.records[s.key(id)] = changed
	}
	return s.out(r), found, nil
}

func (s *store) Advance(ctx context.Context, id string, step session.Step) (r session.Record, moved, found bool, err error) {
	if err := s.lock(ctx); err != nil {
		return session.Record{}, false, false, err
	}
	defer s.mu.Unlock()
	r, found = s.records[s.key(id)]
	if !found && s.has(advanceCreates) {
		s.records[s.key(id)] = session.Record{ID: id}
		return s.records[s.key(id)], false, false, nil
	}
	moved = found && r.Generation <= step.From
	switch s.fault {
	case advanceEquals:
		moved = found && r.Generation == step.From
	case advanceAlways:
		moved = found && (moved || r.Generation == step.From+1)
	case advanceReadsFirst, advanceUpserts:
		s.pause()
	case refusesSteppedBack:
		moved = moved && !step.Now.Before(r.Refreshed)
	case refusesExpired:
		moved = moved && step.Now.Before(r.Expires)
	}
	if !moved {
		return s.out(r), false, found, nil
	}
	before := r
	r.Generation, r.Previous, r.Refreshed, r.Expires = step.From+1, step.Presented, step.Now, step.Until
	if r.End.Before(r.Expires) && !s.has(advanceIgnoresEnd) {
		r.Expires = r.End
	}
	if s.has(previousIsFrom) {
		r.Previous = step.From
	}
	if _, still := s.records[s.key(id)]; still || s.has(advanceUpserts) {
		s.records[s.key(id)] = s.in(r)
	}
	if s.has(aRecordForEachAdvance) {
		s.history = append(s.history, before)
	}
	if s.has(returnsTheRecordBefore) {
		return s.out(before), true, true, nil
	}
	if s.has(advanceThenReads) {
		s.pause()
		r, found = s.records[s.key(id)]
		return s.out(r), true, found, nil
	}
	return s.out(r), true, true, nil
}

func (s *store) End(ctx context.Context, id string, now, until time.Time) (session.Record, bool, error) {
	if err := s.lock(ctx); err != nil {
		return session.Record{}, false, err
	}
	defer s.mu.Unlock()
	r, found := s.records[s.key(id)]
	if _, listed := s.listed[id]; s.has(endTwiceFails) && !found && listed {
		return session.Record{}, false, errors.New("ended already")
	}
	if s.has(endReadsFirst) {
		s.pause()
	}
	if !s.has(endKeepsRecord) {
		delete(s.records, s.key(id))
	}
	if found || !s.has(endListsFoundOnly) {
		s.add(id, until)
	}
	return s.out(r), found, nil
}

// add lists an ID.
func (s *store) add(id string, until time.Time) {
	i, listed := s.listed[id]
	if listed && !s.has(endListsAgain) {
		if e := &s.list[i]; until.After(e.Until) || s.has(overwritesUntil) {
			e.Until = until
		}
		return
	}
	s.listed[id] = len(s.list)
	s.list = append(s.list, entry{session.Ended{ID: id, Until: until}, s.has(numberBeforeVisible) && len(s.list)%2 == 0})
}

func (s *store) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) (ids []string, err error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if s.has(refusesUnknownSubject) && len(s.of(subject)) == 0 {
		return nil, errors.New("unknown subject")
	}
	removed := s.of(subject)
	if s.has(endAllEndsAPage) {
		removed = removed[:min(len(removed), pageSize)]
	}
	if s.has(endAllCommitsLate) {
		return s.endAllLate(removed, until), nil
	}
	if s.has(endAllReadsFirst) {
		s.pause()
	}
	if s.has(endAllReadsFirst) {
		for _, r := range s.of(subject) {
			delete(s.records, s.key(r.ID))
		}
	}
	for _, r := range removed {
		living := now.Before(r.Expires)
		if slices.Contains(except, r.ID) && !s.has(ignoresExcept) || !living && s.has(forgetsExpired) {
			continue
		}
		if living {
			ids = append(ids, r.ID)
		}
		if !s.has(endAllKeepsRecords) {
			delete(s.records, s.key(r.ID))
		}
		if s.has(endAllInTwoSteps) && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !s.has(endAllListsNothing) {
			s.add(r.ID, until)
		}
	}
	return ids, nil
}

// endAllLate numbers the entries at once, and shows them when all are done.
func (s *store) endAllLate(removed []session.Record, until time.Time) (ids []string) {
	for _, r := range removed {
		ids = append(ids, r.ID)
		delete(s.records, r.ID)
		s.add(r.ID, until)
		s.list[s.listed[r.ID]].hidden = true
	}
	// A short step seems atomic. During a long one, a reader reads.
	for before, pauses := s.reads, 0; len(removed) > 1 && s.reads < before+3 && pauses < 1000; pauses++ {
		s.pause()
	}
	for _, r := range removed {
		s.list[s.listed[r.ID]].hidden = false
	}
	return ids
}

// of returns the records of a subject.
func (s *store) of(subject string) (all []session.Record) {
	add := func(r session.Record) {
		if r.Subject == subject || s.has(foldsSubjects) && strings.EqualFold(r.Subject, subject) || s.has(allSubjects) {
			all = append(all, r)
		}
	}
	for _, r := range s.records {
		add(r)
	}
	for _, r := range s.history {
		add(r)
	}
	return all
}

func (s *store) List(ctx context.Context, subject string, now time.Time) (all []session.Record, err error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	for _, r := range s.of(subject) {
		if now.Before(r.Expires) || s.has(listsExpired) || s.has(listsAtExpires) && now.Equal(r.Expires) {
			all = append(all, s.out(r))
		}
	}
	if s.has(listsAPage) {
		all = all[:min(len(all), pageSize)]
	}
	return all, nil
}

const pageSize = 100

// trimmed returns how many entries trimsList keeps.
func trimmed() int {
	if testing.Short() {
		return 1000
	}
	return 10_000
}

func (s *store) Ended(ctx context.Context, after string) (page []session.Ended, next string, err error) {
	if err := s.lock(ctx); err != nil {
		return nil, "", err
	}
	defer s.mu.Unlock()
	s.reads++
	var epoch, read int
	n, _ := fmt.Sscanf(after, "%d.%d", &epoch, &read)
	if after != fmt.Sprintf("%d.%d", epoch, read)+s.suffix() || epoch != s.epoch && !s.has(cursorWithoutEpoch) {
		read = 0
		if after != "" && n == 0 && s.has(refusesForeignCursor) {
			return nil, "", errors.New("invalid cursor")
		}
	}
	list := s.list
	if s.has(sortsByID) {
		list = slices.Clone(s.list)
		slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.ID, b.ID) })
	}
	if s.has(trimsList) {
		read = max(read, len(list)-trimmed())
	}
	for i := read; i < len(list) && len(page) < pageSize; i++ {
		if !list[i].hidden {
			page = append(page, list[i].Ended)
			if s.has(anotherUTC) {
				page[len(page)-1].Until = list[i].Until.In(time.FixedZone("UTC", 0))
			}
			read = i + 1
		}
	}
	if s.has(numberBeforeVisible) {
		for i := range s.list {
			s.list[i].hidden = false
		}
	}
	switch {
	case s.has(skipsAtPageBorder) && len(page) == pageSize, s.has(emptyPageSkips) && len(page) == 0:
		read++
	case s.has(neverEmpty) && len(page) == 0 && len(s.list) > 0:
		page = append(page, s.list[0].Ended)
	}
	for s.has(longPage) && 0 < len(page) && len(page) <= 10_000 {
		page = append(page, page[0])
	}
	return page, fmt.Sprintf("%d.%d", s.epoch, read) + s.suffix(), nil
}

// suffix makes a cursor longer.
func (s *store) suffix() string {
	switch {
	case s.has(longCursor):
		return "." + strings.Repeat("x", 255)
	case s.has(binaryCursor):
		return ".\xff"
	}
	return ""
}
