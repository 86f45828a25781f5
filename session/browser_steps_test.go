package session_test

import (
	"time"

	"github.com/jwtexp/jwtexp/session"
)

// A model is one browser, some instances and their store. All times are in ticks.
type model struct {
	grace    int
	recovery int // 0: it never ends
	answer   int // an answer's way at most: from the reading of the clock to the jar
	request  int // a request's way at most: from the jar to its last call of the store
	skew     int // how far a clock is ahead at most
	messages int // on the wire at most

	failovers int  // at most; each one loses the last Advance, or the last two
	quiet     bool // failovers happen only while no message is on the wire

	toReading bool // a request's way ends when the clock is read, and the store takes more time
	rule      rule
	equal     bool // Advance compares with == and not with <=
}

// A rule decides on a refresh token of a generation, by the record and the time since Refreshed.
type rule func(p session.Policy, r session.Record, generation uint32, age time.Duration) (outcome string, s session.Step)

// decide is the rule of Refresh.
func decide(p session.Policy, r session.Record, generation uint32, age time.Duration) (string, session.Step) {
	return session.Decide(p, r, true, generation, r.Expires, r.Refreshed.Add(age))
}

// A step leads from a state to the next one.
type step struct {
	kind    string
	message message // what is sent, lost or delivered, or what an instance works on
	outcome string  // of a decision
	shift   int     // what is added to the record's Generation
	bad     string  // what is violated, or ""
}

// steps calls yield with each step that can follow s, and the state after it. There is no state
// after a violation.
func (m *model) steps(s *state, yield func(next state, st step)) {
	yield(m.wait(s), step{kind: "tick"})
	wire := s.messages()
	if len(wire) < m.messages {
		sent := message{kind: request, generation: int(s.jar)}
		next := *s
		next.set(len(wire), sent)
		yield(next, step{kind: "send", message: sent})
	}
	for i, packed := range wire {
		if i > 0 && packed == wire[i-1] {
			continue // it is like the message before
		}
		got := unpack(packed)
		next := *s
		next.set(i, message{})
		yield(next, step{kind: "lose", message: got})
		switch got.kind {
		case request:
			m.find(s, i, got, yield)
		case pending:
			m.advance(s, i, got, yield)
		case answer:
			next.jar = int8(got.generation)
			yield(next, step{kind: "arrive", message: got})
		}
	}
	if s.failovers == 0 || m.quiet && len(wire) > 0 {
		return
	}
	for i, r := range s.lost {
		if r == (record{}) {
			break
		}
		next := *s
		next.failovers--
		next.age, next.previous, next.lost = r.age, r.previous, [2]record{}
		if next.failovers > 0 {
			copy(next.lost[:], s.lost[i+1:])
		}
		next.shift(int(r.generation))
		yield(next, step{kind: "failover", shift: int(r.generation)})
	}
}

// wait returns the state one tick later. Messages that are too late are lost.
func (m *model) wait(s *state) state {
	next := *s
	next.age = m.older(s.age)
	for i, r := range s.lost {
		if r != (record{}) {
			next.lost[i].age = m.older(r.age)
		}
	}
	for i, packed := range s.messages() {
		got := unpack(packed)
		got.age++
		late := got.age > m.answer
		switch got.kind {
		case request:
			late = got.age > m.longest()
		case pending:
			got.read++
			late = got.age > m.longest() || m.toReading && got.read > m.answer
		}
		next.wire[i] = 0
		if !late {
			next.wire[i] = got.pack()
		}
	}
	next.sort()
	return next
}

// longest returns how long it takes at most until a request's last call of the store.
func (m *model) longest() int {
	if m.toReading {
		return m.request + m.answer
	}
	return m.request
}

// older returns the age of a record one tick later. An age that exceeds every limit stays.
func (m *model) older(age int8) int8 {
	return min(age+1, int8(max(2*m.grace, m.recovery)+m.longest()))
}

// find lets an instance find the record for a request and decide. The instance may have read its
// clock at any moment since the request was sent. So the reading needs no step of its own.
func (m *model) find(s *state, i int, got message, yield func(state, step)) {
	for got.read = range got.age + 1 {
		if m.toReading && (got.read > m.answer || got.age-got.read > m.request) {
			continue
		}
		for got.ahead = range m.skew + 1 {
			m.decide(s, i, got, "find", yield)
		}
	}
}

// decide lets an instance decide on a request by the record.
func (m *model) decide(s *state, i int, got message, kind string, yield func(state, step)) {
	age := int(s.age) - got.read + got.ahead // by the reading of the instance's clock
	outcome, decided := m.rule(m.policy(), s.record(), uint32(base+got.generation), time.Duration(age)*tick)
	st := step{kind: kind, message: got, outcome: outcome}
	next := *s
	switch outcome {
	case "repeat":
		next.set(i, m.answerWith(0, got.read))
	case "keep":
		next.set(i, message{}) // the answer changes nothing, so it need not travel
	case "replace", "restore", "recovered":
		got.kind, got.from, got.presented = pending, int(decided.From)-base, int(decided.Presented)-base
		next.set(i, got)
	default:
		if m.recovery > 0 && age >= m.recovery && got.generation == int(s.previous) {
			return // the browser was silent for too long, which the bound excludes
		}
		st.bad = "the browser is logged out"
	}
	yield(next, st)
}

// advance lets an instance call Advance.
func (m *model) advance(s *state, i int, got message, yield func(state, step)) {
	switch {
	case got.from == 0, got.from > 0 && !m.equal:
		next := *s
		if s.failovers > 0 {
			next.lost = [2]record{{0, s.previous, s.age}, s.lost[0]}
		}
		next.previous, next.age = int8(got.presented), int8(got.read-got.ahead)
		next.set(i, m.answerWith(got.from+1, got.read))
		next.shift(got.from + 1)
		yield(next, step{kind: "advance", message: got, shift: got.from + 1})
	case got.again == 0:
		got.again = 1
		m.decide(s, i, got, "not moved", yield)
	default:
		yield(*s, step{kind: "not moved", message: got, bad: "the second Advance did not move either, an outage"})
	}
}

// answerWith returns an answer with a refresh token, or no message if it cannot arrive in time.
func (m *model) answerWith(generation, age int) message {
	if age > m.answer {
		return message{}
	}
	return message{kind: answer, generation: generation, age: age}
}

func (m *model) policy() session.Policy {
	p := session.Policy{Grace: time.Duration(m.grace) * tick, Recovery: never}
	if m.recovery > 0 {
		p.Recovery = time.Duration(m.recovery) * tick
	}
	return p
}
