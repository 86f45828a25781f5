package session_test

import (
	"fmt"
	"slices"
	"strings"
)

// A search is what run has found.
type search struct {
	states  int
	history string // of a violation with the fewest steps, or ""
}

// run visits all states that the model can reach, the nearest first, until a violation.
func (m model) run() search {
	start := state{previous: -1, failovers: int8(m.failovers)}
	states, parents := []state{start}, []int32{-1}
	known := map[state]struct{}{start: {}}
	for at := 0; at < len(states); at++ {
		violated := false
		s := states[at]
		m.steps(&s, func(next state, st step) {
			if st.bad != "" {
				violated = true
				return
			}
			next.compact()
			if _, ok := known[next]; !ok {
				known[next] = struct{}{}
				states, parents = append(states, next), append(parents, int32(at))
			}
		})
		if violated {
			return search{len(states), m.history(states, parents, at)}
		}
	}
	return search{states: len(states)}
}

// history describes the steps from the start to a state, and the violation that follows.
func (m model) history(states []state, parents []int32, last int) string {
	var path []state
	for at := int32(last); at >= 0; at = parents[at] {
		path = append(path, states[at])
	}
	slices.Reverse(path)
	var b strings.Builder
	now, generation := 0, 1 // of the record
	s := path[0]            // with generations as they are; the states in path are compact
	for i := range path {
		var taken step
		var after state
		m.steps(&s, func(next state, st step) {
			compacted := next
			compacted.compact()
			if i+1 == len(path) && st.bad != "" || i+1 < len(path) && st.bad == "" && compacted == path[i+1] {
				taken, after = st, next
			}
		})
		if taken.kind == "tick" {
			now++
		} else {
			fmt.Fprintf(&b, "\n\tat %2d: %s", now, taken.describe(&s, now, generation))
		}
		generation += taken.shift
		s = after
	}
	return b.String()
}

// describe describes a step from s.
func (st step) describe(s *state, now, generation int) string {
	got := st.message
	token := fmt.Sprint("refresh token ", generation+got.generation)
	sent := fmt.Sprintf("the request of %d with %s", now-got.age, token)
	found := fmt.Sprintf("generation %d, previous %d", generation, generation+int(s.previous))
	decision := st.outcome
	if st.outcome == "repeat" {
		decision = fmt.Sprint("answer with refresh token ", generation)
	}
	if st.bad != "" {
		decision = strings.TrimPrefix(st.outcome+": "+st.bad, ": ")
	}
	switch st.kind {
	case "send":
		return "the browser sends " + token
	case "lose":
		if got.kind == answer {
			return "the answer with " + token + " is lost"
		}
		return sent + " is lost"
	case "arrive":
		return "the answer with " + token + " arrives"
	case "find":
		return fmt.Sprintf("%s finds %s, by a clock that read %d: %s", sent, found, now-got.read+got.ahead, decision)
	case "not moved":
		return fmt.Sprintf("%s does not advance %s: %s", sent, found, decision)
	case "advance":
		return fmt.Sprintf("%s advances to generation %d, previous %d", sent, generation+st.shift, generation+got.presented)
	}
	return fmt.Sprintf("a failover sets the record back to generation %d", generation+st.shift)
}
