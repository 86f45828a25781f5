package session

import (
	"context"
	"time"
)

// A Store keeps one record for each session, and the list of what was ended. [NewMemory] returns a
// Store for one process. Test your own with package sessiontest.
//
//   - Each method is one atomic step. For one session, the steps of all instances have one order,
//     and a step that has returned comes before each later call. A replica may not answer.
//   - All times are the caller's, in whole milliseconds, from 1970 to the year 9999. A Store reads
//     no clock: a time to live, as of Redis, is the difference of two of the caller's times. The
//     callers' clocks may differ, stand still or step back.
//   - Texts are any UTF-8, also with U+0000, and are compared byte for byte. In PostgreSQL they are
//     bytea.
//   - An error means that the step was done or not. The caller may repeat the call, and then the
//     effect is as of one call. A Store repeats a call itself that conflicts with another one. An
//     error may quote anything but is never shown to clients. It may be a
//     [*jwtexp.UnavailableError], whose text and RetryAfter the Manager's error then has.
//   - A Store is safe for concurrent use, returns when ctx is done, and does nothing if ctx was
//     done before the call.
//   - A Store may remove a record a day after its End, and an [Ended] after its Until, and should
//     do so: otherwise it grows. There is one record for each session, however often it is
//     refreshed.
//   - What a Store returns is a copy: the caller may change it.
//   - A Store that loses an Advance, as a failover can, is repaired by the next Refresh. Only a
//     client that has several requests on the way at that moment can be logged out. A Store that
//     loses a Create logs the session out, and one that loses an End revives the session. Wait for
//     replicas if that matters: synchronous_commit in PostgreSQL, WAIT in Redis.
//
// Records hold no secret, but they say who is logged in. An attacker who can write to the store can
// log in as anybody.
type Store interface {
	// Create stores a new record. It does nothing, and returns nil, if the ID is stored already, or
	// if Ended lists it.
	Create(ctx context.Context, r Record) error

	// Find returns the record of a session, expired or not. found is false if there is none.
	Find(ctx context.Context, id string) (r Record, found bool, err error)

	// Advance moves a record forward. If there is one and its Generation is at most s.From, Advance
	// sets Generation to s.From + 1, Previous to s.Presented, Refreshed to s.Now, and Expires to
	// s.Until, or to End if that is earlier. It compares with <= and not with ==, because a record
	// that is behind has lost writes.
	//
	// moved reports whether it did so, and found whether there is a record. r is the record as it is
	// stored after the step, moved or not.
	Advance(ctx context.Context, id string, s Step) (r Record, moved, found bool, err error)

	// End removes the record, if there is one, and adds the ID to the list of Ended, whether there
	// was a record or not. If the ID is listed already, it is not listed again, and the later until
	// is kept. r is the record that was removed, and found reports whether there was one. An ID may
	// also be "jti:" and the ID of an access token.
	End(ctx context.Context, id string, now, until time.Time) (r Record, found bool, err error)

	// EndAll ends all sessions of a subject as End does, except those with the given IDs. It returns
	// the IDs of the sessions that had not expired at now, with now before Expires. The others are
	// removed and listed, too.
	EndAll(ctx context.Context, subject string, now, until time.Time, except ...string) (ids []string, err error)

	// List returns the records of a subject that have not expired at now, with now before Expires, in
	// any order.
	List(ctx context.Context, subject string, now time.Time) ([]Record, error)

	Feed
}

// A Feed lists what was ended, so that verifiers can reject the access tokens of ended sessions.
type Feed interface {
	// Ended returns a page of the list, in the order in which End added to it, and the cursor for
	// the next page. A page has any size up to 10,000 entries, such as 1,000. A cursor has at most 255
	// bytes of UTF-8. after is "" for the first page. An empty page means that there is no more for
	// now, and its cursor finds what is ended later.
	//
	// A cursor may tell something twice, but misses nothing, also while others end sessions. A cursor
	// of another store, or of this one before it was emptied, is taken as "". A Store may leave out an
	// entry after its Until.
	Ended(ctx context.Context, after string) (ended []Ended, next string, err error)
}

// A Step is an argument of [Store.Advance].
type Step struct {
	From      uint32    // the generation that is replaced
	Presented uint32    // the generation of the refresh token that the client has: the next Previous
	Now       time.Time // the next Refreshed
	Until     time.Time // the next Expires, if End is not earlier
}

// A Record is what a [Store] keeps of a session. The times are in UTC.
type Record struct {
	ID         string    // 22 characters of base64url
	Subject    string    // up to 255 bytes of UTF-8
	Label      string    // WithLabel: up to 255 bytes of UTF-8
	Generation uint32    // of the current refresh token; the first is 1
	Previous   uint32    // the generation that the last Advance replaced for the client; 0: none
	Started    time.Time // whole milliseconds
	Refreshed  time.Time // the last Advance, or Started: whole milliseconds
	Expires    time.Time // whole seconds, at most End
	End        time.Time // whole seconds; it never changes
	Claims     []byte    // of Start: a JSON object of up to 4 KiB, kept byte for byte
}

// An Ended is an entry in the list of a [Feed].
type Ended struct {
	ID    string    // of a session, or "jti:" and the ID of an access token
	Until time.Time // every verifier calls the access tokens expired from then on, with its leeway
}

const (
	maxText    = 255     // bytes of a Subject, of a Label, of the ID of an Ended, and of a cursor
	maxClaims  = 4 << 10 // bytes of a Record's Claims
	maxEntries = 10_000  // entries on a page of a Feed
)
