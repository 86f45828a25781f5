package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jwtexp/jwtexp/internal/opaque"
)

// A Memory is a [Store] in memory, for one process and for tests: when the process ends, everybody
// is logged out. Make one with [NewMemory]: the methods of the zero Memory return errors. It is
// safe for concurrent use.
type Memory struct {
	mu        sync.Mutex
	epoch     string             // of the cursors; "" for the zero Memory
	records   map[string]*Record // by ID
	bySubject map[string]map[string]*Record
	ended     map[string]*memoryEnded // by ID
	list      []*memoryEnded          // in the order of End
	listed    uint64                  // how many were ever added to list

	// The sizes of records and list at which they are swept. They are twice the sizes after the last
	// sweep, so that a sweep costs each call little.
	sweepRecordsAt, sweepListAt int
}

type memoryEnded struct {
	Ended
	number uint64 // the first is 1
}

const (
	pageSize      = 1000           // entries that Ended returns at most
	keptAfterEnd  = 24 * time.Hour // how long after its End a record stays, for clocks that differ
	leastForSweep = 1000           // records, or entries
)

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{
		epoch:          rand.Text(),
		records:        make(map[string]*Record),
		bySubject:      make(map[string]map[string]*Record),
		ended:          make(map[string]*memoryEnded),
		sweepRecordsAt: leastForSweep,
		sweepListAt:    leastForSweep,
	}
}

// Format prints the number of records under every verb.
func (m *Memory) Format(f fmt.State, verb rune) {
	m.mu.Lock()
	defer m.mu.Unlock()
	opaque.Format(f, verb, fmt.Sprintf("session.Memory(%d records)", len(m.records)))
}

var errZeroMemory = errors.New("session: the Memory is zero; make it with NewMemory")

// lock locks m for a call. If it returns an error, m is not locked.
func (m *Memory) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.epoch == "" {
		m.mu.Unlock()
		return errZeroMemory
	}
	return nil
}

// Create stores a new record, as [Store] describes.
func (m *Memory) Create(ctx context.Context, r Record) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.sweepRecords(r.Started)
	if m.records[r.ID] != nil || m.ended[r.ID] != nil {
		return nil
	}
	stored := clone(&r)
	m.records[r.ID] = &stored
	if m.bySubject[r.Subject] == nil {
		m.bySubject[r.Subject] = make(map[string]*Record)
	}
	m.bySubject[r.Subject][r.ID] = &stored
	return nil
}

// Find returns the record of a session, as [Store] describes.
func (m *Memory) Find(ctx context.Context, id string) (r Record, found bool, err error) {
	if err := m.lock(ctx); err != nil {
		return Record{}, false, err
	}
	defer m.mu.Unlock()
	stored := m.records[id]
	return clone(stored), stored != nil, nil
}

// Advance moves a record forward, as [Store] describes.
func (m *Memory) Advance(ctx context.Context, id string, s Step) (r Record, moved, found bool, err error) {
	if err := m.lock(ctx); err != nil {
		return Record{}, false, false, err
	}
	defer m.mu.Unlock()
	stored := m.records[id]
	if stored != nil && stored.Generation <= s.From {
		moved = true
		stored.Generation, stored.Previous, stored.Refreshed = s.From+1, s.Presented, s.Now
		stored.Expires = earlier(s.Until, stored.End)
	}
	return clone(stored), moved, stored != nil, nil
}

// End removes a record and lists its ID, as [Store] describes.
func (m *Memory) End(ctx context.Context, id string, now, until time.Time) (r Record, found bool, err error) {
	if err := m.lock(ctx); err != nil {
		return Record{}, false, err
	}
	defer m.mu.Unlock()
	m.sweepList(now)
	stored := m.records[id]
	m.end(id, until)
	return clone(stored), stored != nil, nil
}

// EndAll ends the sessions of a subject, as [Store] describes.
func (m *Memory) EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) (ids []string, err error) {
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	m.sweepList(now)
	for id, stored := range m.bySubject[subject] {
		if slices.Contains(except, id) {
			continue
		}
		if now.Before(stored.Expires) {
			ids = append(ids, id)
		}
		m.end(id, until)
	}
	return ids, nil
}

// List returns the records of a subject, as [Store] describes.
func (m *Memory) List(ctx context.Context, subject string, now time.Time) ([]Record, error) {
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []Record
	for _, stored := range m.bySubject[subject] {
		if now.Before(stored.Expires) {
			all = append(all, clone(stored))
		}
	}
	return all, nil
}

// Ended returns a page of what was ended, as [Feed] describes.
func (m *Memory) Ended(ctx context.Context, after string) (ended []Ended, next string, err error) {
	if err := m.lock(ctx); err != nil {
		return nil, "", err
	}
	defer m.mu.Unlock()
	last := m.number(after)
	from, _ := slices.BinarySearchFunc(m.list, last+1, func(e *memoryEnded, number uint64) int { return cmp.Compare(e.number, number) })
	for _, e := range m.list[from:min(from+pageSize, len(m.list))] {
		ended = append(ended, e.Ended)
		last = e.number
	}
	return ended, m.epoch + "." + strconv.FormatUint(last, 10), nil
}

// number returns the number of the last entry that the reader of a cursor has seen. It returns 0
// for "" and for a cursor of another Memory.
func (m *Memory) number(cursor string) uint64 {
	epoch, digits, _ := strings.Cut(cursor, ".")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || epoch != m.epoch || number > m.listed {
		return 0
	}
	return number
}

// end removes the record, if there is one, and lists the ID.
func (m *Memory) end(id string, until time.Time) {
	if stored := m.records[id]; stored != nil {
		m.remove(stored)
	}
	if e := m.ended[id]; e != nil {
		if until.After(e.Until) {
			e.Until = until
		}
		return
	}
	m.listed++
	e := &memoryEnded{Ended{ID: id, Until: until}, m.listed}
	m.ended[id] = e
	m.list = append(m.list, e)
}

func (m *Memory) remove(stored *Record) {
	delete(m.records, stored.ID)
	of := m.bySubject[stored.Subject]
	delete(of, stored.ID)
	if len(of) == 0 {
		delete(m.bySubject, stored.Subject)
	}
}

// sweepRecords removes the records that were over at now for a day, if there are many records.
func (m *Memory) sweepRecords(now time.Time) {
	if len(m.records) < m.sweepRecordsAt {
		return
	}
	for _, stored := range m.records {
		if !now.Before(stored.End.Add(keptAfterEnd)) {
			m.remove(stored)
		}
	}
	m.sweepRecordsAt = 2*len(m.records) + leastForSweep
}

// sweepList removes the entries of the list that were over at now, if the list is long.
func (m *Memory) sweepList(now time.Time) {
	if len(m.list) < m.sweepListAt {
		return
	}
	m.list = slices.DeleteFunc(m.list, func(e *memoryEnded) bool {
		over := !now.Before(e.Until)
		if over {
			delete(m.ended, e.ID)
		}
		return over
	})
	m.sweepListAt = 2*len(m.list) + leastForSweep
}

// clone returns a copy of a record, or the zero Record for nil.
func clone(r *Record) Record {
	if r == nil {
		return Record{}
	}
	c := *r
	c.Claims = bytes.Clone(r.Claims)
	return c
}
