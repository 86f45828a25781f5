package session_test

import (
	"math/bits"
	"testing"
	"time"
)

// A crowd is a state with any number of messages on the wire. The browser sends a request whenever
// it can, as often as it can, and an instance answers each one at every moment. A message that
// arrives leaves a copy on the wire. That is enough: a message that is not needed is as good as
// lost.
//
// Decision and Advance are one step. If another Advance comes between them, the instance decides
// again by the same reading of its clock, and it could have waited with its first decision until
// then.
//
// Generations are counted down from the record's.
type crowd struct {
	age      int8
	previous int8
	jar      int8
	requests [crowdGenerations]uint16 // bit n: a request that was sent n ticks ago
	answers  [crowdGenerations]uint16 // bit n: an answer by a reading n ticks ago
}

const crowdGenerations = 8

// runCrowd visits all crowds that the model can reach. It stops at a violation.
func (m *model) runCrowd() (crowds int, violated bool) {
	start := crowd{previous: 1}
	queue, known := []crowd{start}, map[crowd]bool{start: true}
	for at := 0; at < len(queue) && !violated; at++ {
		violated = !m.crowdSteps(queue[at], func(next crowd) {
			next.compact()
			if !known[next] {
				known[next] = true
				queue = append(queue, next)
			}
		})
	}
	return len(queue), violated
}

// crowdSteps calls yield with each crowd that can follow c. It returns false if there is a
// violation.
func (m *model) crowdSteps(c crowd, yield func(crowd)) bool {
	c.requests[c.jar] |= 1
	s := state{previous: -c.previous, age: c.age}
	var moved []crowd
	for g, ages := range c.requests {
		for read := range bits.Len16(ages) { // the oldest request has the most readings to choose from
			for ahead := range m.skew + 1 {
				age := int(c.age) - read + ahead
				outcome, decided := m.rule(m.policy(), s.record(), uint32(base-g), time.Duration(age)*tick)
				switch outcome {
				case "repeat":
					c.answers[0] |= m.answerBit(read)
				case "keep":
				case "replace", "recovered":
					next := crowd{age: int8(read - ahead), previous: int8(base + 1 - decided.Presented), jar: c.jar + 1}
					next.answers[0] = m.answerBit(read)
					moved = append(moved, next)
				default:
					return false
				}
			}
		}
	}
	for _, next := range moved {
		copy(next.requests[1:], c.requests[:])
		copy(next.answers[1:], c.answers[:])
		yield(next)
	}
	for g, ages := range c.answers {
		if ages != 0 {
			next := c
			next.jar = int8(g)
			yield(next)
		}
	}
	for g := range crowdGenerations {
		c.requests[g] = c.requests[g] << 1 & (2<<m.request - 1)
		c.answers[g] = c.answers[g] << 1 & (2<<m.answer - 1)
	}
	c.age = m.older(c.age)
	yield(c)
	return true
}

// answerBit returns an answer by a reading that is age ticks old, or 0 if it cannot arrive in time.
func (m *model) answerBit(age int) uint16 { return 1 << age & (2<<m.answer - 1) }

// compact renumbers the generations, without gaps.
func (c *crowd) compact() {
	old := *c
	c.requests, c.answers = [crowdGenerations]uint16{}, [crowdGenerations]uint16{}
	to := int8(0)
	for g := range int8(crowdGenerations) {
		if g > 0 && g != old.previous && g != old.jar && old.requests[g]|old.answers[g] == 0 {
			continue
		}
		c.requests[to], c.answers[to] = old.requests[g], old.answers[g]
		if g == old.previous {
			c.previous = to
		}
		if g == old.jar {
			c.jar = to
		}
		to++
	}
	if to == crowdGenerations {
		panic("a crowd has too many generations")
	}
}

// The bound is exact for any number of messages, and for every small Grace.
func TestBrowserWithAnyNumberOfMessages(t *testing.T) {
	for grace := 1; grace <= 6; grace++ {
		sum := 0
		for _, m := range splits(grace, grace) {
			crowds, violated := m.runCrowd()
			if violated {
				t.Errorf("Grace %d, %v: got a violation, want none", grace, m)
			}
			sum += crowds
		}
		for _, m := range splits(grace, grace+1) {
			if _, violated := m.runCrowd(); !violated {
				t.Errorf("Grace %d, %v: got no violation, want one", grace, m)
			}
		}
		t.Logf("Grace %d: %d states", grace, sum)
	}
}

func TestBrowserWithAnyNumberOfMessagesFindsBrokenRules(t *testing.T) {
	for _, broken := range brokenRules {
		if broken.equal {
			continue // it takes a failover
		}
		for _, m := range splits(3, 3) {
			m.rule = broken.rule
			if _, violated := m.runCrowd(); !violated {
				t.Errorf("%s, %v: got no violation, want one", broken.name, m)
			}
		}
	}
}
