package cache

import (
	"testing"
	"time"
)

func TestReadersTakeNoLock(t *testing.T) {
	c := New(1, func(int, time.Time) bool { return false })
	c.Add("key", 1, time.Time{})
	c.mu.Lock()
	defer c.mu.Unlock()
	done := make(chan bool)
	go func() {
		c.Get("key")
		c.Get("another")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("got a Get that waits for a writer, want it to return")
	}
}
