package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp/session"
	"github.com/jwtexp/jwtexp/session/sessiontest"
)

func TestMemoryIsAStore(t *testing.T) {
	sessiontest.TestStore(t, func(*testing.T) session.Store { return session.NewMemory() })
}

var memoryStart = time.Date(2030, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// createInMemory creates n records of one subject that start at a time and end an hour later.
func createInMemory(t *testing.T, m *session.Memory, prefix string, n int, started time.Time) {
	t.Helper()
	end := started.Truncate(time.Second).Add(time.Hour)
	for i := range n {
		r := session.Record{ID: fmt.Sprint(prefix, i), Subject: "alice", Generation: 1, Started: started, Refreshed: started, Expires: end, End: end}
		if err := m.Create(t.Context(), r); err != nil {
			t.Fatalf("Create: got %v, want nil", err)
		}
	}
}

func endInMemory(t *testing.T, m *session.Memory, prefix string, n int, now, until time.Time) {
	t.Helper()
	for i := range n {
		if _, _, err := m.End(t.Context(), fmt.Sprint(prefix, i), now, until); err != nil {
			t.Fatalf("End: got %v, want nil", err)
		}
	}
}

// pages returns the lengths of the pages of Ended, and the number of different IDs on them.
func pages(t *testing.T, m *session.Memory) (lengths []int, different int) {
	t.Helper()
	seen := make(map[string]bool)
	for cursor := ""; ; {
		page, next, err := m.Ended(t.Context(), cursor)
		if err != nil {
			t.Fatalf("Ended: got %v, want nil", err)
		}
		lengths = append(lengths, len(page))
		for _, e := range page {
			seen[e.ID] = true
		}
		if len(page) == 0 {
			return lengths, len(seen)
		}
		cursor = next
	}
}

func TestMemoryPagesTheList(t *testing.T) {
	tests := []struct {
		ended int
		want  string
	}{
		{0, "[0]"},
		{1, "[1 0]"},
		{999, "[999 0]"},
		{1000, "[1000 0]"},
		{1001, "[1000 1 0]"},
		{2500, "[1000 1000 500 0]"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.ended), func(t *testing.T) {
			m := session.NewMemory()
			endInMemory(t, m, "id", tt.ended, memoryStart, memoryStart.Add(time.Hour))
			lengths, different := pages(t, m)
			if got := fmt.Sprint(lengths); got != tt.want {
				t.Errorf("got pages of %s entries, want %s", got, tt.want)
			}
			if different != tt.ended {
				t.Errorf("got %d different IDs, want %d", different, tt.ended)
			}
		})
	}
}

// The 1,001st Create sweeps. It removes what ended a day before its Started, and nothing else.
func TestMemorySweepsRecords(t *testing.T) {
	end := memoryStart.Truncate(time.Second).Add(time.Hour) // of the first records
	tests := []struct {
		name    string
		first   int // how many records there are before the Create
		started time.Time
		want    int
	}{
		{"few records", 999, end.Add(48 * time.Hour), 1000},
		{"long over", 1000, end.Add(48 * time.Hour), 1},
		{"over for a day", 1000, end.Add(24 * time.Hour), 1},
		{"over for less than a day", 1000, end.Add(24*time.Hour - time.Millisecond), 1001},
		{"living", 1000, memoryStart, 1001},
		{"clock that steps back", 1000, memoryStart.Add(-24 * time.Hour), 1001},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := session.NewMemory()
			createInMemory(t, m, "first", tt.first, memoryStart)
			createInMemory(t, m, "last", 1, tt.started)
			if got, want := fmt.Sprint(m), fmt.Sprintf("session.Memory(%d records)", tt.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			_, found, err := m.Find(t.Context(), "last0")
			if !found || err != nil {
				t.Errorf("Find of the last record: got found=%t, %v, want true, nil", found, err)
			}
			all, err := m.List(t.Context(), "alice", memoryStart.Add(-100*time.Hour))
			if len(all) != tt.want || err != nil {
				t.Errorf("List: got %d records, %v, want %d, nil", len(all), err, tt.want)
			}
		})
	}
}

// A sweep that removes nothing does not come again with the next record.
func TestMemorySweepsRecordsAgain(t *testing.T) {
	m := session.NewMemory()
	createInMemory(t, m, "first", 1001, memoryStart) // swept at 1,000, and then at 3,000
	over := memoryStart.Add(48 * time.Hour)
	createInMemory(t, m, "second", 1999, over)
	if got, want := fmt.Sprint(m), "session.Memory(3000 records)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	createInMemory(t, m, "third", 1, over)
	if got, want := fmt.Sprint(m), "session.Memory(2000 records)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The 1,001st End sweeps the list. It removes the entries whose Until is not later than now, and
// nothing else. EndAll does so, too.
func TestMemorySweepsTheList(t *testing.T) {
	until := memoryStart.Add(20 * time.Minute)
	tests := []struct {
		name  string
		first int // how many entries there are before the End
		now   time.Time
		want  int
	}{
		{"few entries", 999, until.Add(time.Hour), 1000},
		{"over", 1000, until, 1},
		{"not over", 1000, until.Add(-time.Millisecond), 1001},
		{"clock that steps back", 1000, memoryStart.Add(-time.Hour), 1001},
	}
	end := map[string]func(t *testing.T, m *session.Memory, now time.Time) error{
		"End": func(t *testing.T, m *session.Memory, now time.Time) error {
			_, _, err := m.End(t.Context(), "last0", now, now.Add(time.Hour))
			return err
		},
		"EndAll": func(t *testing.T, m *session.Memory, now time.Time) error {
			_, err := m.EndAll(t.Context(), "alice", now, now.Add(time.Hour))
			return err
		},
	}
	for by, call := range end {
		for _, tt := range tests {
			t.Run(by+", "+tt.name, func(t *testing.T) {
				m := session.NewMemory()
				endInMemory(t, m, "first", tt.first, memoryStart, until)
				createInMemory(t, m, "last", 1, memoryStart)
				_, cursor, err := m.Ended(t.Context(), "")
				if err != nil {
					t.Fatalf("Ended: got %v, want nil", err)
				}
				if err := call(t, m, tt.now); err != nil {
					t.Fatalf("got %v, want nil", err)
				}
				if _, got := pages(t, m); got != tt.want {
					t.Errorf("got %d entries, want %d", got, tt.want)
				}
				page, _, err := m.Ended(t.Context(), cursor)
				if len(page) != 1 || page[0].ID != "last0" || err != nil {
					t.Errorf("Ended from the cursor before the sweep: got %v, %v, want last0, nil", page, err)
				}
			})
		}
	}
}

// A sweep that removes nothing does not come again with the next entry.
func TestMemorySweepsTheListAgain(t *testing.T) {
	m := session.NewMemory()
	until := memoryStart.Add(20 * time.Minute)
	endInMemory(t, m, "first", 1001, memoryStart, until) // swept at 1,000, and then at 3,000
	endInMemory(t, m, "second", 1999, until, until.Add(time.Hour))
	if _, got := pages(t, m); got != 3000 {
		t.Errorf("got %d entries, want 3000", got)
	}
	endInMemory(t, m, "third", 1, until, until.Add(time.Hour))
	if _, got := pages(t, m); got != 2000 {
		t.Errorf("got %d entries after one more, want 2000", got)
	}
}

// A cursor that is ahead of the list is not one that this Memory has returned.
func TestMemoryTakesACursorAheadAsTheStart(t *testing.T) {
	m := session.NewMemory()
	endInMemory(t, m, "id", 3, memoryStart, memoryStart.Add(time.Hour))
	_, cursor, err := m.Ended(t.Context(), "")
	if err != nil {
		t.Fatalf("Ended: got %v, want nil", err)
	}
	page, _, err := m.Ended(t.Context(), cursor+"0")
	if len(page) != 3 || err != nil {
		t.Errorf("got %d entries, %v, want 3, nil", len(page), err)
	}
}

// An ID that was swept from the list is listed again by the next End.
func TestMemoryListsASweptIDAgain(t *testing.T) {
	m := session.NewMemory()
	endInMemory(t, m, "id", 1000, memoryStart, memoryStart.Add(time.Minute))
	now := memoryStart.Add(time.Hour)
	endInMemory(t, m, "id", 1, now, now.Add(time.Minute))
	page, _, err := m.Ended(t.Context(), "")
	if len(page) != 1 || page[0].ID != "id0" || !page[0].Until.Equal(now.Add(time.Minute)) || err != nil {
		t.Errorf("got %d entries, %v, want id0 alone, nil", len(page), err)
	}
}

func TestZeroMemoryReturnsErrors(t *testing.T) {
	var m session.Memory
	ctx := t.Context()
	errs := make(map[string]error)
	errs["Create"] = m.Create(ctx, session.Record{ID: "id"})
	_, _, errs["Find"] = m.Find(ctx, "id")
	_, _, _, errs["Advance"] = m.Advance(ctx, "id", session.Step{})
	_, _, errs["End"] = m.End(ctx, "id", memoryStart, memoryStart)
	_, errs["EndAll"] = m.EndAll(ctx, "alice", memoryStart, memoryStart)
	_, errs["List"] = m.List(ctx, "alice", memoryStart)
	_, _, errs["Ended"] = m.Ended(ctx, "")
	for method, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "NewMemory") {
			t.Errorf("%s: got %v, want an error that names NewMemory", method, err)
		}
	}
}

func TestMemoryFormatsWithoutContent(t *testing.T) {
	m := session.NewMemory()
	createInMemory(t, m, "id", 2, memoryStart)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, m); strings.Contains(got, "alice") || strings.Contains(got, "616c696365") || strings.Contains(got, "id0") {
			t.Errorf("%s: got %s, want no subject and no ID", verb, got)
		}
	}
	if got, want := fmt.Sprint(m, new(session.Memory)), "session.Memory(2 records) session.Memory(0 records)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
