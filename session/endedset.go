package session

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"maps"
	"time"

	"github.com/jwtexp/jwtexp"
)

// maxEnded is how many entries a Watcher keeps at most, so that a broken feed does not fill the
// memory. They take about 600 MB.
const maxEnded = 1 << 24

// An endedKey stands for an entry of a feed in 16 bytes: the ID of a session as it is, and other text
// by two hashes. A map of strings takes more than twice the memory. Should two texts ever have the
// same hashes, a good token is rejected, and no ended one is accepted.
type endedKey struct {
	sum       [idSize]byte
	isSession bool
}

func keyOf(id string) endedKey {
	if sum, ok := decodeID(id); ok {
		return endedKey{sum, true}
	}
	return hashed([]byte(id))
}

// keyOfToken returns the key of an access token by its jti.
func keyOfToken(jti string) endedKey {
	id := append(make([]byte, 0, maxText), tokenIDPrefix...) // on the stack
	return hashed(append(id, jti...))
}

// seeds are random, so that an attacker cannot find two IDs with the same hashes. With SHA-256,
// Revoked takes 40 % longer (BenchmarkRevoked).
var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hashed(id []byte) (k endedKey) {
	binary.LittleEndian.PutUint64(k.sum[:8], maphash.Bytes(seeds[0], id))
	binary.LittleEndian.PutUint64(k.sum[8:], maphash.Bytes(seeds[1], id))
	return k
}

// An endedSet is what a feed lists.
type endedSet struct {
	sessions, others map[[idSize]byte]struct{}
}

func newEndedSet() endedSet {
	return endedSet{make(map[[idSize]byte]struct{}), make(map[[idSize]byte]struct{})}
}

func (s endedSet) len() int { return len(s.sessions) + len(s.others) }

func (s endedSet) add(k endedKey) { s.of(k)[k.sum] = struct{}{} }

func (s endedSet) has(k endedKey) bool {
	_, found := s.of(k)[k.sum]
	return found
}

func (s endedSet) of(k endedKey) map[[idSize]byte]struct{} {
	if k.isSession {
		return s.sessions
	}
	return s.others
}

// A snapshot is what a poll knows. Nothing changes it, so that Revoked takes no lock. The entries of
// the last reload are apart from later ones, because each poll with news copies the later ones.
type snapshot struct {
	base   endedSet // by the last reload
	recent endedSet // since then
	cursor string
	start  time.Time // of the poll: what was ended before is known
}

// hasToken reports whether an access token was ended, or its session.
func (s *snapshot) hasToken(sid, jti string) bool {
	return sid != "" && s.has(keyOf(sid)) || jti != "" && s.has(keyOfToken(jti))
}

func (s *snapshot) has(k endedKey) bool { return s.base.has(k) || s.recent.has(k) }

// with returns a snapshot that also has news.
func (s *snapshot) with(news *reading, start time.Time) *snapshot {
	recent := s.recent
	if news.set.len() > 0 {
		recent = endedSet{union(recent.sessions, news.set.sessions), union(recent.others, news.set.others)}
	}
	return &snapshot{s.base, recent, news.cursor, start}
}

// union returns a map with the keys of a and b. It may be a or b.
func union(a, b map[[idSize]byte]struct{}) map[[idSize]byte]struct{} {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	a = maps.Clone(a)
	maps.Copy(a, b)
	return a
}

// A reading is a reader's place in a feed, and what it has read.
type reading struct {
	cursor string
	set    endedSet
	most   int // entries
}

func newReading(most int) *reading { return &reading{set: newEndedSet(), most: most} }

var errBrokenFeed = errors.New("session: the feed breaks its contract")

func brokenFeed(detail string) error {
	return &jwtexp.UnavailableError{What: "session feed", Detail: detail, Err: errBrokenFeed}
}

// read reads a page. more is false if the page is empty.
func (r *reading) read(ctx context.Context, feed Feed) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	page, next, err := feed.Ended(ctx, r.cursor)
	switch {
	case err != nil:
		return false, err
	case len(page) > 0 && next == r.cursor:
		return false, brokenFeed("it returned entries and the cursor that it was given")
	case r.set.len()+len(page) > r.most:
		return false, brokenFeed("it lists more entries than a Watcher keeps")
	}
	for _, e := range page {
		r.set.add(keyOf(e.ID))
	}
	r.cursor = next
	return len(page) > 0, nil
}

// readAll reads until an empty page.
func (r *reading) readAll(ctx context.Context, feed Feed) error {
	for {
		if more, err := r.read(ctx, feed); err != nil || !more {
			return err
		}
	}
}
