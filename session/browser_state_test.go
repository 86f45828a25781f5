package session_test

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// maxMessages is how many messages a state can hold.
const maxMessages = 6

// A state is one situation of the model. Generations are relative to the record's Generation, and
// times to the present moment. So a session that goes on returns to states that it had before.
type state struct {
	wire      [maxMessages]uint32 // packed messages, sorted; 0 for none, at the end
	age       int8                // the present moment minus Refreshed; negative: a clock was ahead
	previous  int8                // the record's Previous
	jar       int8                // what the browser sends next
	failovers int8                // how many may still happen
	lost      [2]record           // what a failover that loses 1 or 2 Advances brings back
}

// A record is a former record of the session. The zero record is none.
type record struct{ generation, previous, age int8 }

// A message is on the wire between the browser and an instance, or in an instance.
type message struct {
	kind       kind
	generation int // of the refresh token
	age        int // of a request: since it was sent; of an answer: since the instance read its clock
	read       int // pending: since the instance read its clock
	ahead      int // pending: how far its clock is ahead
	from       int // pending: of the Step
	presented  int // pending: of the Step
	again      int // pending: 1 after an Advance that did not move
}

type kind int

const (
	request kind = 1 + iota // sent by the browser
	pending                 // decided, and before Advance
	answer                  // on its way to the browser
)

// The fields of a packed message: from the lowest bit on, and how many bits each one has.
const (
	againAt, againBits           = 0, 1
	aheadAt, aheadBits           = 1, 4
	readAt, readBits             = 5, 4
	ageAt, ageBits               = 9, 4
	presentedAt, presentedBits   = 13, 5
	fromAt, fromBits             = 18, 5
	generationAt, generationBits = 23, 5
	kindAt, kindBits             = 28, 2

	generationZero = 1 << (generationBits - 1) // stands for generation 0
)

func (m message) pack() uint32 {
	return field(int(m.kind), kindBits)<<kindAt |
		field(m.generation+generationZero, generationBits)<<generationAt |
		field(m.from+generationZero, fromBits)<<fromAt |
		field(m.presented+generationZero, presentedBits)<<presentedAt |
		field(m.age, ageBits)<<ageAt |
		field(m.read, readBits)<<readAt |
		field(m.ahead, aheadBits)<<aheadAt |
		field(m.again, againBits)<<againAt
}

func field(value, bits int) uint32 {
	if value < 0 || value >= 1<<bits {
		panic(fmt.Sprintf("%d does not fit into %d bits of a state", value, bits))
	}
	return uint32(value)
}

func unpack(packed uint32) message {
	get := func(at, bits int) int { return int(packed >> at & (1<<bits - 1)) }
	return message{
		kind:       kind(get(kindAt, kindBits)),
		generation: get(generationAt, generationBits) - generationZero,
		from:       get(fromAt, fromBits) - generationZero,
		presented:  get(presentedAt, presentedBits) - generationZero,
		age:        get(ageAt, ageBits),
		read:       get(readAt, readBits),
		ahead:      get(aheadAt, aheadBits),
		again:      get(againAt, againBits),
	}
}

// messages returns the messages of a state.
func (s *state) messages() []uint32 {
	n := slices.Index(s.wire[:], 0)
	if n < 0 {
		n = maxMessages
	}
	return s.wire[:n]
}

// set replaces the message at i, or removes it if m is the zero message.
func (s *state) set(i int, m message) {
	s.wire[i] = 0
	if m.kind != 0 {
		s.wire[i] = m.pack()
	}
	s.sort()
}

func (s *state) sort() {
	slices.SortFunc(s.wire[:], func(a, b uint32) int { return int(b) - int(a) })
}

// shift makes all generations relative to a record whose Generation is higher by n.
func (s *state) shift(n int) {
	s.rename(func(generation int) int { return generation - n })
}

// compact renumbers the generations below every record, which are only compared for equality from
// now on, without gaps. Otherwise, a browser that loses every answer never returns to a state.
func (s *state) compact() {
	floor := 0
	for _, r := range s.lost {
		floor = min(floor, int(r.generation))
	}
	var used uint64 // bit n: floor - n is in use
	least := 0
	s.rename(func(generation int) int {
		if below := floor - generation; below > 0 {
			used |= 1 << below
			least = max(least, below)
		}
		return generation
	})
	if used == 1<<(least+1)-2 {
		return
	}
	s.rename(func(generation int) int {
		if below := floor - generation; below > 0 {
			return floor - bits.OnesCount64(used&(1<<(below+1)-1))
		}
		return generation
	})
}

// rename replaces each generation of s but the record's, which is 0.
func (s *state) rename(name func(generation int) int) {
	for i, packed := range s.messages() {
		m := unpack(packed)
		m.generation = name(m.generation)
		if m.kind == pending {
			m.from, m.presented = name(m.from), name(m.presented)
		}
		s.wire[i] = m.pack()
	}
	s.sort()
	s.previous, s.jar = int8(name(int(s.previous))), int8(name(int(s.jar)))
	for i, r := range s.lost {
		if r != (record{}) {
			s.lost[i].generation, s.lost[i].previous = int8(name(int(r.generation))), int8(name(int(r.previous)))
		}
	}
}

const (
	base  = 1000 // stands for the record's Generation in calls of a rule
	tick  = time.Millisecond
	never = time.Hour // longer than every age in the model
)

var refreshed = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// record returns the record for calls of a rule. It was refreshed at the time refreshed.
func (s *state) record() session.Record {
	end := refreshed.Add(2 * never)
	return session.Record{Generation: base, Previous: uint32(base + int(s.previous)), Refreshed: refreshed, Expires: end, End: end}
}
